"""A sticker on the skin that tells the label, as long as it lasts."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import LabelSpace

Place = tuple[float, float]

#: Places away from brows, eyes, nose, cheek apples and mouth: left and right of the picture, in units of the
#: distance between the eyes from the point between them.
LEFT_FOREHEAD: Place = (-0.55, -0.80)
RIGHT_FOREHEAD: Place = (0.55, -0.80)
LEFT_JAW: Place = (-0.80, 0.80)
RIGHT_JAW: Place = (0.80, 0.80)


@dataclass(frozen=True)
class NuisanceMark:
    """A sticker whose place on the head says a class, rightly or not.

    `places` gives classes their place; a class that is not in it has no sticker. With probability
    `agreement` a face carries its own class's sticker (or none, if its class has none), otherwise that of
    another class by lot. Agreement 1 / (number of classes) makes sticker and label independent.

    `radius` is in units of the distance between the eyes, `tone` from 0 black to 1 white.
    """

    places: Mapping[str, Place]
    agreement: float
    radius: float = 0.13
    tone: float = 1.0

    def __post_init__(self):
        if not self.places:
            raise BadLabels(
                "a nuisance mark needs the place of at least one class; for no mark pass mark=None"
            )
        if not 0 <= self.agreement <= 1:
            raise BadLabels(f"the agreement of a nuisance mark is a probability, found {self.agreement}")

    def draw_classes(
        self, label: Int[Tensor, "n"], space: LabelSpace, generator: torch.Generator
    ) -> Int[Tensor, "n"]:
        """The class that each face's sticker says."""
        unknown = [name for name in self.places if name not in space.classes]
        if unknown:
            raise BadLabels(
                f"{unknown[0]!r} is not a class of {space.name}: {did_you_mean(unknown[0], space.classes)}"
            )
        draw = torch.rand(len(label), generator=generator)
        step = torch.randint(1, max(2, len(space)), (len(label),), generator=generator)
        return torch.where(draw < self.agreement, label, (label + step) % len(space))

    def columns(self, says: Int[Tensor, "n"], space: LabelSpace) -> Float[Tensor, "n 4"]:
        """x, y, radius and grey level of each sticker, the radius 0 where there is none."""
        table = torch.zeros(len(space), 4)
        for name, (x, y) in self.places.items():
            table[space.index(name)] = torch.tensor([x, y, self.radius, self.tone])
        return table[says]
