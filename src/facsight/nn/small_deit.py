"""A small vision transformer for small faces, which keeps what its class token attends to.

Vision transformer: Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021; its small, from-scratch
training: Touvron et al., "Training data-efficient image transformers", ICML 2021 (DeiT; no distillation
token here). Blocks normalise before they act. The last normalisation divides by the root mean square (Zhang
and Sennrich, NeurIPS 2019) and takes no mean off: after a layer normalisation the channel mean of a token,
which AU-guided learning aligns, would be a constant.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadFaces, BadRecipe


class SmallDeiT(nn.Module):
    """Grey faces `(batch, 1, side, side)` to two maps of a cell a patch.

    The first has one channel a block: the class token's attention to the patches, mean over heads. The second
    are the patch tokens after the last normalisation. `side` is the crop's, in pixels, `patch` a patch's.

    The attention of every block, `(batch, head, token, token)` with the class token first, is the output of
    its module `blocks.N.attention.weights`.
    """

    def __init__(self, *, side: int = 48, patch: int = 4, width: int = 144, depth: int = 4, heads: int = 3):
        super().__init__()
        if side % patch or width % heads or min(side, patch, width, depth, heads) < 1:
            raise BadRecipe(
                "small_deit needs a side that its patch divides and a width that its heads divide, found "
                f"side={side}, patch={patch}, width={width}, heads={heads}, depth={depth}"
            )
        self.side, self.cells = side, side // patch
        self.channels = (depth, width)
        self.patches = nn.Conv2d(1, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + self.cells**2, width))
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.norm = nn.RMSNorm(width, eps=1e-6)
        for weights in (self.class_token, self.positions):
            nn.init.trunc_normal_(weights, std=0.02)

    def forward(self, pixels: Float[Tensor, "batch 1 height width"]) -> list[Tensor]:
        if pixels.shape[2:] != (self.side, self.side):
            raise BadFaces(
                f"this small_deit has positions for faces of {self.side} x {self.side} pixels, found "
                f"{tuple(pixels.shape[2:])}: set network.side to the crop's size and train again"
            )
        patches = self.patches(pixels).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(pixels), -1, -1).to(patches), patches], dim=1)
        tokens = tokens + self.positions
        looked = []
        for block in self.blocks:
            tokens, attention = block(tokens)
            looked.append(attention[:, :, 0, 1:].mean(dim=1))
        grid = (self.cells, self.cells)
        maps = self.norm(tokens[:, 1:].float()).transpose(1, 2).unflatten(2, grid)
        return [torch.stack(looked, dim=1).unflatten(2, grid), maps]


class _Block(nn.Module):
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
