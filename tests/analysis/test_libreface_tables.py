"""Tables in LibreFace's documented format, with numbers of our own."""

import numpy as np
import pytest

from facsight.analysis.other_tables import read_libreface
from facsight.core.errors import BadLabels
from facsight.faces.face import HeadPose
from facsight.faces.pose import mean_mesh, rotation_of

HEADER = "frame_idx,frame_time_in_ms,pitch,yaw,roll,lm_mp_0_x,au_1,au_12,au_12_intensity,facial_expression"


@pytest.fixture
def read(tmp_path):
    """Reads a table of these lines."""

    def read(*lines):
        (tmp_path / "talk.csv").write_text("\n".join(lines) + "\n")
        return read_libreface(tmp_path / "talk.csv")

    return read


def test_a_row(read):
    row = read(HEADER, "4,0.16,5,-8,3,0.5,0,1,2.5,Happiness").row(0, named=True)
    assert (row["file"], row["frame"], row["face"], row["status"]) == ("talk", 4, 1, "ok")
    assert (row["AU01_presence"], row["AU12_presence"], row["AU12_intensity"]) == (0, 1, 2.5)
    assert row["label"] == "happiness"
    assert (row["pitch"], row["yaw"]) == (5, 8)


def test_it_tells_the_likeliest_expression_only(read):
    columns = read(HEADER, "0,0,5,-8,3,0.5,0,1,2.5,Happiness").columns
    assert not [name for name in columns if name.startswith("expression_")]


def test_what_cannot_be_put_into_our_units_is_left_out(read):
    """Points are shares of a picture of unknown size; roll does not follow the head."""
    table = read(HEADER, "0,0,5,-8,3,0.5,0,1,2.5,Happiness")
    assert table["roll"].to_list() == [None]
    assert not [name for name in table.columns if name.startswith(("lm_", "x_"))]


@pytest.mark.parametrize("step", [0.04, 40.0])
def test_seconds_that_are_called_milliseconds_and_real_ones(read, step):
    lines = [f"{number},{number * step},0,0,0,0.5,0,1,1,Fear" for number in range(5)]
    assert read(HEADER, *lines)["time"].to_list() == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])


def test_every_label_it_has(read):
    words = ["Neutral", "Happiness", "Sadness", "Surprise", "Fear", "Disgust", "Anger", "Contempt"]
    table = read(HEADER, *(f"{n},{n / 25},0,0,0,0.5,0,1,1,{word}" for n, word in enumerate(words)))
    assert table["label"].to_list() == [word.lower() for word in words]


def test_an_unknown_label_is_named(read):
    with pytest.raises(BadLabels, match="'Hangry'"):
        read(HEADER, "0,0,5,-8,3,0.5,0,1,2.5,Hangry")


def test_a_row_without_a_face(read):
    table = read(HEADER, "0,0,5,-8,3,0.5,0,1,2.5,Fear", "1,0.04,,,,,,,,")
    assert table["status"].to_list() == ["ok", "no_face"]
    assert table["face"].to_list() == [1, None]


def test_a_column_of_row_numbers_without_a_name(read):
    """Tables saved with their index."""
    plain = read(HEADER, "0,0,5,-8,3,0.5,0,1,2.5,Fear")
    assert read("," + HEADER, "0,0,0,5,-8,3,0.5,0,1,2.5,Fear").equals(plain)


def test_a_table_of_a_photo(read):
    row = read("facial_expression,pitch,yaw,roll,au_4,au_4_intensity", "Anger,0,0,0,1,3").row(0, named=True)
    assert (row["label"], row["frame"], row["time"], row["AU04_intensity"]) == ("anger", None, None, 3)


def _angles(pose):
    """What its formula gives for our mean head in this pose, by OpenCV: pitch, yaw, roll.

    Six points, pixels and depth (a share of the picture's width) as the object, the same pixels as the view.
    """
    cv2 = pytest.importorskip("cv2")
    width, height, size = 640, 480, 90
    head = mean_mesh()[[1, 33, 61, 199, 263, 291]] @ rotation_of(pose).T
    pixels = np.trunc(np.array([300, 240]) + size * head[:, :2] * (1, -1))
    solid = np.column_stack([pixels, -size * head[:, 2] / width])
    camera = np.array([[width, 0, height / 2], [0, width, width / 2], [0, 0, 1]], dtype=float)
    _, turn, _ = cv2.solvePnP(solid, pixels, camera, np.zeros((4, 1)))
    return np.array(cv2.RQDecomp3x3(cv2.Rodrigues(turn)[0])[0]) * 360


def test_the_signs_of_its_angles():
    """Its pitch rises as the head does, its yaw falls where ours rises, its roll does not follow the head."""
    turned = {
        name: _angles(HeadPose(**{"yaw": 0.0, "pitch": 0.0, "roll": 0.0, name: 20.0}))
        - _angles(HeadPose(**{"yaw": 0.0, "pitch": 0.0, "roll": 0.0, name: -20.0}))
        for name in ("pitch", "yaw", "roll")
    }
    assert 10 < turned["pitch"][0] < 40
    assert -40 < turned["yaw"][1] < -10
    assert abs(turned["roll"][2]) < 2
