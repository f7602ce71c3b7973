"""Tables in the format of py-feat's two detectors, with numbers of our own, and some that py-feat wrote."""

import math

import numpy as np
import polars as pl
import pytest

from facsight.analysis.other_tables import read_pyfeat
from facsight.core.errors import BadTable
from facsight.faces.pose import head_pose

FACE = {"FaceRectX": 10, "FaceRectY": 20, "FaceRectWidth": 30, "FaceRectHeight": 40, "FaceScore": 0.9}
FIRST = {"anger": 0.1, "disgust": 0, "fear": 0, "happiness": 0.7, "sadness": 0, "surprise": 0, "neutral": 0.2}
SECOND = {"Neutral": 0.2, "Happy": 0.7, "Sad": 0, "Surprise": 0, "Fear": 0, "Disgust": 0, "Anger": 0.1}
TURNS = {"Pitch": 0.1, "Roll": 0.2, "Yaw": -0.3}


@pytest.fixture
def read(tmp_path):
    """Reads a table of these rows."""

    def read(*rows):
        pl.DataFrame(rows, strict=False).write_csv(tmp_path / "feat.csv")
        return read_pyfeat(tmp_path / "feat.csv")

    return read


@pytest.mark.parametrize("spelling", [FIRST, SECOND])
def test_both_spellings_of_emotions(read, spelling):
    row = read(FACE | spelling | {"input": "a/b.mp4", "frame": 3}).row(0, named=True)
    told = {name.removeprefix("expression_"): row[name] for name in row if name.startswith("expression_")}
    assert told == FIRST
    assert row["label"] == "happiness"
    assert (row["file"], row["frame"], row["status"]) == ("a/b.mp4", 3, "ok")


def test_contempt_which_it_lacks_is_not_made_up(read):
    assert "expression_contempt" not in read(FACE | FIRST).columns


def test_a_box_has_edges(read):
    assert read(FACE).select(pl.col("^box_.*$")).row(0) == (10, 20, 40, 60)


def test_action_units_are_probabilities(read):
    row = read(FACE | {"AU01": 0.25, "AU43": 0.5, "valence": -0.5, "arousal": 0.125}).row(0, named=True)
    assert (row["AU01_probability"], row["AU43_probability"]) == (0.25, 0.5)
    assert (row["valence"], row["arousal"]) == (-0.5, 0.125)


def test_points_count_from_the_corner_of_the_picture(read):
    assert read(FACE | {"x_0": 4.0, "y_67": 2.5}).select("x_0", "y_67").row(0) == (4.5, 3.0)


def test_radians_become_degrees(read):
    row = read(FACE | TURNS | FIRST).row(0, named=True)
    told = [math.radians(row[name]) for name in ("pitch", "roll", "yaw")]
    assert told == pytest.approx([0.1, 0.2, -0.3])


def test_a_raised_head_is_positive_to_the_first_detector_and_negative_to_the_second(read):
    assert read(FACE | TURNS | FIRST)["pitch"][0] > 0 > read(FACE | TURNS | SECOND)["pitch"][0]


def test_old_tables_have_degrees(read):
    """Twenty rows within 1.5 degrees, and a fifth more beyond: no head turns by so many quarter turns."""
    rows = [FACE | {"Pitch": 1.0, "Roll": 12.0, "Yaw": -1.0}] * 20 + [
        FACE | {"Pitch": 1.0, "Roll": 0, "Yaw": 9}
    ] * 5
    table = read(*rows)
    assert table["yaw"].to_list() == pytest.approx([-1.0] * 20 + [9.0] * 5)
    assert table["roll"][0] == pytest.approx(12)


def test_one_wild_row_does_not_turn_radians_into_degrees(read):
    table = read(*[FACE | TURNS] * 19, FACE | TURNS | {"Yaw": 2.0})
    assert table["yaw"][0] == pytest.approx(math.degrees(-0.3))


