"""The plain vision transformer, as masked autoencoders and their like are published.

Vision transformer: Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021, in the form of He et al.,
"Masked autoencoders are scalable vision learners", CVPR 2022. Its tensors are called as in the latter's
release, so that such a file can be read as it is (`nn.published`).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadFaces, BadRecipe


class PlainViT(nn.Module):
    """Grey faces `(batch, 1, side, side)` to one map: the patch tokens after the last normalisation.

    Faces are repeated over three channels. The sizes are those of ViT-B/16 by default; `side` is the crop's.
    """

    def __init__(
        self, *, side: int = 48, patch: int = 16, width: int = 768, depth: int = 12, heads: int = 12
    ):
        super().__init__()
        if min(side, patch, width, depth, heads) < 1 or side % patch or width % heads:
            raise BadRecipe(
                f"plain_vit needs a side that its patch divides, and a width that its heads divide; found "
                f"side={side}, patch={patch}, width={width}, heads={heads}, depth={depth}"
            )
        self.side, self.cells, self.channels = side, side // patch, (width,)
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, width, patch, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.cells**2, width))
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, pixels: Float[Tensor, "batch 1 height width"]) -> list[Tensor]:
        if pixels.shape[2:] != (self.side, self.side):
            raise BadFaces(
                f"this plain_vit has positions for faces of {self.side} x {self.side} pixels, found "
                f"{tuple(pixels.shape[2:])}: set network.side to the crop's size"
            )
        patches = self.patch_embed.proj(pixels.expand(-1, 3, -1, -1)).flatten(2).transpose(1, 2)  # pyright: ignore
        first = self.cls_token.expand(len(patches), -1, -1).to(patches)
        tokens = torch.cat([first, patches], dim=1) + self.pos_embed
        for block in self.blocks:
            tokens = block(tokens)
        return [self.norm(tokens[:, 1:]).transpose(1, 2).unflatten(2, (self.cells, self.cells))]


class _Block(nn.Module):
    """Attention among tokens, then two linear layers, both beside a shortcut."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width, heads)
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        hidden = F.gelu(self.mlp.fc1(self.norm2(tokens)))  # pyright: ignore
        return tokens + self.mlp.fc2(hidden)  # pyright: ignore


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        ask, key, value = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        heard = F.scaled_dot_product_attention(ask, key, value)
        return self.proj(heard.transpose(1, 2).flatten(2))
