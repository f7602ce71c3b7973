"""What a face is, and what every back end that finds faces promises.

Coordinates are continuous photo pixels `(x, y)`, y down, with the origin at the *corner* of the photo (centre
of the first pixel at 0.5, 0.5). They may lie outside the photo where a face is cut by its border.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from facsight.core.errors import BadFaces


@dataclass(frozen=True)
class HeadPose:
    """Where the head points, in degrees; all zero for a head that looks straight into the camera.

    The subject's right is the left of the picture.

    - `yaw`: positive when the face is turned to the subject's right, from -90 to 90
    - `pitch`: positive when it looks up
    - `roll`: positive when the head is tilted towards the subject's right shoulder, which is
      counter-clockwise in the picture; 180 is upside down

    Roll is applied last: turning the photo changes roll and nothing else, mirroring it negates yaw and roll.
    In the py-feat v2 tables at hand, in radians, yaw and roll have the same signs and pitch the opposite one
    (correlations over the same meshes 0.93, 0.97 and -0.95).
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, eq=False)
class Face:
    """One face of a photo, in photo pixels.

    - `box`: `(left, top, right, bottom)`, the tightest around the mesh: chin to upper forehead, ear to ear
    - `confidence`: how sure the back end is that a face is there, from 0 to 1; back ends are not calibrated
      against each other, and it says nothing about how well the points fit
    - `landmarks`: the 68 points of `facsight.core.landmarks`
    - `visible`: which of them lie inside the photo and not on the far side of the head (a rule of thumb from
      the pose: hands, hair and masks are not seen)
    - `mesh`: 478 points, the last ten around the irises; the third column is depth in pixels of the same
      scale, smaller towards the camera, without a fixed zero
    - `blendshapes`: named activations from 0 to 1, from the back end that has them
    - `detected`: whether a detector saw it in this very picture; False for a face of a video that was
      followed from the frame before (`facsight.faces.following`)
    """

    box: tuple[float, float, float, float]
    confidence: float
    landmarks: Float32[np.ndarray, "68 2"]
    visible: Bool[np.ndarray, "68"]
    mesh: Float32[np.ndarray, "478 3"] | None = None
    pose: HeadPose | None = None
    blendshapes: dict[str, float] | None = None
    detected: bool = True

    @property
    def area(self) -> float:
        """Of the box, in square pixels."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


@runtime_checkable
class FaceFinder(Protocol):
    """Finds the faces of a photo: all that the rest of facsight needs from a back end."""

    def find(self, image: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """The faces in an RGB photo, largest box first; the same photo always gives the same faces."""
        ...


def check_pixels(image: object) -> None:
    """`BadFaces` unless `image` is an RGB photo: uint8, (height, width, 3), at least one pixel."""
    if not isinstance(image, np.ndarray):
        raise BadFaces(f"expected a photo as a NumPy array, found {type(image).__name__}; see read_photo")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise BadFaces(
            "expected an RGB photo as uint8 of shape (height, width, 3), "
            f"found {image.dtype} of shape {image.shape}; read_photo in facsight.media.photo makes one"
        )
