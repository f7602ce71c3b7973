"""A multilayer perceptron on what a step holds: for rows of measurements, such as those of a voice.

Paper    dropout: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to
         prevent neural networks from overfitting", JMLR 2014; batch normalisation: Ioffe and Szegedy, "Batch
         normalization", ICML 2015, https://arxiv.org/abs/1502.03167
Needs    features of any shape
Learns   everything
Differs  what lies further than `limit` deviations from the mean is taken to lie there; batch normalisation
         counts known steps only
"""

from math import prod

from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.nn.masked import where_known


class Perceptron(nn.Module):
    """`layers` layers of `size` features, each normalised, with dropout of what enters and between them."""

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size: int = 256,
        layers: int = 2,
        dropout: float = 0.5,
        input_dropout: float = 0.2,
        limit: float = 5.0,
    ):
        super().__init__()
        self.size, self.limit = size, limit
        parts: list[nn.Module] = []
        for layer in range(layers):
            parts += [
                nn.Dropout(dropout if layer else input_dropout),
                nn.Linear(size if layer else prod(shape), size),
                nn.BatchNorm1d(size),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*parts)

    def forward(
        self, stream: Float[Tensor, "batch step *feature"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        limited = stream.flatten(2).clamp(-self.limit, self.limit)
        return where_known(self.layers, limited, known, self.size)
