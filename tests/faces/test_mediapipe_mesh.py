"""The default back end on real photos."""

import subprocess
import sys
import threading
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from facsight.core.landmarks import MIRROR
from facsight.faces.finder import default_finder
from facsight.faces.mediapipe_mesh import coordinates


def resized(photo: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(photo).resize((side, side), Image.Resampling.BOX))


def turned(photo: np.ndarray, degrees: float) -> np.ndarray:
    return np.asarray(Image.fromarray(photo).rotate(degrees, Image.Resampling.BILINEAR, fillcolor=(127,) * 3))


def eye_distance(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[36] - points[45]))


def test_one_face_with_everything(finder, astronaut):
    (face,) = finder.find(astronaut)
    left, top, right, bottom = face.box
    assert left < 224 < right, "the tip of the nose is near (224, 135)"
    assert top < 135 < bottom
    assert face.confidence > 0.85
    assert face.landmarks.shape == (68, 2)
    assert face.mesh is not None
    assert face.mesh.shape == (478, 3)
    assert face.visible.all()
    assert face.blendshapes is None
    np.testing.assert_allclose(face.landmarks[30], [224, 135], atol=15)


@pytest.mark.parametrize("field", ["z", "visibility"])
def test_points_from_bytes_are_those_of_the_landmarks(field):
    """Whatever fields MediaPipe fills in; a missing depth is 0."""
    formats = pytest.importorskip("mediapipe.framework.formats.landmark_pb2")
    numbers = np.random.default_rng(0).random((478, 3), np.float32)
    rows = [dict(zip(("x", "y", field), row, strict=True)) for row in numbers.tolist()]
    landmarks = formats.NormalizedLandmarkList(landmark=[formats.NormalizedLandmark(**row) for row in rows])
    expected = numbers * [1, 1, field == "z"]
    np.testing.assert_array_equal(coordinates(landmarks), expected.astype(np.float32))
    landmarks.landmark[5].presence = 0.5
    np.testing.assert_array_equal(coordinates(landmarks), expected.astype(np.float32))


def test_points_are_near_those_placed_by_hand(finder, portraits, hand_placed):
    """Measured: mean 0.015 of the outer eye corners' distance; eyes and mouth 0.011 to 0.016, chin 0.033."""
    numbers = list(hand_placed.values())
    errors = []
    for photo, placed in portraits:
        (face,) = finder.find(photo)
        off = np.linalg.norm(face.landmarks[numbers] - placed, axis=1)
        errors.append(off / np.linalg.norm(placed[0] - placed[3]))
    mean = np.mean(errors, axis=0)
    assert np.mean(errors) < 0.018
    assert mean[:8].max() < 0.02, dict(zip(hand_placed, mean.round(3), strict=True))
    assert mean[8:].max() < 0.04


def test_coordinates_count_from_the_corner(finder, astronaut):
    """In a photo enlarged 4 times, points are 4 times as far; half a pixel too few would show as 0.375."""
    (face,) = finder.find(astronaut)
    enlarged = astronaut.repeat(4, axis=0).repeat(4, axis=1)
    (large,) = finder.find(enlarged)
    drift = (large.landmarks / 4 - face.landmarks).mean(axis=0)
    assert np.abs(drift).max() < 0.2


def test_mirrored_photo_mirrors_points_yaw_and_roll(finder, portraits):
    yaws, pitches = [], []
    for photo, _ in portraits[:12]:
        (face,) = finder.find(photo)
        (twin,) = finder.find(np.ascontiguousarray(photo[:, ::-1]))
        mirrored = (twin.landmarks * [-1, 1] + [photo.shape[1], 0])[list(MIRROR)]
        assert np.linalg.norm(mirrored - face.landmarks, axis=1).mean() < 0.03 * eye_distance(face.landmarks)
        yaws.append(face.pose.yaw + twin.pose.yaw)
        pitches.append(face.pose.pitch - twin.pose.pitch)
    assert np.abs(yaws).mean() < 2.5
    assert np.abs(pitches).mean() < 1.5


def test_studio_portraits_look_straight_ahead(finder, portraits):
    poses = [finder.find(photo)[0].pose for photo, _ in portraits[:30]]
    assert np.abs([pose.yaw for pose in poses]).mean() < 5
    assert np.abs([pose.roll for pose in poses]).mean() < 5
    assert abs(np.mean([pose.pitch for pose in poses])) < 3


@pytest.mark.parametrize("degrees", [30, 90, 150, 180, -90])
def test_turned_photo_changes_roll(finder, portraits, degrees):
    for photo, _ in portraits[:8]:
        upright = finder.find(photo)[0].pose
        (face,) = finder.find(turned(photo, degrees))
        change = (face.pose.roll - upright.roll - degrees + 180) % 360 - 180
        assert abs(change) < 8
        assert abs(face.pose.yaw - upright.yaw) < 8


def test_upside_down_points_are_on_the_face(finder, astronaut):
    (upright,) = finder.find(astronaut)
    (face,) = finder.find(np.ascontiguousarray(astronaut[::-1, ::-1]))
    back = np.array([512, 512]) - face.landmarks
    assert np.linalg.norm(back - upright.landmarks, axis=1).mean() < 0.05 * eye_distance(upright.landmarks)


