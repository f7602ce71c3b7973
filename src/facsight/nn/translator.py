"""From one person's features to those that a head was trained on, the same way at every place."""

from jaxtyping import Float
from torch import Tensor, nn


class Translator(nn.Module):
    """Adds to features what a perceptron of one hidden layer makes of them, at each place by itself.

    The last layer starts at 0: features first pass unchanged, as in residual adapters (Rebuffi, Bilen and
    Vedaldi, "Efficient parametrization of multi-domain deep neural networks", CVPR 2018).
    """

    def __init__(self, channels: int, *, hidden: int):
        super().__init__()
        self.inner, self.outer = nn.Linear(channels, hidden), nn.Linear(hidden, channels)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n channel *place"]:
        last = features.movedim(1, -1)
        return features + self.outer(self.inner(last).relu()).movedim(-1, 1)
