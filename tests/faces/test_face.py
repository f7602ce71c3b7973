"""What every back end promises."""

import numpy as np
import pytest

from facsight.core.errors import BadFaces
from facsight.faces.face import Face, check_pixels


def test_area_of_the_box():
    missing = np.full((68, 2), np.nan, np.float32)
    face = Face((10.0, 20.0, 40.0, 60.0), 0.9, missing, np.zeros(68, bool))
    assert face.area == 30 * 40


def test_accepts_an_rgb_photo():
    check_pixels(np.zeros((1, 1, 3), np.uint8))


@pytest.mark.parametrize(
    ("pixels", "found"),
    [
        (np.zeros((4, 4), np.uint8), r"uint8 of shape \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((3, 4, 4), np.uint8), r"\(3, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.full((4, 4, 3), np.nan), "float64"),
        ("photo.jpg", "found str; see read_photo"),
    ],
)
def test_refuses_anything_else(pixels, found):
    with pytest.raises(BadFaces, match=found):
        check_pixels(pixels)
