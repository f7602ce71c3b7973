"""What every dataset of faces with coded action units hands over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.face_checks import check_faces, rows_at
from facsight.data.face_set import check_shares
from facsight.facs.action_units import ACTION_UNITS


@dataclass(frozen=True)
class UnitSet:
    """Faces with landmarks, what each of some action units shows on them, and whose faces they are.

    `images`, `landmarks` and `ids` are as in a `FaceSet`. `action_units` are the FACS numbers of the columns
    of `presence`: 0 absent, 1 present, degrees of intensity between; NaN where not coded. In scores a unit
    counts as shown from `present_from` on. `person` is a number, -1 where nobody knows. `expression` are
    shares of the classes of `space`, for learning from expressions alone; both are None where there are none.
    `BadFaces` and `BadLabels` say what breaks these rules, and where.
    """

    name: str
    action_units: tuple[int, ...]
    images: UInt8[Tensor, "n channel height width"]
    landmarks: Float[Tensor, "n point=68 xy=2"]
    presence: Float[Tensor, "n unit"]
    person: Int[Tensor, "n"]
    ids: tuple[str, ...]
    space: LabelSpace | None = None
    expression: Float[Tensor, "n class"] | None = None
    present_from: float = 0.5

    def __post_init__(self):
        check_faces(self.name, self.images, self.landmarks, self.ids)
        self._check_units()
        self._check_presence()
        if tuple(self.person.shape) != (len(self),) or self.person.is_floating_point():
            raise BadLabels(
                f"{self.name}: expected a whole number of a person for each of {len(self)} faces, -1 where "
                f"unknown, found {tuple(self.person.shape)} {self.person.dtype}"
            )
        if (self.space is None) != (self.expression is None):
            raise BadLabels(f"{self.name}: shares of expressions and their label space come together")
        if self.space is not None and self.expression is not None:
            check_shares(self.name, self.expression, len(self), self.space)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shown(self) -> Float[Tensor, "n unit"]:
        """Whether each unit counts as shown: 1 or 0, NaN where not coded."""
        return torch.where(self.presence.isnan(), self.presence, (self.presence >= self.present_from).float())

    @property
    def degrees(self) -> bool:
        """Whether there are intensities between absent and present."""
        return bool(((self.presence > 0) & (self.presence < 1)).any())

    def subset(self, indices: Sequence[int] | Tensor) -> "UnitSet":
        """The faces at `indices`, in that order; a boolean tensor keeps the faces where it is true."""
        chosen = rows_at(indices)
        return replace(
            self,
            images=self.images[chosen],
            landmarks=self.landmarks[chosen],
            presence=self.presence[chosen],
            person=self.person[chosen],
            ids=tuple(self.ids[i] for i in chosen.tolist()),
            expression=None if self.expression is None else self.expression[chosen],
        )

    def _check_units(self) -> None:
        strange = [unit for unit in self.action_units if unit not in ACTION_UNITS]
        if strange or not self.action_units or len(set(self.action_units)) != len(self.action_units):
            raise BadLabels(
                f"{self.name}: expected distinct action units that FACS has, found {list(self.action_units)}"
                + (f": {strange[0]} is none" if strange else "")
            )

    def _check_presence(self) -> None:
        expected, shape = (len(self), len(self.action_units)), tuple(self.presence.shape)
        if shape != expected or not self.presence.is_floating_point():
            raise BadLabels(
                f"{self.name}: expected presence {expected} of a floating type (a column for each action "
                f"unit), found {shape} {self.presence.dtype}"
            )
        wrong = ~(self.presence.isnan() | ((self.presence >= 0) & (self.presence <= 1)))
        if wrong.any():
            row, column = wrong.nonzero()[0].tolist()
            raise BadLabels(
                f"{self.name}: expected presence from 0 to 1, NaN where not coded, found "
                f"{self.presence[row, column].item():g} for AU{self.action_units[column]} in row {row}; "
                "divide intensities by the highest"
            )


def unit_importance(share: Float[Tensor, "*_ unit"], balance: float) -> Float[Tensor, "*_ unit"]:
    r"""How much a unit that is there counts beside 1 for one that is not, from the share :math:`p` with it.

    .. math:: ((1 - p) / p)^{\text{balance}}

    Units that are nowhere, or everywhere, count 1; so do all without balance.

    >>> unit_importance(torch.tensor([0.2, 0.5, 0.0]), 1.0)
    tensor([4., 1., 1.])
    """
    there = (share > 0) & (share < 1)
    return torch.where(there, (1 - share) / share, 1.0).pow(balance)
