"""Tables of videos in other tools' columns."""

import json
import math

import polars as pl
import pytest

from facsight.analysis.conventions import CONVENTIONS, arrange_frames
from facsight.analysis.frame_table import as_rows
from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos, load_study
from facsight.core.errors import UnknownName
from facsight.faces.face import HeadPose
from planted import PlantedFinder
from planted_video import saved_video

POSE = HeadPose(yaw=30.0, pitch=20.0, roll=10.0)  # to the person's right, up, to the right shoulder
#: Times of the frames (s): no rate, and an offset.
TIMES = [0.5, 0.54, 59.9, 61.2]


@pytest.fixture(scope="module")
def tables(weights, tmp_path_factory):
    """The rows of a video, a frame without a face among them, under each convention."""
    video = saved_video(tmp_path_factory.mktemp("video") / "clip.mkv", [1, 2, 0, 1], times=TIMES)
    reader = Reader(weights, finder=PlantedFinder(pose=POSE))
    rows = as_rows("day1/clip.mkv", reader.read_video(video), reader.classes, reader.action_units)
    made = {}
    for name in CONVENTIONS:
        columns = arrange_frames(name, reader.classes, reader.action_units, landmarks=True).columns
        made[name] = rows.select(expression.alias(column.name) for column, expression in columns)
    return made


def test_openface_counts_frames_from_one_and_people_from_zero(tables):
    table, ours = tables["openface"], tables["facsight"]
    assert table["frame"].to_list() == [1, 2, 2, 3, 4]
    assert table["face_id"].to_list() == [None if track is None else track - 1 for track in ours["track"]]
    assert table["face_id"].to_list()[0] == 0
    assert table["success"].to_list() == [1, 1, 1, 0, 1]


def test_openface_times_are_the_videos_own_in_seconds(tables):
    assert tables["openface"]["timestamp"].to_list() == pytest.approx([0.5, 0.54, 0.54, 59.9, 61.2], abs=1e-3)


def test_the_number_of_the_face_is_said_to_be_its_track():
    (column,) = [c for c, _ in arrange_frames("openface", (), ()).columns if c.name == "face_id"]
    assert "track - 1" in column.meaning


def test_openface_head_turns_in_radians_with_its_signs(tables):
    row = tables["openface"].row(0, named=True)
    told = [math.degrees(row[name]) for name in ("pose_Rx", "pose_Ry", "pose_Rz")]
    assert told == pytest.approx([-20, 30, -10])


def test_pyfeat_counts_frames_from_zero_and_tells_the_clock(tables):
    table = tables["pyfeat"]
    assert table["frame"].to_list() == [0, 1, 1, 2, 3]
    assert table["approx_time"].to_list() == ["00:00", "00:00", "00:00", "00:59", "01:01"]
    assert table["time"].to_list() == pytest.approx([0.5, 0.54, 0.54, 59.9, 61.2], abs=1e-3)
    assert table["input"].unique().to_list() == ["day1/clip.mkv"]


def test_pyfeat_tells_the_size_of_the_frame(tables):
    assert tables["pyfeat"].select("FrameHeight", "FrameWidth").row(0) == (200, 320)


def test_pyfeat_names_are_those_of_a_real_table_of_a_video(tables, shared_data):
    real = set((shared_data / "au_series/001.csv").read_text().split("\n")[0].split(","))
    theirs = {"input", "frame", "approx_time", "FaceRectX", "FaceScore", "Pitch", "FrameHeight", "FrameWidth"}
    assert theirs <= real
    assert theirs <= set(tables["pyfeat"].columns)


@pytest.mark.parametrize("name", ["openface", "pyfeat"])
def test_their_landmarks_count_from_the_centre_of_the_first_pixel(tables, name):
    for point in ("x_5", "y_5"):
        shifted = (tables["facsight"][point] - 0.5).to_list()
        assert tables[name][point].to_list() == pytest.approx(shifted, nan_ok=False)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_what_only_frames_have_is_kept(tables, name):
    kept = set(tables[name].columns)
    assert {"shot", "track", "face", "status", "label", "detected", "evidence_AU12"} <= kept
    assert len(kept) == len(tables[name].columns)


@pytest.mark.parametrize("name", ["openface", "pyfeat"])
def test_what_we_do_not_measure_is_absent(tables, name):
    made_up = ("AU", "gaze", "pose_T", "eye_lmk", "X_", "valence", "Identity")
    assert not [column for column in tables[name].columns if column.startswith(made_up)]


@pytest.mark.parametrize("name", ["openface", "pyfeat"])
def test_a_frame_without_a_face_has_empty_cells(tables, name):
    row = tables[name].row(3, named=True)
    measured = [value for column, value in row.items() if column.startswith(("x_", "pose_", "Face", "Yaw"))]
    assert set(measured) == {None}


def test_only_the_csv_of_a_study_is_renamed(reader, tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1, 0, 1])
    analyse_videos([video], tmp_path / "out", reader, convention="openface")
    table = pl.read_csv(tmp_path / "out" / "readings.csv")
    assert table["timestamp"].to_list() == pytest.approx([0, 0.04, 0.08])
    described = json.loads((tmp_path / "out" / "readings.columns.json").read_text())
    assert described["convention"] == "openface"
    assert [column["name"] for column in described["columns"]] == table.columns
    rows, _ = load_study(tmp_path / "out")
    assert {"time", "yaw"} <= set(rows.collect_schema().names())


def test_an_unknown_convention_is_refused_before_anything_is_written(reader, tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'openface'"):
        analyse_videos([tmp_path / "clip.mkv"], tmp_path / "out", reader, convention="openfaces")
    assert not (tmp_path / "out").exists()
