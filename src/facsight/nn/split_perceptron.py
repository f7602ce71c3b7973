"""A network for rows of numbers, cut before its last layer: a scale, a multilayer perceptron, a linear head.

Source   a multilayer perceptron with batch normalisation (Ioffe and Szegedy, ICML 2015); as
         `nn.encoders.perceptron`, for rows instead of streams
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadPeople
from facsight.nn.split_network import PooledHead, SplitNetwork
from facsight.nn.standardised import Standardised


class RowEncoder(nn.Module):
    """Rows, brought to the scale of those given to `fit`, through `layers` layers of `size` features."""

    def __init__(self, columns: int, *, size: int, layers: int, dropout: float):
        super().__init__()
        self.scale = Standardised(columns)
        parts: list[nn.Module] = []
        for layer in range(layers):
            width = size if layer else columns
            parts += [nn.Dropout(dropout), nn.Linear(width, size), nn.BatchNorm1d(size), nn.ReLU()]
        self.layers = nn.Sequential(*parts)

    def fit(self, inputs: Float[Tensor, "n column"]) -> None:
        """Set the scale to that of these rows."""
        self.scale.fit(inputs)

    def forward(self, rows: Float[Tensor, "n column"]) -> Float[Tensor, "n feature"]:
        known = torch.ones(1, len(rows), dtype=torch.bool, device=rows.device)
        return self.layers(self.scale(rows.unsqueeze(0), known).squeeze(0))


def split_perceptron(
    shape: tuple[int, ...], *, classes: int, size: int = 64, layers: int = 2, dropout: float = 0.1
) -> SplitNetwork:
    """A perceptron for rows of this shape, with random weights."""
    if len(shape) != 1:
        raise BadPeople(
            f"expected inputs that are rows of numbers, found {shape}: faces take network.name=split_resnet"
        )
    encoder = RowEncoder(shape[0], size=size, layers=layers, dropout=dropout)
    return SplitNetwork(encoder, PooledHead(size, classes=classes))
