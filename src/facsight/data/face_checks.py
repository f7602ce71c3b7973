"""What every set of faces must keep: pictures, landmarks and names that fit one another."""

from collections.abc import Sequence

import torch
from torch import Tensor

from facsight.core.errors import BadFaces
from facsight.core.landmarks import POINT_COUNT


def check_faces(name: str, images: Tensor, landmarks: Tensor, ids: Sequence[str]) -> None:
    """Refuse pictures, landmarks or ids that no set of faces has; `BadFaces` says which, and in which row.

    `images` are uint8, grey or RGB; a landmark is two finite numbers, or two NaN where it is missing.
    """
    _check_images(name, images)
    _check_landmarks(name, landmarks, len(images))
    if len(ids) != len(images):
        raise BadFaces(f"{name}: expected one id a face, found {len(ids)} for {len(images)} faces")


def _check_images(name: str, images: Tensor) -> None:
    shape, dtype = tuple(images.shape), images.dtype
    if len(shape) != 4 or shape[1] not in (1, 3) or min(shape[2:]) < 1 or dtype != torch.uint8:
        raise BadFaces(
            f"{name}: expected images (n, 1 or 3, height, width) uint8, found {shape} {dtype}; "
            "scale floats to 0..255 and call .to(torch.uint8)"
        )


def _check_landmarks(name: str, landmarks: Tensor, count: int) -> None:
    expected, found = (count, POINT_COUNT, 2), tuple(landmarks.shape)
    if found != expected or not landmarks.is_floating_point():
        raise BadFaces(
            f"{name}: expected landmarks {expected} of a floating type, found {found} "
            f"{landmarks.dtype}; a face without landmarks has NaN ones"
        )
    missing = landmarks.isnan()
    broken = landmarks.isinf().any(dim=2) | (missing[..., 0] != missing[..., 1])
    if broken.any():
        row, point = broken.nonzero()[0].tolist()
        raise BadFaces(
            f"{name}: a landmark is two finite numbers, or two NaN where it is missing; found "
            f"{landmarks[row, point].tolist()} at point {point} of row {row}"
        )


def rows_at(indices: Sequence[int] | Tensor) -> Tensor:
    """Row numbers of `indices`, in that order; a boolean tensor keeps the rows where it is true."""
    chosen = torch.as_tensor(indices)
    return chosen.nonzero().squeeze(1) if chosen.dtype == torch.bool else chosen.long()
