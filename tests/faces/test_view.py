"""Parts of a photo and the way back."""

import numpy as np
import pytest

from facsight.faces.view import View, square_around, whole

PHOTO = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)


def test_whole_photo_is_the_photo():
    view = whole(PHOTO)
    np.testing.assert_array_equal(view.pixels(PHOTO), PHOTO)
    assert view.to_photo(np.array([3.25, 1.5])).tolist() == [3.25, 1.5]


def test_cut_out():
    view = View(2, 1, 6, 4)
    np.testing.assert_array_equal(view.pixels(PHOTO), PHOTO[1:4, 2:6])
    assert view.to_photo(np.array([0.0, 0.0])).tolist() == [2, 1]


def test_border_pixels_are_repeated_beyond_the_photo():
    pixels = View(-2, -1, 9, 6).pixels(PHOTO)
    assert pixels.shape == (7, 11, 3)
    np.testing.assert_array_equal(pixels[1:, 2:10], PHOTO)
    np.testing.assert_array_equal(pixels[0, 0], PHOTO[0, 0])
    np.testing.assert_array_equal(pixels[3, 10], PHOTO[2, 7])


def test_shrinking_averages_squares():
    photo = np.zeros((4, 4, 3), np.uint8)
    photo[0, 0] = 200
    shrunk = whole(photo).shrunk(2)
    assert shrunk.pixels(photo)[..., 0].tolist() == [[50, 0], [0, 0]]
    assert shrunk.to_photo(np.array([1.0, 1.0])).tolist() == [2, 2]


@pytest.mark.parametrize("factor", [8, 9, 10, 11, 32])
@pytest.mark.parametrize("size", [(640, 640), (333, 517), (641, 353)])
def test_strong_shrinking_is_nearly_the_mean_and_stays_in_place(factor, size):
    rows, columns = np.indices(size)
    photo = np.stack([columns * 255 / size[1], rows * 255 / size[0], rows * 0], axis=-1).astype(np.uint8)
    shrunk = whole(photo).shrunk(factor).pixels(photo)
    full = (size[0] // factor, size[1] // factor)
    assert shrunk.shape[:2] == (-(-size[0] // factor), -(-size[1] // factor))
    squares = photo[: full[0] * factor, : full[1] * factor]
    means = squares.reshape(full[0], factor, full[1], factor, 3).mean(axis=(1, 3))
    # a step of the grid in this gradient is at most 8 pixels of 255 / 353 each
    assert np.abs(shrunk[: full[0], : full[1]] - means).max() < 0.5 * 8 * 255 / 353 + 1


def test_shrinking_keeps_the_photos_border_between_pixels():
    view = View(-3, -1, 9, 7).shrunk(4)
    assert (view.left, view.top) == (-4, -4)
    pixels = view.pixels(np.full((7, 9, 3), 9, np.uint8))
    assert pixels.shape[:2] == (3, 4)  # 11 rows and 13 columns by 4, the last ones cut


def test_shrunk_to_leaves_at_least_the_side():
    assert View(0, 0, 1000, 400).shrunk_to(384).shrink == 2
    assert View(0, 0, 700, 400).shrunk_to(384).shrink == 1


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
@pytest.mark.parametrize("shrink", [1, 3])
def test_a_dot_is_where_the_coordinates_say(quarter_turns, shrink):
    photo = np.zeros((64, 91, 3), np.uint8)
    photo[30:33, 54:57] = 255  # 3 x 3 pixels around (55.5, 31.5)
    view = View(-7, 6, 80, 70).turned(quarter_turns).shrunk(shrink)
    seen = view.pixels(photo)[..., 0].astype(float)
    rows, columns = np.indices(seen.shape) + 0.5
    centre = np.array([(columns * seen).sum(), (rows * seen).sum()]) / seen.sum()
    np.testing.assert_allclose(view.from_photo(np.array([55.5, 31.5])), centre, atol=1e-6)
    np.testing.assert_allclose(view.to_photo(centre), [55.5, 31.5], atol=1e-6)


def test_turning_four_times_is_not_turning():
    assert View(0, 0, 3, 4).turned(3).turned(1) == View(0, 0, 3, 4)


def test_frame_is_a_share_of_the_longer_side():
    assert View(0, 0, 100, 50).framed(0.35) == View(-35, -35, 135, 85)


def test_square_is_around_the_point_and_never_empty():
    assert square_around((10.2, 20.0), 8.0) == View(6, 16, 14, 24)
    assert square_around((0.0, 0.0), 0.1).long_side == 2


@pytest.mark.parametrize("factor", [2, 3, 9])
def test_pixels_with_gaps_shrink_like_their_copy(factor):
    photo = np.random.default_rng(4).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    turned = photo.transpose(1, 0, 2)[::-1]
    view = View(9, 18, 81, 63).shrunk(factor)
    np.testing.assert_array_equal(view.pixels(turned), view.pixels(turned.copy()))
