"""A transformer's encoder over the steps of a window.

Paper    Vaswani et al., "Attention is all you need", NeurIPS 2017, https://arxiv.org/abs/1706.03762
Needs    features of steps
Learns   everything but the positions
Differs  normalises before each part, not after; `positions` may be left out, and order then says nothing
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe


class TimeTransformer(nn.Module):
    """`layers` layers of `size` features and `heads` heads with twice as many hidden units.

    With `positions`, sines and cosines of the steps' numbers are added (section 3.5). Attention is over all
    steps inside a window: time and memory grow with the square of their number.
    """

    def __init__(
        self,
        inputs: int,
        *,
        size: int = 128,
        heads: int = 4,
        layers: int = 2,
        positions: bool = True,
        dropout: float = 0.1,
    ):
        super().__init__()
        if size % heads or size % 2:
            raise BadRecipe(f"expected an even size that {heads} heads can share, found {size}")
        self.size, self.positions = size, positions
        self.project = nn.Linear(inputs, size)
        layer = nn.TransformerEncoderLayer(
            size, heads, 2 * size, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(size), enable_nested_tensor=False)

    def forward(
        self, features: Float[Tensor, "batch step feature"], inside: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step size"]:
        tokens = self.project(features)
        if self.positions:
            tokens = tokens + sinusoids(tokens.shape[1], self.size).to(tokens)
        return self.encoder(tokens, src_key_padding_mask=None if inside.all() else ~inside)


def sinusoids(steps: int, size: int) -> Float[Tensor, "step size"]:
    r"""Positions as sines and cosines, alternating: :math:`\sin(t / 10000^{2i/d})`, and the cosine of it.

    >>> [round(value, 3) for value in sinusoids(2, 4)[1].tolist()]
    [0.841, 0.54, 0.01, 1.0]
    """
    rate = torch.exp(-math.log(10_000) * torch.arange(0, size, 2) / size)
    angle = torch.arange(steps).unsqueeze(1) * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)