@pytest.mark.parametrize("side", [48, 64, 100])
def test_small_cut_out_faces(finder, portraits, hand_placed, side):
    found = 0
    for photo, placed in portraits[:20]:
        left, top = (placed[[0, 3]].mean(axis=0) - [150, 130]).astype(int)
        small = resized(photo[top : top + 300, left : left + 300], side)
        faces = finder.find(small)
        found += len(faces) == 1
        if faces:
            points = faces[0].landmarks[list(hand_placed.values())] * 300 / side + [left, top]
            assert np.linalg.norm(points - placed, axis=1).mean() < 0.06 * np.linalg.norm(
                placed[0] - placed[3]
            )
    assert found >= 19


def test_grey_faces_of_48_pixels(finder, shared_data):
    with np.load(shared_data / "ferplus/faces.npz") as archive:
        faces = archive["faces"][:4000:50]
    found = [len(finder.find(np.repeat(face[..., None], 3, axis=2))) for face in faces]
    assert np.mean(np.array(found) > 0) > 0.9
    assert np.mean(np.array(found) > 1) < 0.01


def test_forty_faces(finder, tiles):
    for side in (60, 160):
        photo = tiles(5, 8, side)
        faces = finder.find(photo)
        cells = {(int(face.landmarks[30, 0] // side), int(face.landmarks[30, 1] // side)) for face in faces}
        assert len(cells) >= 39
        assert len(faces) <= 41
        assert all(first.area >= second.area for first, second in pairwise(faces))


def test_large_photo_of_one_face_and_of_many(finder, astronaut, tiles):
    (face,) = finder.find(np.asarray(Image.fromarray(astronaut).resize((4000, 4000))))
    np.testing.assert_allclose(face.landmarks[30] / 4000 * 512, [224, 135], atol=15)
    assert len(finder.find(np.asarray(Image.fromarray(tiles(2, 3, 100)).resize((3600, 2400))))) == 6


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_face_cut_by_the_border(finder, portraits, share):
    """Half a face is not always found; what is found has its missing half marked as not visible."""
    found = 0
    for photo, placed in portraits[:10]:
        middle = placed[[0, 3]].mean(axis=0)[0]
        width = placed[3, 0] - placed[0, 0]
        cut = np.ascontiguousarray(photo[:, int(middle + (share - 0.5) * width) :])
        for face in finder.find(cut):
            found += 1
            outside = face.landmarks[:, 0] < 0
            assert outside.any()
            assert not face.visible[outside].any()
    assert found >= (9 if share == 0.3 else 5)


def test_profile_does_no_harm(finder, shared_data):
    photo = np.asarray(Image.open(shared_data / "samples/images/pyfeat_BWPictureHuman.jpg").convert("RGB"))
    for face in finder.find(photo):
        assert not face.visible.all()


@pytest.mark.parametrize("value", [0, 127, 255])
@pytest.mark.parametrize("size", [(480, 640), (1, 1), (1, 2000), (2000, 3), (48, 48)])
def test_empty_pictures_have_no_face(finder, value, size):
    assert finder.find(np.full((*size, 3), value, np.uint8)) == []


def test_pictures_without_people(finder, shared_data):
    photo = np.asarray(
        Image.open(shared_data / "samples/images/pyfeat_free-mountain-vector-01.jpg").convert("RGB")
    )
    assert finder.find(photo) == []
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert finder.find(noise) == []


def test_same_photo_same_faces_whatever_came_before(finder, astronaut, tiles):
    (first,) = finder.find(astronaut)
    finder.find(tiles(2, 3, 100))
    (second,) = finder.find(astronaut)
    np.testing.assert_array_equal(first.mesh, second.mesh)
    assert first.confidence == second.confidence


def test_photo_is_left_alone(finder, astronaut):
    photo = astronaut.copy()
    photo.flags.writeable = False
    finder.find(photo)
    np.testing.assert_array_equal(photo, astronaut)


def test_pixels_with_gaps(finder, astronaut):
    (face,) = finder.find(astronaut[:, ::-1])
    assert face.landmarks[30, 0] == pytest.approx(512 - 224, abs=15)


def test_threads_take_turns(finder, astronaut):
    (expected,) = finder.find(astronaut)
    meshes = []

    def work():
        meshes.extend(finder.find(astronaut)[0].mesh for _ in range(4))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(meshes) == 16
    assert all((mesh == expected.mesh).all() for mesh in meshes)


def test_surer_faces_only(finder, astronaut):
    assert finder.find(astronaut)
    sure = default_finder(min_confidence=0.99)
    assert sure.find(astronaut) == []
    sure.close()


def test_nothing_on_stderr(finder):
    """In a process of its own; here the models are loaded already."""
    script = (
        "import numpy as np\n"
        "from skimage.data import astronaut\n"
        "from facsight.faces.finder import default_finder\n"
        "finder = default_finder()\n"
        "assert len(finder.find(astronaut())) == 1\n"
        "finder.close()\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    assert run.stdout == ""


@pytest.mark.slow
def test_memory_does_not_grow(finder, astronaut, tiles):
    import resource

    photos = [astronaut, tiles(3, 4, 120), np.zeros((600, 800, 3), np.uint8)]

    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for _ in range(20):
        for photo in photos:
            finder.find(photo)
    before = peak()
    for _ in range(200):
        for photo in photos:
            finder.find(photo)
    assert peak() - before < 20_000  # kilobytes
