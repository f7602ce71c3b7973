"""Alignment, and the way back to the photo."""

import os
import subprocess
import sys

import numpy as np
import pytest

from facsight.core.errors import BadFaces
from facsight.core.landmarks import MIRROR, RIGID, RIGID_TEMPLATE
from facsight.faces.align import Alignment, align

TEMPLATE = np.array(RIGID_TEMPLATE)


def landmarks_at(centre, scale, degrees) -> np.ndarray:
    """68 points whose rigid ones are the template, turned clockwise about its middle, `scale` pixels wide."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.zeros((68, 2))
    points[list(RIGID)] = (TEMPLATE - 0.5) @ turn.T * scale + centre
    return points


def alignment(centre=(300.0, 220.0), scale=150.0, degrees=20.0, size=64) -> Alignment:
    return align(landmarks_at(centre, scale, degrees), size)


def test_hand_value():
    # the template 64 pixels wide around (32, 32), doubled and moved to (100, 50): undone by half and a shift
    found = align(landmarks_at((100.0, 50.0), 128.0, 0.0), 64)
    np.testing.assert_allclose(found.matrix, [[0.5, 0, -18], [0, 0.5, 7]], atol=1e-9)
    assert found.photo_pixels == pytest.approx(2)


@pytest.mark.parametrize("degrees", [0, 30, -75, 180])
def test_rigid_points_land_on_the_template(degrees):
    points = landmarks_at((311.0, 207.0), 143.0, degrees)
    np.testing.assert_allclose(align(points, 96).to_crop(points)[list(RIGID)], TEMPLATE * 96, atol=1e-6)


def test_round_trip():
    generator = np.random.default_rng(0)
    points = generator.uniform(-100, 4000, (200, 2))
    found = alignment(degrees=33.0)
    assert np.abs(found.to_photo(found.to_crop(points)) - points).max() < 1e-3


@pytest.mark.parametrize("degrees", [0, 33, -120])
def test_inverse_undoes_the_matrix(degrees):
    found = alignment(degrees=degrees)
    square = np.vstack([found.matrix, [0, 0, 1]])
    np.testing.assert_allclose(np.vstack([found.inverse, [0, 0, 1]]) @ square, np.eye(3), atol=1e-12)


def test_inverse_wakes_no_other_thread():
    """OpenBLAS's, once woken, spins for longer than a face takes. In a process of its own, without ours."""
    script = (
        "import time\n"
        "import numpy as np\n"
        "from facsight.faces.align import Alignment\n"
        "matrix = np.array([[1.0, 0.5, 3], [-0.5, 1.0, 4]])\n"
        "time.sleep(0.2)\n"
        "start = time.process_time() - time.thread_time()\n"
        "for _ in range(100):\n"
        "    Alignment(matrix, 48).inverse\n"
        "    time.sleep(0.001)\n"
        "print(time.process_time() - time.thread_time() - start)\n"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert float(run.stdout) < 0.002


def test_mirrored_face_gives_the_mirrored_crop():
    generator = np.random.default_rng(1)
    photo = generator.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    points = landmarks_at((150.0, 100.0), 48.0, 10.0) + generator.normal(0, 1, (68, 2))
    mirrored = (points * [-1, 1] + [300, 0])[list(MIRROR)]
    crop = align(points, 48).crop(photo)
    twin = align(mirrored, 48).crop(np.ascontiguousarray(photo[:, ::-1]))
    assert np.abs(crop.astype(int) - twin[:, ::-1].astype(int)).max() <= 1


def test_crop_at_equal_scale_is_a_cut_out():
    photo = np.random.default_rng(2).integers(0, 256, (100, 120, 3), dtype=np.uint8)
    found = Alignment(np.array([[1.0, 0, -30], [0, 1.0, -20]]), 48)
    np.testing.assert_array_equal(found.crop(photo), photo[20:68, 30:78])


@pytest.mark.parametrize("photo_pixels", [2, 3, 5])
def test_shrunk_crop_is_the_mean_of_squares(photo_pixels):
    photo = np.random.default_rng(3).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    found = Alignment(np.array([[1 / photo_pixels, 0, 0], [0, 1 / photo_pixels, 0]]), 40)
    side = 40 * photo_pixels
    squares = photo[:side, :side].reshape(40, photo_pixels, 40, photo_pixels, 3).mean(axis=(1, 3))
    assert np.abs(found.crop(photo) - squares).max() < 0.6  # rounding to whole numbers, and a little


@pytest.mark.parametrize("photo_pixels", [1.4, 2.6, 3.5, 7.3])
def test_shrinking_does_not_alias(photo_pixels):
    checkerboard = np.indices((600, 600)).sum(axis=0) % 2 * 255
    photo = np.repeat(checkerboard[..., None], 3, axis=2).astype(np.uint8)
    size = int(590 / photo_pixels / 2)
    found = Alignment(np.array([[1 / photo_pixels, 0, 0], [0, 1 / photo_pixels, 0]]), size)
    # plain bilinear sampling shows the checkerboard at full contrast: standard deviation 64 to 127
    assert found.crop(photo).std() < 40


def test_enlarged_crop_is_smooth():
    photo = np.zeros((10, 10, 3), np.uint8)
    photo[:, 5:] = 200
    found = Alignment(np.array([[8.0, 0, 0], [0, 8.0, 0]]), 80)
    row = found.crop(photo)[40, :, 0].astype(int)
    # between the centres of pixels 4 and 5, at 4.5 and 5.5, the crop rises from 0 to 200 in 8 steps
    assert np.abs(np.diff(row)).max() <= 26
    assert row[35] == 0
    assert row[44] == 200


@pytest.mark.parametrize("centre", [(0.0, 0.0), (120.0, 90.0), (60.0, -70.0), (-400.0, 500.0)])
def test_border_is_repeated_where_the_crop_leaves_the_photo(centre):
    photo = np.full((90, 120, 3), 77, np.uint8)
    for scale in (30.0, 300.0):
        crop = alignment(centre, scale, 25.0, 48).crop(photo)
        assert crop.shape == (48, 48, 3)
        assert (crop == 77).all()


def test_crop_leaves_the_photo_alone():
    photo = np.random.default_rng(4).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    before = photo.copy()
    alignment((60.0, 45.0)).crop(photo)
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("cells", [(12, 12), (28, 28), (7, 9)])
@pytest.mark.parametrize("degrees", [0.0, 33.0, -120.0])
def test_planted_dot_returns_to_its_place(cells, degrees):
    found = alignment((300.0, 220.0), 150.0, degrees, 64)
    rows, columns = cells
    dot = np.zeros(cells, np.float32)
    dot[rows // 2, columns // 3] = 1
    laid = found.map_to_photo(dot, (480, 640))
    y, x = np.indices(laid.shape) + 0.5
    centre = np.array([(x * laid).sum(), (y * laid).sum()]) / laid.sum()
    planted = np.array([(columns // 3 + 0.5) * 64 / columns, (rows // 2 + 0.5) * 64 / rows])
    cell = found.photo_pixels * 64 / max(cells)
    assert np.linalg.norm(centre - found.to_photo(planted)) < 0.05 * cell
    assert np.linalg.norm(centre - found.to_photo(planted)) < 0.5


def test_constant_map_covers_the_crop_and_nothing_else():
    found = alignment()
    laid = found.map_to_photo(np.ones((12, 12), np.float32), (480, 640))
    y, x = np.indices(laid.shape) + 0.5
    places = found.to_crop(np.stack([x, y], axis=-1))
    inside = ((places > 0) & (places < 64)).all(axis=-1)
    assert set(np.unique(laid)) <= {0.0, 1.0}
    assert (laid > 0).sum() == pytest.approx(inside.sum(), rel=0.002)


def test_map_finer_than_the_photo_is_averaged():
    found = Alignment(np.array([[4.0, 0, 0], [0, 4.0, 0]]), 64)  # a face of 16 photo pixels
    dot = np.zeros((64, 64), np.float32)
    dot[21, 37] = 1
    laid = found.map_to_photo(dot, (20, 20))
    assert laid[5, 9] == pytest.approx(1 / 16)  # not missed between two photo pixels
    assert laid.shape == (20, 20)


def test_face_outside_the_photo_lays_nothing():
    assert alignment((-500.0, -500.0)).map_to_photo(np.ones((12, 12), np.float32), (48, 64)).sum() == 0


def test_missing_points_are_refused():
    points = landmarks_at((100.0, 100.0), 80.0, 0.0)
    points[30] = np.nan
    with pytest.raises(BadFaces, match="missing"):
        align(points, 48)
    with pytest.raises(BadFaces, match="one place"):
        align(np.ones((68, 2)), 48)


def test_points_that_alignment_does_not_use_may_be_missing():
    points = landmarks_at((100.0, 100.0), 80.0, 0.0)
    points[0] = np.nan
    assert np.isfinite(align(points, 48).matrix).all()
