import numpy as np
import pytest
import torch

from facsight.core.errors import BadFaces
from facsight.core.labels import LabelSpace
from facsight.data.face_set import FaceSet
from facsight.faces.face import Face
from facsight.preparation import landmarks
from facsight.preparation.landmarks import with_landmarks


class Finder:
    """Finds a face in every picture but the dark ones; its first point tells the picture's brightness."""

    def __init__(self, dies_after=None):
        self.seen, self.dies_after = 0, dies_after

    def find(self, image):
        if self.seen == self.dies_after:
            raise KeyboardInterrupt
        self.seen += 1
        if image.max() == 0:
            return []
        landmarks = np.full((68, 2), float(image.max()), dtype=np.float32)
        visible = np.ones(68, dtype=bool)
        return [Face(box=(0.0, 0.0, 1.0, 1.0), confidence=1.0, landmarks=landmarks, visible=visible)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(landmarks, "cache_folder", lambda: tmp_path)
    return tmp_path / "landmarks"


def faces(brightness=(10, 0, 30, 40)):
    n = len(brightness)
    images = torch.tensor(brightness, dtype=torch.uint8).view(n, 1, 1, 1).expand(n, 1, 8, 8).contiguous()
    space = LabelSpace("one", ("a", "b"))
    return FaceSet(
        "few", space, images, torch.full((n, 68, 2), torch.nan), torch.eye(2)[[0] * n], tuple("abcd"[:n])
    )


def test_landmarks_of_every_face_and_nan_where_there_is_none():
    points = with_landmarks(faces(), Finder).landmarks[:, 0, 0]
    assert points[[0, 2, 3]].tolist() == [10, 30, 40]
    assert points[1].isnan()


def test_a_second_time_no_finder_is_opened():
    with_landmarks(faces(), Finder)

    def never():
        raise AssertionError("the cache was not used")

    assert with_landmarks(faces(), never).landmarks[2, 0, 0] == 30


def test_an_interrupted_search_goes_on():
    with pytest.raises(KeyboardInterrupt):
        with_landmarks(faces(), lambda: Finder(dies_after=2))
    rest = Finder()
    counted = []
    found = with_landmarks(faces(), lambda: rest, on_face=lambda done, total: counted.append((done, total)))
    assert rest.seen == 2
    assert counted == [(3, 4), (4, 4)]
    assert found.landmarks[[0, 2, 3], 0, 0].tolist() == [10, 30, 40]


def test_other_pictures_have_other_landmarks():
    with_landmarks(faces(), Finder)
    assert with_landmarks(faces((50, 60, 70, 80)), Finder).landmarks[0, 0, 0] == 50


def test_a_damaged_cache_is_told(cache):
    with_landmarks(faces(), Finder)
    path = next(cache.iterdir())
    np.save(path, np.zeros((2, 68, 2), dtype=np.float32))
    with pytest.raises(BadFaces, match="remove the file"):
        with_landmarks(faces(), Finder)
