import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from facsight.report.colours import paint
from facsight.report.pictures import FACE_SIDE, attention_picture, data_uri, enlarged, shrunk, unit_picture


@pytest.mark.parametrize(
    ("size", "expected"), [((2000, 1000), (880, 440)), ((10, 8800), (1, 880)), ((40, 30), (40, 30))]
)
def test_photos_keep_their_shape_within_the_longest_side(size, expected):
    assert shrunk(np.zeros((*size, 3), np.uint8)).shape == (*expected, 3)


def test_shrinking_smooths():
    checks = (np.indices((1760, 1760)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = shrunk(np.repeat(checks[..., None], 3, axis=2))
    assert abs(small.astype(int) - 127).max() <= 1


def test_maps_are_enlarged_within_their_range_and_in_place():
    values = np.zeros((12, 12))
    values[2, 9] = 1.0
    large = enlarged(values, 120)
    assert (large.min(), large.max()) == (0, pytest.approx(1, abs=0.1))
    row, column = np.unravel_index(large.argmax(), large.shape)
    assert (row // 10, column // 10) == (2, 9)


def test_attention_is_stretched_and_action_units_are_not():
    values = np.array([[0.2, 0.4], [0.3, 0.2]])
    assert (attention_picture(None, values) == paint(enlarged((values - 0.2) / 0.2))).all()
    assert (unit_picture(None, values) == paint(enlarged(values))).all()


def test_without_a_face_the_map_stands_alone():
    assert unit_picture(None, np.zeros((12, 12))).shape == (FACE_SIDE, FACE_SIDE, 3)


def test_pictures_travel_inside_links():
    picture = np.zeros((8, 16, 3), np.uint8)
    kind, data = data_uri(picture).split(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(BytesIO(base64.b64decode(data))).size == (16, 8)
