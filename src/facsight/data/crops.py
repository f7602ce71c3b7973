"""From pictures with landmarks to aligned, augmented crops in one resampling."""

import math
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.batch import Faces, LabelledFaces, LabelledUnits
from facsight.core.landmarks import MIRROR, RIGID, RIGID_TEMPLATE
from facsight.data.face_set import FaceSet
from facsight.data.unit_set import UnitSet
from facsight.functional import geometry

Kept = TypeVar("Kept", FaceSet, UnitSet)


@dataclass(frozen=True)
class Augmentation:
    """How far a training crop may stray from the aligned one; every amount is the half-width of a range.

    `roll` degrees; `scale` log units; `shift` as a share of the crop's side; `mirror` the share of mirrored
    faces; `exposure` and `contrast` in standard deviations and log units; `blur` the share of faces that
    are softened; `erase` the share that lose a rectangle of 1.5 % to 17 % of the crop (Zhong et al.,
    "Random erasing data augmentation", AAAI 2020).
    """

    roll: float = 11.0
    scale: float = 0.12
    shift: float = 0.05
    mirror: float = 0.5
    contrast: float = 0.4
    blur: float = 0.1
    erase: float = 0.4


#: No change at all: what validation and reading use.
NO_AUGMENTATION = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class _Cuts(Generic[Kept]):
    """Cuts standardised grey crops of `size` pixels out of a set of faces, by index."""

    kind = "face"

    def __init__(self, faces: Kept, *, size: int, standardise, augmentation: Augmentation = NO_AUGMENTATION):
        self.faces, self.size, self.standardise, self.augmentation = faces, size, standardise, augmentation
        self.alignment = align_faces(faces.landmarks, faces.images.shape[-2:], size)

    def __len__(self) -> int:
        return len(self.faces)

    def cut(self, indices: Tensor, generator: torch.Generator) -> Faces:
        """The crops of these faces, augmented with this generator's numbers."""
        motion, mirrored = _draw_motion(len(indices), self.size, self.augmentation, generator)
        transform = geometry.compose(motion, self.alignment[indices])
        pictures = self.faces.images[indices].float()
        crops = geometry.warp(pictures, transform, (self.size, self.size))
        landmarks = geometry.apply(transform, self.faces.landmarks[indices])
        landmarks = torch.where(mirrored[:, None, None], landmarks[:, list(MIRROR)], landmarks)
        pixels = _disturb(self.standardise(crops), self.augmentation, generator)
        return Faces(pixels.contiguous(memory_format=torch.channels_last), landmarks)


class Cropper(_Cuts[FaceSet]):
    """Crops of a face set with their expressions."""

    def labels(self) -> Int[Tensor, "n"]:
        """The class of each face that has the largest share of its label."""
        return self.faces.expression.argmax(dim=1)

    def __call__(self, indices: Tensor, generator: torch.Generator) -> LabelledFaces:
        """The crops of these faces, augmented with this generator's numbers."""
        return LabelledFaces(self.cut(indices, generator), self.faces.expression[indices])


class UnitCropper(_Cuts[UnitSet]):
    """Crops of a unit set with what was coded on them."""

    def labels(self) -> None:
        """None: several units show on a face, it has no one class to balance by."""

    def __call__(self, indices: Tensor, generator: torch.Generator) -> LabelledUnits:
        """The crops of these faces, augmented with this generator's numbers."""
        faces = self.cut(indices, generator)
        return LabelledUnits(faces, self.faces.presence[indices], self.faces.person[indices])


def align_faces(
    landmarks: Float[Tensor, "batch 68 2"], picture: tuple[int, int] | torch.Size, size: int
) -> Float[Tensor, "batch 2 3"]:
    """Picture-to-crop transforms that put the rigid points on their template.

    A face without landmarks keeps the whole picture, scaled to the crop: small face datasets are cropped
    close to the face already.
    """
    template = landmarks.new_tensor(RIGID_TEMPLATE) * size
    fitted = geometry.fit_similarity(landmarks[:, list(RIGID)], template)
    whole = landmarks.new_tensor([[size / picture[1], 0, 0], [0, size / picture[0], 0]])
    return torch.where(torch.isfinite(fitted).all(dim=(1, 2), keepdim=True), fitted, whole)


def _uniform(count: int, reach: float, generator: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=generator) * 2 - 1) * reach


def _draw_motion(
    count: int, size: int, amounts: Augmentation, generator: torch.Generator
) -> tuple[Float[Tensor, "batch 2 3"], Tensor]:
    """Random roll, scale, shift and mirroring about the crop's centre, and which faces are mirrored."""
    angle = _uniform(count, math.radians(amounts.roll), generator)
    scale = _uniform(count, amounts.scale, generator).exp()
    mirrored = torch.rand(count, generator=generator) < amounts.mirror
    shift = torch.stack([_uniform(count, amounts.shift * size, generator) for _ in range(2)], dim=1)
    side = torch.where(mirrored, -1.0, 1.0)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    linear = torch.stack([torch.stack([cos * side, -sin], 1), torch.stack([sin * side, cos], 1)], 1)
    centre = torch.full((2,), size / 2)
    offset = centre + shift - linear @ centre
    return torch.cat([linear, offset.unsqueeze(-1)], dim=-1), mirrored


def _disturb(pixels: Tensor, amounts: Augmentation, generator: torch.Generator) -> Tensor:
    """Contrast, softness and missing rectangles, on standardised pixels."""
    count = len(pixels)
    pixels = pixels * _uniform(count, amounts.contrast, generator).exp().view(-1, 1, 1, 1)
    if amounts.blur:
        soft = torch.nn.functional.avg_pool2d(pixels, 3, stride=1, padding=1, count_include_pad=False)
        chosen = torch.rand(count, 1, 1, 1, generator=generator) < amounts.blur
        pixels = torch.where(chosen, soft, pixels)
    return _erase(pixels, amounts.erase, generator) if amounts.erase else pixels


def _erase(pixels: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Replace a random rectangle by noise in a share of the faces."""
    count, _, height, width = pixels.shape
    sides = 0.125 + torch.rand(count, 2, generator=generator) * 0.29
    corner = torch.rand(count, 2, generator=generator) * (1 - sides)
    rows, columns = (torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width
    inside_rows = (rows > corner[:, :1]) & (rows < corner[:, :1] + sides[:, :1])
    inside_columns = (columns > corner[:, 1:]) & (columns < corner[:, 1:] + sides[:, 1:])
    chosen = torch.rand(count, 1, 1, generator=generator) < share
    hole = chosen & inside_rows[:, :, None] & inside_columns[:, None, :]
    noise = torch.randn(pixels.shape, generator=generator) * 0.8
    return torch.where(hole.unsqueeze(1), noise, pixels)
