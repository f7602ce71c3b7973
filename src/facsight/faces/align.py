"""Faces brought upright to one place and size, and the exact way back to the photo.

A transform is a similarity: turn, scale, shift. Turned or profile faces keep their shape, and the inverse is
exact. Points are continuous pixels from the corner of the picture, in the photo as in the crop.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, UInt8
from PIL import Image

from facsight.core.errors import BadFaces
from facsight.core.landmarks import RIGID, RIGID_TEMPLATE
from facsight.faces.view import View
from facsight.functional.geometry import fit_similarity

#: Above this many photo pixels a crop pixel, bilinear sampling alone would skip some.
SKIPS = 1.1


@dataclass(frozen=True, eq=False)
class Alignment:
    """A similarity from photo pixels to the pixels of a square crop: a point p goes to `A p + t`.

    `matrix` is `[A | t]`; `size` is the crop's side.
    """

    matrix: Float64[np.ndarray, "2 3"]
    size: int

    @cached_property
    def inverse(self) -> Float64[np.ndarray, "2 3"]:
        """From the crop to the photo."""
        # NumPy's inverse wakes a thread for four numbers, which then spins for longer than a face takes
        scale = math.hypot(*self.matrix[:, 0].tolist())
        linear = (self.matrix[:, :2] / scale).T / scale
        return np.concatenate([linear, -linear @ self.matrix[:, 2:]], axis=1)

    @property
    def photo_pixels(self) -> float:
        """Photo pixels along one crop pixel: above 1 the crop is smaller than the face in the photo."""
        return float(np.linalg.norm(self.inverse[:, 0]))

    def to_crop(self, points: Float[np.ndarray, "*points 2"]) -> Float[np.ndarray, "*points 2"]:
        """Points of the photo as points of the crop; float64 in, float64 out."""
        return _apply(self.matrix, points)

    def to_photo(self, points: Float[np.ndarray, "*points 2"]) -> Float[np.ndarray, "*points 2"]:
        """Points of the crop as points of the photo: the inverse of `to_crop`."""
        return _apply(self.inverse, points)

    def crop(self, image: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "size size 3"]:
        """The aligned face: averaged where the crop is smaller than the face, bilinear where it is larger.

        Beyond the photo its border pixels are repeated.
        """
        corners = self.to_photo(np.array([[0.0, 0], [self.size, 0], [0, self.size], [self.size, self.size]]))
        left, top = (np.floor(corners.min(axis=0)).astype(int) - 2).tolist()
        right, bottom = (np.ceil(corners.max(axis=0)).astype(int) + 2).tolist()
        shrink = max(1, round(self.photo_pixels))
        view = _meeting(View(left, top, right, bottom).shrunk(shrink), image)
        finer = 2 if self.photo_pixels / shrink > SKIPS else 1
        to_view = (self.inverse - np.array([[0, 0, view.left], [0, 0, view.top]])) / shrink
        picture = _sample(Image.fromarray(view.pixels(image)), to_view / [finer, finer, 1], finer * self.size)
        return np.asarray(picture.reduce(finer) if finer > 1 else picture)

    def map_to_photo(
        self, values: Float[np.ndarray, "rows columns"], photo_size: tuple[int, int]
    ) -> Float32[np.ndarray, "height width"]:
        """A map over the crop, of any resolution, laid over a photo of `(height, width)`; 0 outside the crop.

        Bilinear between the centres of the map's cells; averaged where the photo is coarser than the map.
        """
        height, width = photo_size
        laid = np.zeros((height, width), np.float32)
        corners = self.to_photo(np.array([[0.0, 0], [self.size, 0], [0, self.size], [self.size, self.size]]))
        left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int).tolist()
        right, bottom = np.minimum(np.ceil(corners.max(axis=0)), (width, height)).astype(int).tolist()
        if left >= right or top >= bottom:
            return laid
        rows, columns = values.shape
        coarser = max(1, int(max(rows, columns) / self.size / self.photo_pixels))
        picture = Image.fromarray(np.ascontiguousarray(values, np.float32)).reduce(coarser)
        to_cells = np.diag([columns, rows]) / self.size / coarser
        matrix = to_cells @ _shifted(self.matrix, left, top)
        part = _sample(picture, matrix, (right - left, bottom - top))
        laid[top:bottom, left:right] = np.asarray(part)
        return laid


def align(landmarks: Float[np.ndarray, "68 2"], size: int) -> Alignment:
    """The alignment that brings the points which hardly move with expression nearest to their template.

    The points are `RIGID`, their places `RIGID_TEMPLATE` (shares of the crop's side); least squares, see
    `fit_similarity`. `BadFaces` where one of them is missing or all coincide.
    """
    points = torch.from_numpy(np.asarray(landmarks, np.float64)[None, RIGID, :])
    template = torch.tensor(RIGID_TEMPLATE, dtype=torch.float64) * size
    matrix = fit_similarity(points, template)[0].numpy()
    if not np.isfinite(matrix).all():
        raise BadFaces(
            "expected the points of eyes and nose to align a face by, found some missing (NaN) or all in one "
            "place; check that the face was found with its 68 points"
        )
    return Alignment(matrix, size)


def _apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def _shifted(matrix: np.ndarray, left: int, top: int) -> np.ndarray:
    """The transform of points that are counted from `(left, top)`."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (left, top)
    return shifted


def _meeting(view: View, image: np.ndarray) -> View:
    """The view, drawn out to touch the photo where it lies beside it."""
    height, width = image.shape[:2]
    return View(
        min(view.left, (width - 1) // view.shrink * view.shrink),
        min(view.top, (height - 1) // view.shrink * view.shrink),
        max(view.right, 1),
        max(view.bottom, 1),
        view.shrink,
    )


def _sample(picture: Image.Image, matrix: np.ndarray, size: int | tuple[int, int]) -> Image.Image:
    """`picture` seen through `matrix`, which takes new pixels to old ones; bilinear.

    Pillow too counts from the corner of the picture: the centre of the first pixel is (0.5, 0.5).
    """
    extent = (size, size) if isinstance(size, int) else size
    coefficients = tuple(matrix.ravel().tolist())
    return picture.transform(extent, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
