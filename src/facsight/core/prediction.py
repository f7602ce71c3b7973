"""What a trained network says about faces, with the evidence it offers."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """Class scores, where the network looked, and how much each place spoke for each class.

    `attention` is the channel mean of the last spatial features that the decision is made from. `class_maps`
    say how much each place speaks for each class; how a class's logit follows from its map is the head's
    affair: under the heads `gap` and `per_unit` it is the map's mean plus the class's bias, exactly.
    """

    logits: Float[Tensor, "batch class"]
    attention: Float[Tensor, "batch height width"]
    class_maps: Float[Tensor, "batch class height width"]

    @property
    def probabilities(self) -> Float[Tensor, "batch class"]:
        return self.logits.softmax(dim=1)

    @property
    def label(self) -> Int[Tensor, "batch"]:
        return self.logits.argmax(dim=1)

    @property
    def uncertainty(self) -> Float[Tensor, "batch"]:
        """Entropy of the probabilities divided by that of the uniform distribution: 0 sure, 1 no idea."""
        log_p = self.logits.log_softmax(dim=1)
        return -(log_p.exp() * log_p).sum(dim=1) / torch.log(torch.tensor(float(self.logits.shape[1])))


@dataclass(frozen=True)
class UnitPrediction:
    """Whether each action unit shows, and where its own decision comes from.

    `maps` are the evidence of the units' own heads: 0 or more, larger where a place decided more. `edges` say
    how much the unit of the column moved the decision on the unit of the row; None where units do not hear of
    one another.
    """

    logits: Float[Tensor, "batch unit"]
    maps: Float[Tensor, "batch unit height width"]
    edges: Float[Tensor, "batch unit unit"] | None = None

    @property
    def probabilities(self) -> Float[Tensor, "batch unit"]:
        """Each unit by itself: several may show at once."""
        return self.logits.sigmoid()
