"""What flows through training and prediction."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Faces:
    """Aligned face crops, and where the 68 points lie in them.

    `pixels` are standardised grey values; `landmarks` are crop pixels, NaN where a point is missing.
    """

    pixels: Float[Tensor, "batch channel height width"]
    landmarks: Float[Tensor, "batch 68 2"]

    def __len__(self) -> int:
        return len(self.pixels)

    def to(self, device: torch.device) -> "Faces":
        """The same faces on a device."""
        return Faces(self.pixels.to(device), self.landmarks.to(device))


@dataclass(frozen=True)
class LabelledFaces:
    """Faces with a distribution over the classes of a label space; each row of `expression` sums to 1."""

    faces: Faces
    expression: Float[Tensor, "batch class"]

    @property
    def label(self) -> Int[Tensor, "batch"]:
        """The class with the largest share."""
        return self.expression.argmax(dim=1)

    def __len__(self) -> int:
        return len(self.faces)

    def to(self, device: torch.device) -> "LabelledFaces":
        """The same faces on a device."""
        return LabelledFaces(self.faces.to(device), self.expression.to(device))


@dataclass(frozen=True)
class LabelledUnits:
    """Faces with what each of some action units shows on them, and whose faces they are.

    `presence` runs from 0, absent, over degrees of intensity to 1, present; NaN where a unit was not coded.
    `person` is a number, -1 where nobody knows whose face it is.
    """

    faces: Faces
    presence: Float[Tensor, "batch unit"]
    person: Int[Tensor, "batch"]

    def __len__(self) -> int:
        return len(self.faces)

    def to(self, device: torch.device) -> "LabelledUnits":
        """The same faces on a device."""
        return LabelledUnits(self.faces.to(device), self.presence.to(device), self.person.to(device))
