"""YuNet as a back end, with and without MediaPipe's mesh."""

import numpy as np
import pytest

from facsight.core.errors import MissingData
from facsight.faces import yunet
from facsight.faces.finder import open_finder
from facsight.faces.yunet import YuNet, _with_fixed_size


@pytest.fixture(scope="module")
def model(shared_data):
    return shared_data / "models/yunet_n.onnx"


@pytest.fixture(scope="module")
def yunet_finder(model):
    opened = open_finder("yunet", model)
    yield opened
    opened.close()


def test_named_sizes_become_numbers_of_the_same_length():
    named = b"..\x0a\x07\x12\x05batch\x0a\x07\x12\x05width.."
    numbered = _with_fixed_size(named)
    # batch: field 1 = 1, padded to six bytes; width: 320 = 2 * 128 + 64
    assert numbered == b"..\x0a\x07\x08\x81\x80\x80\x80\x80\x00\x0a\x07\x08\xc0\x82\x80\x80\x80\x00.."
    assert _with_fixed_size(b"a model of a fixed size") == b"a model of a fixed size"


def test_agrees_with_the_default_back_end(yunet_finder, finder, portraits):
    for photo, _ in portraits[:6]:
        (face,) = yunet_finder.find(photo)
        (other,) = finder.find(photo)
        distance = np.linalg.norm(face.landmarks - other.landmarks, axis=1).mean()
        assert distance < 0.03 * np.linalg.norm(other.landmarks[36] - other.landmarks[45])


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_faces(yunet_finder, finder, portraits, turns):
    """Needs the mesh, which is there where the default back end is."""
    for photo, _ in portraits[:5]:
        (face,) = yunet_finder.find(np.ascontiguousarray(np.rot90(photo, turns)))
        assert abs((face.pose.roll - 90 * turns + 180) % 360 - 180) < 12


def test_many_and_small(yunet_finder, tiles):
    assert len(yunet_finder.find(tiles(5, 8, 100))) == 40
    assert len(yunet_finder.find(tiles(1, 1, 64))) == 1


def test_five_points_are_where_the_mesh_has_them(model, finder, portraits):
    detector = YuNet(model)
    photo, _ = portraits[0]
    (seen,) = detector(photo)
    (face,) = finder.find(photo)
    eyes = [face.landmarks[36:42].mean(axis=0), face.landmarks[42:48].mean(axis=0)]
    expected = np.array([*eyes, *face.landmarks[[30, 48, 54]]])
    assert np.linalg.norm(seen.points - expected, axis=1).max() < 12  # of 127 pixels between the eyes


def test_without_mediapipes_mesh_three_points_are_given(model, portraits, monkeypatch):
    def missing():
        raise MissingData("no mesh here")

    monkeypatch.setattr(yunet, "AttentionMesh", missing)
    (face,) = open_finder("yunet", model).find(portraits[0][0])
    assert np.isfinite(face.landmarks).all(axis=1).nonzero()[0].tolist() == [30, 48, 54]
    assert face.pose is None
    assert face.mesh is None


def test_no_face(yunet_finder):
    assert yunet_finder.find(np.zeros((480, 640, 3), np.uint8)) == []
