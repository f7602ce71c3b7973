"""The conventions are those of files that the tools wrote, not of our memory."""

import math

import polars as pl
import pytest

from facsight.analysis.conventions import CONVENTIONS, arrange
from facsight.analysis.reader import Reader
from facsight.analysis.table import as_frame, write_tables
from facsight.faces.face import HeadPose
from planted import PlantedFinder, saved_photo

POSE = HeadPose(yaw=30.0, pitch=20.0, roll=10.0)  # to the person's right, up, to the right shoulder


@pytest.fixture
def tables(weights, tmp_path):
    reader = Reader(weights, finder=PlantedFinder(pose=POSE))
    photos = [saved_photo(tmp_path / "a.png", 2), saved_photo(tmp_path / "b.png", 0)]
    frame = as_frame(enumerate(reader.read_many(photos), 1), reader.classes, reader.action_units)
    made = {}
    for name in CONVENTIONS:
        write_tables(frame.lazy(), tmp_path, reader.classes, reader.action_units, convention=name)
        made[name] = pl.read_parquet(tmp_path / "readings.parquet")
    return made | {"record": frame}


def test_openface_names_are_those_of_a_real_openface_file(tables, shared_data):
    real = {
        c.strip()
        for c in (shared_data / "samples/tables/OpenFace_Test.csv").read_text().split("\n")[0].split(",")
    }
    theirs = {"frame", "confidence", "success", "pose_Rx", "pose_Ry", "pose_Rz"}
    theirs |= {f"{axis}_{point}" for axis in "xy" for point in range(68)}
    assert theirs <= real
    assert theirs | {"face_id"} <= set(tables["openface"].columns)


def test_pyfeat_names_are_those_of_a_real_pyfeat_file(tables, shared_data):
    real = set((shared_data / "samples/tables/Feat_Test.csv").read_text().split("\n")[0].split(","))
    theirs = {"frame", "input", "FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore"}
    theirs |= {
        "Pitch",
        "Roll",
        "Yaw",
        "anger",
        "disgust",
        "fear",
        "happiness",
        "sadness",
        "surprise",
        "neutral",
    }
    assert theirs <= real
    assert theirs <= set(tables["pyfeat"].columns)


@pytest.mark.parametrize("name", ["openface", "pyfeat"])
def test_what_we_do_not_measure_is_absent(tables, name):
    """No AU intensity or presence, no gaze, no millimetres under the tool's own names."""
    made_up = [
        c for c in tables[name].columns if c.startswith(("AU", "gaze", "pose_T", "eye_lmk", "X_", "valence"))
    ]
    assert made_up == []


def test_openface_counts_frames_from_one_and_faces_from_zero(tables):
    assert tables["openface"]["frame"].to_list() == [1, 1, 2]
    assert tables["openface"]["face_id"].to_list() == [0, 1, None]
    assert tables["openface"]["success"].to_list() == [1, 1, 0]


def test_pyfeat_counts_frames_from_zero(tables):
    assert tables["pyfeat"]["frame"].to_list() == [0, 0, 1]


def test_openface_head_turns_in_radians_with_its_signs(tables):
    """Rotations of a camera frame (x right, y down, z away), so that looking up is a negative Rx, turning to
    one's right a positive Ry, a clockwise tilt in the picture a positive Rz (its wiki, and its issue 966)."""
    row = tables["openface"].row(0, named=True)
    told = [math.degrees(row[name]) for name in ("pose_Rx", "pose_Ry", "pose_Rz")]
    assert told == pytest.approx([-20, 30, -10])


def test_pyfeat_head_turns_in_radians_with_its_signs(tables):
    row = tables["pyfeat"].row(0, named=True)
    assert [math.degrees(row[name]) for name in ("Pitch", "Yaw", "Roll")] == pytest.approx([20, 30, 10])


@pytest.mark.parametrize("name", ["openface", "pyfeat"])
def test_their_landmarks_count_from_the_centre_of_the_first_pixel(tables, name):
    ours = tables["record"]["landmarks"][0]
    assert tables[name]["x_5"][0] == pytest.approx(ours[10] - 0.5)
    assert tables[name]["y_5"][0] == pytest.approx(ours[11] - 0.5)


def test_pyfeat_boxes_have_a_width_and_a_height(tables):
    row, ours = tables["pyfeat"].row(0, named=True), tables["facsight"].row(0, named=True)
    assert row["FaceRectX"] + row["FaceRectWidth"] == pytest.approx(ours["box_x1"])
    assert row["FaceRectY"] + row["FaceRectHeight"] == pytest.approx(ours["box_y1"])


def test_pyfeat_emotions_with_contempt_sum_to_one(tables):
    names = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt")
    assert sum(tables["pyfeat"][name][0] for name in names) == pytest.approx(1)


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_every_convention_keeps_file_label_and_status(tables, name):
    kept = set(tables[name].columns)
    assert {"status", "label", "uncertainty", "sentence", "evidence_AU12"} <= kept
    assert kept & {"file", "input"}


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_no_column_comes_twice(name):
    names = [
        column.name for column, _ in arrange(name, ("neutral", "happiness"), (6, 12), landmarks=True).columns
    ]
    assert len(set(names)) == len(names)
