"""Faces to find: a free portrait, studio portraits with hand-placed points, and the mesh's canonical face."""

import csv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from facsight.core.errors import MissingData
from facsight.faces.finder import default_finder
from facsight.faces.staged import StagedFinder

_HAND_PLACED = {
    "right_outer_eye": 36,
    "right_inner_eye": 39,
    "left_inner_eye": 42,
    "left_outer_eye": 45,
    "right_mouth_corner": 48,
    "left_mouth_corner": 54,
    "upper_lip_top": 51,
    "lower_lip_bottom": 57,
    "chin": 8,
    "nose_base": 33,
}


@pytest.fixture(scope="session")
def canonical_mesh(shared_data: Path) -> np.ndarray:
    """(468, 3) in centimetres: x to the picture's right, y up, z to the viewer; exactly mirror-symmetric."""
    metadata = pytest.importorskip("mediapipe.modules.face_geometry.protos.geometry_pipeline_metadata_pb2")
    geometry = metadata.GeometryPipelineMetadata()
    with zipfile.ZipFile(shared_data / "models/face_landmarker.task") as bundle:
        geometry.ParseFromString(bundle.read("geometry_pipeline_metadata_landmarks.binarypb"))
    return np.array(geometry.canonical_mesh.vertex_buffer).reshape(468, 5)[:, :3]


@pytest.fixture(scope="session")
def finder() -> Iterator[StagedFinder]:
    """The default back end, opened once."""
    try:
        opened = default_finder()
    except MissingData as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A free portrait, 512 x 512, one face looking at the camera, of about 95 pixels."""
    return data.astronaut()


@pytest.fixture(scope="session")
def hand_placed() -> dict[str, int]:
    """Columns of the portraits' labels, and the number of the point among the 68."""
    return _HAND_PLACED


@pytest.fixture(scope="session")
def portraits(shared_data: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Studio portraits with ten of the 68 points placed by hand: those of `hand_placed`."""
    with (shared_data / "london/labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["chin_x"]]
    placed = [[[float(row[f"{name}_{axis}"]) for axis in "xy"] for name in _HAND_PLACED] for row in rows]
    photos = [np.asarray(Image.open(shared_data / "london" / row["image"]).convert("RGB")) for row in rows]
    return list(zip(photos, np.array(placed), strict=True))


@pytest.fixture(scope="session")
def tiles(portraits) -> Callable[[int, int, int], np.ndarray]:
    """Makes a photo of rows x columns portraits, each of `side` pixels."""

    def tile(rows: int, columns: int, side: int) -> np.ndarray:
        cells = [
            np.asarray(Image.fromarray(photo).resize((side, side), Image.Resampling.BOX))
            for photo, _ in portraits[: rows * columns]
        ]
        return np.vstack([np.hstack(cells[row * columns : (row + 1) * columns]) for row in range(rows)])

    return tile
