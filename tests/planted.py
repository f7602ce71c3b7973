"""Photos whose faces are known beforehand, a finder that knows them, and a reader small enough for tests."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from facsight.core.labels import EXPRESSIONS
from facsight.data.drawn import paint, studio
from facsight.faces.face import Face, HeadPose
from facsight.nn.unit_weights import build_unit_network
from facsight.nn.weights import build_network, save_network

SIDE = 160
SMILE, FROWN = {6: 1.0, 12: 1.0}, {4: 1.0, 15: 1.0}


@cache
def drawn_face(smiling: bool) -> tuple[np.ndarray, np.ndarray]:
    """A drawn face (SIDE, SIDE, 3) and its landmarks."""
    pictures, points = paint(studio(action_units=SMILE if smiling else FROWN), size=SIDE)
    grey = pictures[0, 0].round().clamp(0, 255).to(torch.uint8).numpy()
    return np.repeat(grey[:, :, None], 3, axis=2), points[0].numpy().astype(np.float32)


def photo_with(faces: int, *, size: tuple[int, int] = (480, 640)) -> np.ndarray:
    """A grey photo with that many drawn faces in rows; its first pixel tells `PlantedFinder` how many."""
    photo = np.full((*size, 3), 127, dtype=np.uint8)
    for number in range(faces):
        left, top = _corner(number, size[1])
        photo[top : top + SIDE, left : left + SIDE] = drawn_face(number % 2 == 0)[0]
    photo[0, 0] = faces, 0, 0
    return photo


def _corner(number: int, width: int) -> tuple[int, int]:
    row, column = divmod(number, width // SIDE)
    return column * SIDE, row * SIDE


def saved_photo(path: Path, faces: int = 1) -> Path:
    """Such a photo as a file without loss."""
    Image.fromarray(photo_with(faces)).save(path, format="PNG")
    return path


class PlantedFinder:
    """Finds the faces of `photo_with`, where they were put."""

    def __init__(
        self, *, pose: HeadPose | None = None, landmarks: bool = True, interrupted_after: int | None = None
    ):
        self.pose, self.landmarks, self.asked = pose or HeadPose(0.0, 0.0, 0.0), landmarks, 0
        self.interrupted_after = interrupted_after

    def find(self, image: np.ndarray) -> list[Face]:
        if self.asked == self.interrupted_after:
            raise KeyboardInterrupt
        self.asked += 1
        return [self._face(number, image.shape[1]) for number in range(int(image[0, 0, 0]))]

    def close(self) -> None: ...

    def _face(self, number: int, width: int) -> Face:
        left, top = _corner(number, width)
        points = drawn_face(number % 2 == 0)[1] + np.array([left, top], dtype=np.float32)
        box = (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
        if not self.landmarks:
            points = np.full_like(points, np.nan)
        return Face(
            box=box,
            confidence=0.9,
            landmarks=points,
            visible=np.full(68, self.landmarks),
            pose=self.pose if self.landmarks else None,
        )


def tiny_unit_file(path: Path, thresholds: Sequence[float | None] = (0.0, 1.0, None)) -> Path:
    """Weights of a small untrained network of AU 1, 12 and 25: always there, never there, not decided."""
    architecture = {"name": "small_resnet", "widths": [8, 8, 16], "blocks": [1, 1, 1], "stem": 8}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_unit_network((1, 12, 25), **architecture)
    card = {
        "kind": "action_units",
        "name": "tiny units",
        "data": "drawn-units",
        "architecture": architecture,
        "action_units": [1, 12, 25],
        "thresholds": list(thresholds),
        "crop_size": 32,
    }
    save_network(network, path, card)
    return path


def tiny_reader_file(path: Path, classes: Sequence[str] = EXPRESSIONS, *, temperature: float = 1.0) -> Path:
    """Weights of a small untrained network, saved as a reader."""
    architecture = {"name": "small_resnet", "widths": [8, 8, 16], "blocks": [1, 1, 1], "stem": 8}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(len(classes), **architecture)
    card = {
        "name": "tiny",
        "architecture": architecture,
        "classes": list(classes),
        "crop_size": 48,
        "temperature": temperature,
        "codebook": "facsight",
    }
    save_network(network, path, card)
    return path
