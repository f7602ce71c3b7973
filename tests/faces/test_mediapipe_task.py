"""The FaceLandmarker bundle as a back end: the same output, and blendshapes."""

import numpy as np
import pytest

from facsight.faces.finder import open_finder


@pytest.fixture(scope="module")
def task_finder(shared_data):
    opened = open_finder("mediapipe_task", shared_data / "models/face_landmarker.task")
    yield opened
    opened.close()


def test_agrees_with_the_default_back_end(task_finder, finder, portraits):
    for photo, _ in portraits[:6]:
        (face,) = task_finder.find(photo)
        (other,) = finder.find(photo)
        distance = np.linalg.norm(face.landmarks - other.landmarks, axis=1).mean()
        assert distance < 0.05 * np.linalg.norm(other.landmarks[36] - other.landmarks[45])
        assert abs(face.pose.yaw - other.pose.yaw) < 5
        assert abs(face.pose.pitch - other.pose.pitch) < 10
        assert face.mesh.shape == (478, 3)


def test_blendshapes_tell_smiles_apart(task_finder, shared_data):
    import csv

    from PIL import Image

    from facsight.core.blendshapes import BLENDSHAPES

    with (shared_data / "london/labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    smiles = {"neutral": [], "happiness": []}
    for label, seen in smiles.items():
        for row in [row for row in rows if row["label"] == label][:8]:
            photo = np.asarray(Image.open(shared_data / "london" / row["image"]).convert("RGB"))
            (face,) = task_finder.find(photo)
            assert tuple(face.blendshapes) == ("_neutral", *BLENDSHAPES)
            assert all(0 <= value <= 1 for value in face.blendshapes.values())
            seen.append(face.blendshapes["mouthSmileLeft"] + face.blendshapes["mouthSmileRight"])
    assert np.mean(smiles["happiness"]) > np.mean(smiles["neutral"]) + 0.5


def test_upside_down_small_and_many(task_finder, astronaut, tiles):
    (face,) = task_finder.find(np.ascontiguousarray(astronaut[::-1, ::-1]))
    assert abs(abs(face.pose.roll) - 180) < 20
    assert len(task_finder.find(tiles(5, 8, 160))) >= 38
    assert len(task_finder.find(tiles(1, 1, 64))) == 1


def test_no_face(task_finder):
    assert task_finder.find(np.zeros((480, 640, 3), np.uint8)) == []
