"""A linear layer on what a step holds, then layer normalisation: for features that are learnt already.

Paper    layer normalisation: Ba, Kiros and Hinton, "Layer normalization", 2016, https://arxiv.org/abs/1607.06450
Needs    features of any shape
Learns   the layer and the normalisation's scale
Differs  nothing
"""

from math import prod

from jaxtyping import Bool, Float
from torch import Tensor, nn


class LinearEncoder(nn.Module):
    """All numbers of a step to `size` normalised features; `dropout` before the layer."""

    def __init__(self, shape: tuple[int, ...], *, size: int = 128, dropout: float = 0.0):
        super().__init__()
        self.size = size
        self.layer = nn.Sequential(nn.Dropout(dropout), nn.Linear(prod(shape), size), nn.LayerNorm(size))

    def forward(
        self, stream: Float[Tensor, "batch step *feature"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return self.layer(stream.flatten(2))
