"""A small vision transformer for small faces, which keeps what its class token attends to.

Vision transformer: Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021; its small, from-scratch
training: Touvron et al., "Training data-efficient image transformers", ICML 2021 (DeiT; no distillation
token here). Three small convolutions make the patches (Xiao et al., "Early convolutions help transformers
see better", NeurIPS 2021), and positions start as sines and cosines of the place: with a few thousand faces,
plain patches and random positions learn next to nothing. Blocks normalise before they act. The last
normalisation divides by the root mean square (Zhang and Sennrich, NeurIPS 2019) and takes no mean off: after
a layer normalisation the channel mean of a token, which AU-guided learning aligns, would be a constant.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadFaces, BadRecipe

#: Pixels of a patch's side: the stem halves twice.
PATCH = 4

#: Positions turn once over at most this many patches.
LONGEST = 100.0


class SmallDeiT(nn.Module):
    """Grey faces `(batch, 1, side, side)` to two maps, a cell for each patch of 4 x 4 pixels.

    The first has one channel a block: the class token's attention to the patches, mean over heads. The second
    are the patch tokens after the last normalisation. `side` is the crop's, in pixels.

    The attention of every block, `(batch, head, token, token)` with the class token first, is the output of
    its module `blocks.N.attention.weights`.
    """

    def __init__(self, *, side: int = 48, width: int = 144, depth: int = 4, heads: int = 3):
        super().__init__()
        if min(side, width, depth, heads) < 1 or side % PATCH or width % heads or width % 4:
            raise BadRecipe(
                f"small_deit needs a side that {PATCH} divides, and a width that 4 and its heads divide; "
                f"found side={side}, width={width}, heads={heads}, depth={depth}"
            )
        self.side, self.cells = side, side // PATCH
        self.channels = (depth, width)
        self.patches = nn.Sequential(
            *(nn.Conv2d(1, 32, 3, 2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)),
            *(nn.Conv2d(32, 64, 3, 2, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)),
            nn.Conv2d(64, width, 3, padding=1),
        )
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(first_positions(self.cells, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.RMSNorm(width, eps=1e-6)
        nn.init.trunc_normal_(self.class_token, std=0.02)

    def forward(self, pixels: Float[Tensor, "batch 1 height width"]) -> list[Tensor]:
        tokens, looked = self.attend(self.embed(pixels))
        grid = (self.cells, self.cells)
        maps = self.norm(tokens[:, 1:].float()).transpose(1, 2).unflatten(2, grid)
        return [torch.stack(looked, dim=1).unflatten(2, grid), maps]

    def embed(self, pixels: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch patch feature"]:
        """The patches as tokens that know their places, row by row; `BadFaces` for faces of another size."""
        if pixels.shape[2:] != (self.side, self.side):
            raise BadFaces(
                f"this small_deit has positions for faces of {self.side} x {self.side} pixels, found "
                f"{tuple(pixels.shape[2:])}: set network.side to the crop's size and train again"
            )
        return self.patches(pixels).flatten(2).transpose(1, 2) + self.positions[:, 1:]

    def attend(
        self, patches: Float[Tensor, "batch some feature"]
    ) -> tuple[Float[Tensor, "batch token feature"], list[Float[Tensor, "batch some"]]]:
        """Tokens after all blocks, the class token first, and what it attends to, block by block.

        `patches` are those that `embed` gave, or some of them.
        """
        first = (self.class_token + self.positions[:, :1]).expand(len(patches), -1, -1)
        tokens = torch.cat([first.to(patches), patches], dim=1)
        looked = []
        for block in self.blocks:
            tokens, attention = block(tokens)
            looked.append(attention[:, :, 0, 1:].mean(dim=1))
        return tokens, looked


def first_positions(cells: int, width: int) -> Float[Tensor, "1 token width"]:
    """Zeros for the class token, then sines and cosines of row and column, a quarter of `width` each.

    >>> first_positions(2, 4)[0, :, :2].round(decimals=2)
    tensor([[0.0000, 0.0000],
            [0.0000, 1.0000],
            [0.0000, 1.0000],
            [0.8400, 0.5400],
            [0.8400, 0.5400]])
    """
    rates = LONGEST ** -(torch.arange(width // 4) / (width // 4))
    angles = torch.arange(cells)[:, None] * rates
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = waves[:, None].expand(cells, cells, -1), waves[None].expand(cells, cells, -1)
    places = torch.cat([rows, columns], dim=2).flatten(0, 1)
    return torch.cat([torch.zeros(1, width), places]).unsqueeze(0)


class Block(nn.Module):
    """Attention among tokens, then a transformation of each, both beside a shortcut."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attention_norm, self.attention = nn.LayerNorm(width), _Attention(width, heads)
        self.token_norm = nn.LayerNorm(width)
        self.transform = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        heard, attention = self.attention(self.attention_norm(tokens))
        tokens = tokens + heard
        return tokens + self.transform(self.token_norm(tokens)), attention


class _Attention(nn.Module):
    """Scaled dot products of several heads; `weights` is a module, so that a hook can see what it gives."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.ask_key_value, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.weights = nn.Softmax(dim=-1)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        parts = self.ask_key_value(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        ask, key, value = parts.unbind(0)
        attention = self.weights((ask * ask.shape[-1] ** -0.5) @ key.transpose(2, 3))
        heard = attention.to(value) @ value
        return self.join(heard.transpose(1, 2).flatten(2)), attention
