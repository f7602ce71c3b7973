"""What is measured of the main face of a recording without its pixels: points, pose, activations."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from facsight.core.blendshapes import BLENDSHAPES
from facsight.core.errors import BadRecipe
from facsight.core.landmarks import POINT_COUNT
from facsight.faces.face import Face
from facsight.functional.face_points import in_face_units
from facsight.preparation.crop_type import CropType
from facsight.preparation.ledger import key_of


class Landmarks:
    """The 68 points of the face, x and y in turn, without place, size and tilt of the head.

    The unit is the distance between the outer corners of the eyes, the origin midway between them
    (`functional.face_points`). A face that lacks a point has a NaN there, and counts as not seen in that
    frame.
    """

    source = "pictures"
    size = (2 * POINT_COUNT,)

    def __init__(self, path: Path | None = None, *, crop: CropType):
        self.version = _version("face:landmarks", path, crop)
        self.about = f"68 points, x and y, between the outer corners of the eyes; {_by(crop)}"

    def rows_of(self, faces: Sequence[Face]) -> Float32[np.ndarray, "face number"]:
        """A row a face."""
        points = torch.from_numpy(np.stack([face.landmarks for face in faces]).astype(np.float64))
        return in_face_units(points).flatten(1).numpy().astype(np.float32)


class Pose:
    """Yaw, pitch and roll of the head in degrees (`faces.face.HeadPose` says which way)."""

    source = "pictures"
    size = (3,)

    def __init__(self, path: Path | None = None, *, crop: CropType):
        self.version = _version("face:pose", path, crop)
        self.about = f"yaw, pitch and roll of the head, degrees; {_by(crop)}"

    def rows_of(self, faces: Sequence[Face]) -> Float32[np.ndarray, "face number"]:
        """A row a face, NaN where the finder does not know."""
        poses = [face.pose for face in faces]
        told = [(np.nan,) * 3 if pose is None else (pose.yaw, pose.pitch, pose.roll) for pose in poses]
        return np.array(told, np.float32)


class Blendshapes:
    """The 51 activations of MediaPipe's blendshape model, 0 to 1: a model's output, not coded action units.

    Finders that have none give none: `--finder mediapipe_task`.
    """

    source = "pictures"
    size = (len(BLENDSHAPES),)

    def __init__(self, path: Path | None = None, *, crop: CropType):
        self.version = _version("face:blendshapes", path, crop)
        self.about = f"{', '.join(BLENDSHAPES)}; {_by(crop)}"

    def rows_of(self, faces: Sequence[Face]) -> Float32[np.ndarray, "face number"]:
        """A row a face, NaN where the finder does not know."""
        told = [[(face.blendshapes or {}).get(name, np.nan) for name in BLENDSHAPES] for face in faces]
        return np.array(told, np.float32)


def _version(name: str, path: Path | None, crop: CropType) -> str:
    if path is not None:
        raise BadRecipe(f"{name} takes no file, found {str(path)!r}")
    return key_of(name, 1, crop.finder, crop.finder_version)


def _by(crop: CropType) -> str:
    return f"faces by {crop.finder} {crop.finder_version}"