def test_a_frame_without_a_face_is_a_row_without_numbers(read):
    empty = dict.fromkeys(FACE, math.nan) | {"FaceScore": 0.0}
    row = read(FACE | FIRST | {"frame": 0}, empty | dict.fromkeys(FIRST, 0.5) | {"frame": 1}).row(
        1, named=True
    )
    assert row["status"] == "no_face"
    assert {name for name, value in row.items() if value is not None} == {"file", "frame", "status"}


def test_faces_of_a_frame_are_numbered_from_the_largest(read):
    large = FACE | {"FaceRectWidth": 100}
    table = read(FACE | {"frame": 0}, large | {"frame": 0}, FACE | {"frame": 1})
    assert table["face"].to_list() == [2, 1, 1]


def test_whole_seconds_are_no_times(read):
    table = read(FACE | {"frame": 0, "approx_time": "00:00"}, FACE | {"frame": 9, "approx_time": "00:00"})
    assert table["time"].null_count() == 2


def test_per_cent_become_shares(read):
    row = read(FACE | {name: value * 100 for name, value in FIRST.items()}).row(0, named=True)
    assert row["expression_happiness"] == pytest.approx(0.7)
    assert row["expression_neutral"] == pytest.approx(0.2)


@pytest.mark.parametrize("wrong", [-0.5, 400.0])
def test_what_is_neither_share_nor_per_cent_is_refused(read, wrong):
    with pytest.raises(BadTable, match="expression_happiness"):
        read(FACE | FIRST | {"happiness": wrong})


def test_an_emotion_in_two_spellings_is_refused(read):
    with pytest.raises(BadTable, match=r"several columns for happiness: .*Happy"):
        read(FACE | FIRST | {"Happy": 0.5})


def test_a_table_without_a_name_for_its_input_is_called_like_itself(read):
    assert read(FACE)["file"].to_list() == ["feat"]


def test_a_real_table_of_the_first_detector(shared_data):
    """Its angles, 4.9 for yaw, are in degrees."""
    row = read_pyfeat(shared_data / "samples/tables/Feat_Test.csv").row(0, named=True)
    assert row["yaw"] == pytest.approx(4.869261661069506)
    assert row["pitch"] == pytest.approx(0.9682316544581394)
    assert row["label"] == "happiness"
    assert row["box_x1"] == pytest.approx(196.97684 + 173.81049)
    assert sum(value for name, value in row.items() if name.startswith("expression_")) == pytest.approx(
        1, abs=1e-6
    )
    assert sum(name.endswith("_probability") for name in row) == 20


def test_real_angles_of_the_second_detector_go_with_the_mesh_of_the_same_row(shared_data):
    """The sign of each angle is that of our own estimate from the table's mesh."""
    read, seen = [], []
    for number in (1, 2, 10):
        path = shared_data / f"au_series/{number:03}.csv"
        read.append(read_pyfeat(path).select("yaw", "pitch", "roll").to_numpy())
        axes = [pl.read_csv(path).select(pl.col(f"^mesh_{axis}_.*$")).to_numpy() for axis in "xyz"]
        poses = [head_pose(mesh) for mesh in np.stack(axes, axis=-1).astype(np.float32)]
        seen += [(pose.yaw, pose.pitch, pose.roll) for pose in poses]
    for told, ours in zip(np.concatenate(read).T, np.array(seen).T, strict=True):
        assert np.corrcoef(told, ours)[0, 1] > 0.9


def test_a_real_table_of_a_video(shared_data):
    table = read_pyfeat(shared_data / "au_series/001.csv")
    theirs = pl.read_csv(shared_data / "au_series/001.csv")
    assert table["frame"].to_list() == theirs["frame"].to_list()
    assert set(table["file"]) == {"001.mp4"}
    assert set(table["face"]) == {1}
    assert table["expression_happiness"].to_list() == pytest.approx(theirs["Happy"].to_list())
    assert table["AU12_probability"].to_list() == pytest.approx(theirs["AU12"].to_list())
    assert table["x_30"].to_list() == pytest.approx((theirs["x_30"] + 0.5).to_list())
