import numpy as np
import pytest

from facsight.core.landmarks import RIGID, RIGID_TEMPLATE
from facsight.faces.face import Face
from facsight.preparation import face_features
from planted import tiny_reader_file


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return tiny_reader_file(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(autouse=True)
def tiny_reader(monkeypatch, weights):
    monkeypatch.setattr(face_features, "bundled_weights", lambda: weights)


class EveryFace:
    """Sees one face that fills any picture: the points that faces are aligned by lie on their template."""

    def __init__(self):
        self.asked = 0

    def find(self, image):
        self.asked += 1
        height, width = image.shape[:2]
        points = np.full((68, 2), 0.5, np.float32)
        points[list(RIGID)] = RIGID_TEMPLATE
        points *= (width, height)
        box = (0.0, 0.0, float(width), float(height))
        return [Face(box=box, confidence=1.0, landmarks=points, visible=np.ones(68, bool))]


@pytest.fixture
def every_face():
    return EveryFace()
