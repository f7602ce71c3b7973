"""What every dataset of labelled faces hands over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from facsight.core.errors import BadFaces, BadLabels
from facsight.core.labels import LabelSpace
from facsight.core.landmarks import POINT_COUNT

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
        self._check_images()
        self._check_landmarks()
        self._check_expression()
        if len(self.ids) != len(self.images):
            raise BadFaces(
                f"{self.name}: expected one id a face, found {len(self.ids)} for {len(self)} faces"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def label(self) -> Int[Tensor, "n"]:
        """The class with the largest share."""
        return self.expression.argmax(dim=1)

    def subset(self, indices: Sequence[int] | Tensor) -> "FaceSet":
        """The faces at `indices`, in that order; a boolean tensor keeps the faces where it is true."""
        chosen = torch.as_tensor(indices)
        chosen = chosen.nonzero().squeeze(1) if chosen.dtype == torch.bool else chosen.long()
        return replace(
            self,
            images=self.images[chosen],
            landmarks=self.landmarks[chosen],
            expression=self.expression[chosen],
            ids=tuple(self.ids[i] for i in chosen.tolist()),
        )

    def _check_images(self) -> None:
        shape, dtype = tuple(self.images.shape), self.images.dtype
        if len(shape) != 4 or shape[1] not in (1, 3) or min(shape[2:]) < 1 or dtype != torch.uint8:
            raise BadFaces(
                f"{self.name}: expected images (n, 1 or 3, height, width) uint8, found {shape} {dtype}; "
                "scale floats to 0..255 and call .to(torch.uint8)"
            )

    def _check_landmarks(self) -> None:
        expected, found = (len(self), POINT_COUNT, 2), tuple(self.landmarks.shape)
        if found != expected or not self.landmarks.is_floating_point():
            raise BadFaces(
                f"{self.name}: expected landmarks {expected} of a floating type, found {found} "
                f"{self.landmarks.dtype}; a face without landmarks has NaN ones"
            )
        missing = self.landmarks.isnan()
        broken = self.landmarks.isinf().any(dim=2) | (missing[..., 0] != missing[..., 1])
        if broken.any():
            row, point = broken.nonzero()[0].tolist()
            raise BadFaces(
                f"{self.name}: a landmark is two finite numbers, or two NaN where it is missing; found "
                f"{self.landmarks[row, point].tolist()} at point {point} of row {row}"
            )

    def _check_expression(self) -> None:
        expected, shape = (len(self), len(self.space)), tuple(self.expression.shape)
        if shape != expected or not self.expression.is_floating_point():
            raise BadLabels(
                f"{self.name}: expected expression {expected} of a floating type (a column for each class of "
                f"{self.space.name}), found {shape} {self.expression.dtype}"
            )
        sums = self.expression.sum(dim=1)
        good = self.expression.ge(0).all(dim=1) & ((sums - 1).abs() <= SUM_TOLERANCE)
        if not good.all():
            row = int((~good).nonzero()[0])
            found = self.expression[row].tolist()
            raise BadLabels(
                f"{self.name}: expected shares of 0 or more that sum to 1, found {found} in row {row}; "
                "divide votes by their sum and drop faces without any"
            )
