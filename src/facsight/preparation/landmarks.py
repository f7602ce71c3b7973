"""Landmarks for a face dataset, found once and kept."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from facsight.core.errors import BadFaces
from facsight.data.face_set import FaceSet
from facsight.data.unit_set import UnitSet
from facsight.faces.face import FaceFinder
from facsight.hub import cache_folder

#: Raised when the way landmarks are found changes, so that old files are not taken for new ones.
VERSION = 1


Pictured = TypeVar("Pictured", FaceSet, UnitSet)


def with_landmarks(
    faces: Pictured, finder: Callable[[], FaceFinder], *, on_face: Callable[[int, int], None] | None = None
) -> Pictured:
    """The same faces with the 68 points of the largest face in each picture, NaN where none was found.

    Looks in the cache first; `finder` is opened only if needed, `on_face` hears of each face (done, total).
    An interrupted search keeps what it found and goes on next time.
    """
    path = cache_folder() / "landmarks" / f"{_fingerprint(faces)}-v{VERSION}.npy"
    points = _read(path, len(faces))
    unseen = np.flatnonzero(np.isinf(points[:, 0, 0])).tolist()
    if unseen:
        _find(faces, points, unseen, finder(), path, on_face)
    return replace(faces, landmarks=torch.from_numpy(points))


def _find(
    faces: FaceSet | UnitSet,
    points: np.ndarray,
    unseen: list[int],
    finder: FaceFinder,
    path: Path,
    on_face: Callable[[int, int], None] | None,
) -> None:
    """Fill in `points`, saving now and then: infinity marks a face not looked at yet."""
    try:
        for done, index in enumerate(unseen, start=len(faces) - len(unseen) + 1):
            picture = faces.images[index].permute(1, 2, 0).numpy()
            found = finder.find(np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3))))
            points[index] = found[0].landmarks if found else np.nan
            if on_face:
                on_face(done, len(faces))
    finally:
        _write(path, points)


def _fingerprint(faces: FaceSet | UnitSet) -> str:
    """A name for these very pictures."""
    return hashlib.sha256(faces.images.contiguous().numpy().tobytes()).hexdigest()[:32]


def _read(path: Path, count: int) -> np.ndarray:
    if not path.is_file():
        return np.full((count, 68, 2), np.inf, dtype=np.float32)
    points = np.load(path, allow_pickle=False)
    if points.shape != (count, 68, 2):
        raise BadFaces(
            f"{path} holds landmarks of shape {points.shape}, expected {(count, 68, 2)}: remove the file"
        )
    return points


def _write(path: Path, points: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        np.save(file, points, allow_pickle=False)
    partial.replace(path)
