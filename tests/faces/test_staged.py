"""Detector and mesher put together, with stand-ins for both."""

import numpy as np
import pytest

from facsight.core.errors import BadFaces
from facsight.faces.face import HeadPose
from facsight.faces.pose import mean_mesh, rotation_of
from facsight.faces.search import Detection, Sight
from facsight.faces.staged import Mesh, Place, StagedFinder


class Detects:
    """Reports the same detections in the whole photo, whatever is in it, and confirms each alone."""

    sight = Sight(clear=0.5, small=0.01, bonus=0.1, turns=(2,), levels=1)

    def __init__(self, *detections: Detection):
        self.detections = detections

    def __call__(self, picture):
        return list(self.detections) if picture.shape == PHOTO.shape else []


PHOTO = np.zeros((300, 400, 3), np.uint8)


def detection(left, top, side, confidence=0.9, roll=0.0) -> Detection:
    centre, half = np.array([left + side / 2, top + side / 2]), side / 4
    along = half * np.array([np.cos(roll), np.sin(roll)])
    box = np.array([left, top, left + side, top + side], float)
    return Detection(box, confidence, np.stack([centre - along, centre + along]))


class PutsMesh:
    """Puts the mean face, `width` detections wide, on every place; `turn` is how far it is off at first."""

    def __init__(self, presence=1.0, turn=0.0, width=0.9):
        self.presence, self.turn, self.width, self.places = presence, turn, width, []

    def __call__(self, picture, place: Place) -> Mesh:
        self.places.append(place)
        roll = -np.degrees(place.roll + self.turn / len(self.places) ** 8)
        points = np.concatenate([mean_mesh(), mean_mesh()[:10] * 0]) @ rotation_of(HeadPose(0.0, 0.0, roll)).T
        points = points * [1, -1, -1] * self.width * place.side / 1.5 / np.ptp(mean_mesh()[:, 0])
        points[:, :2] += place.centre - (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
        return Mesh(points.astype(np.float32), self.presence)


def test_largest_face_first_with_everything_filled_in():
    finder = StagedFinder(Detects(detection(20, 20, 60), detection(200, 100, 120)), PutsMesh())
    large, small = finder.find(PHOTO)
    assert large.area > small.area
    assert large.mesh is not None
    assert large.pose is not None
    assert large.landmarks.dtype == np.float32
    left, top, right, bottom = large.box
    np.testing.assert_allclose([(left + right) / 2, (top + bottom) / 2], [260, 160], atol=0.01)
    assert large.pose.roll == pytest.approx(0, abs=1e-3)
    assert large.visible.all()


@pytest.mark.parametrize("degrees", [0, 40, -100, 180])
def test_roll_survives_views_that_are_turned_by_quarters(degrees):
    finder = StagedFinder(Detects(detection(150, 100, 90, roll=np.radians(degrees))), PutsMesh())
    (face,) = finder.find(PHOTO)
    assert face.pose is not None
    difference = (face.pose.roll + degrees + 180) % 360 - 180
    assert difference == pytest.approx(0, abs=0.1)


def test_large_faces_are_shown_shrunk_and_come_back_in_photo_pixels():
    photo = np.zeros((3000, 4000, 3), np.uint8)  # shown at a tenth: as large as PHOTO
    mesher = PutsMesh()
    (face,) = StagedFinder(Detects(detection(150, 100, 90)), mesher).find(photo)
    left, top, right, bottom = face.box
    np.testing.assert_allclose([(left + right) / 2, (top + bottom) / 2], [1950, 1450], atol=0.1)
    (place,) = mesher.places
    assert place.side == pytest.approx(1.5 * 900 / 5)  # the square of 2025 pixels is shown at a fifth
    assert face.mesh is not None
    depth, width = np.ptp(face.mesh[:468, 2]), np.ptp(face.mesh[:468, 0])
    assert depth / width == pytest.approx(np.ptp(mean_mesh()[:, 2]) / np.ptp(mean_mesh()[:, 0]), rel=1e-3)


def test_mesh_that_lies_elsewhere_is_put_on_again():
    mesher = PutsMesh(turn=np.radians(40))
    (face,) = StagedFinder(Detects(detection(150, 100, 90)), mesher).find(PHOTO)
    assert len(mesher.places) == 2  # off by 40 degrees, then by less than one
    assert face.pose is not None
    assert face.pose.roll == pytest.approx(-40, abs=1)


def test_faces_that_the_mesher_doubts_are_left_out():
    assert StagedFinder(Detects(detection(20, 20, 60)), PutsMesh(presence=0.4)).find(PHOTO) == []
    # 0.9 by the detector times 0.6 by the mesher
    finder = StagedFinder(Detects(detection(20, 20, 60)), PutsMesh(presence=0.6))
    (face,) = finder.find(PHOTO)
    assert face.confidence == pytest.approx(0.54)
    finder = StagedFinder(Detects(detection(20, 20, 60)), PutsMesh(presence=0.6), min_confidence=0.55)
    assert finder.find(PHOTO) == []


def test_detections_that_lead_to_one_face_give_one():
    # the boxes touch, the meshes are three times as wide and overlap by half
    seen = Detects(detection(100, 100, 60, 0.8), detection(160, 100, 60, 0.9))
    (face,) = StagedFinder(seen, PutsMesh(width=3.0)).find(PHOTO)
    assert face.confidence == pytest.approx(0.9)


def test_without_a_mesher_five_points_are_given():
    seen = detection(100, 100, 60)
    five = Detection(seen.box, 0.9, np.concatenate([seen.points, [[130, 135], [115, 150], [145, 150]]]))
    (face,) = StagedFinder(Detects(five), None).find(PHOTO)
    assert face.box == (100, 100, 160, 160)
    assert face.landmarks[[30, 48, 54]].tolist() == [[130, 135], [115, 150], [145, 150]]
    assert np.isnan(np.delete(face.landmarks, [30, 48, 54], axis=0)).all()
    assert np.flatnonzero(face.visible).tolist() == [30, 48, 54]
    assert face.mesh is None
    assert face.pose is None


def test_points_outside_the_photo_are_not_visible():
    (face,) = StagedFinder(Detects(detection(-40, 100, 90)), PutsMesh()).find(PHOTO)
    assert not face.visible[face.landmarks[:, 0] < 0].any()
    assert face.visible[face.landmarks[:, 0] > 0].all()
    assert 0 < face.visible.sum() < 68


def test_closing_releases_once_and_is_told():
    released = []
    finder = StagedFinder(Detects(), PutsMesh(), release=[lambda: released.append(1)])
    finder.close()
    finder.close()
    assert released == [1]
    with pytest.raises(BadFaces, match="closed"):
        finder.find(PHOTO)


def test_wrong_pixels_are_refused(unchecked):
    with pytest.raises(BadFaces, match="uint8 of shape"):
        StagedFinder(Detects(), PutsMesh()).find(PHOTO[..., 0])
