"""What every dataset of labelled faces hands over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jaxtyping import Float, Int, UInt8
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.face_checks import check_faces, rows_at

#: How far from 1 a row of shares may sum: single-precision rounding, not a wrong row.
SUM_TOLERANCE = 1e-4


@dataclass(frozen=True)
class FaceSet:
    """Faces with landmarks and a distribution over the classes of a label space.

    `images` are grey or RGB; `landmarks` are image pixels `(x, y)` with the origin at the corner of the
    picture, both coordinates NaN where a point is missing; each row of `expression` sums to 1; `ids` name
    the faces for tables and errors. `BadFaces` and `BadLabels` say what breaks these rules, and in which row.
    """

    name: str
    space: LabelSpace
    images: UInt8[Tensor, "n channel height width"]
    landmarks: Float[Tensor, "n point=68 xy=2"]
    expression: Float[Tensor, "n class"]
    ids: tuple[str, ...]

    def __post_init__(self):
        check_faces(self.name, self.images, self.landmarks, self.ids)
        check_shares(self.name, self.expression, len(self), self.space)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def label(self) -> Int[Tensor, "n"]:
        """The class with the largest share."""
        return self.expression.argmax(dim=1)

    def subset(self, indices: Sequence[int] | Tensor) -> "FaceSet":
        """The faces at `indices`, in that order; a boolean tensor keeps the faces where it is true."""
        chosen = rows_at(indices)
        return replace(
            self,
            images=self.images[chosen],
            landmarks=self.landmarks[chosen],
            expression=self.expression[chosen],
            ids=tuple(self.ids[i] for i in chosen.tolist()),
        )


def check_shares(name: str, expression: Tensor, count: int, space: LabelSpace) -> None:
    """Refuse rows that are no distributions over the classes of a space; `BadLabels` says which."""
    expected, shape = (count, len(space)), tuple(expression.shape)
    if shape != expected or not expression.is_floating_point():
        raise BadLabels(
            f"{name}: expected expression {expected} of a floating type (a column for each class of "
            f"{space.name}), found {shape} {expression.dtype}"
        )
    sums = expression.sum(dim=1)
    good = expression.ge(0).all(dim=1) & ((sums - 1).abs() <= SUM_TOLERANCE)
    if not good.all():
        row = int((~good).nonzero()[0])
        raise BadLabels(
            f"{name}: expected shares of 0 or more that sum to 1, found {expression[row].tolist()} in row "
            f"{row}; divide votes by their sum and drop faces without any"
        )
