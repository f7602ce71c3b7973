"""What a study makes of its rows over time."""

import json

import polars as pl
import pytest

from facsight.analysis.events import find_events
from facsight.analysis.in_time import Smoothing, smooth
from facsight.analysis.over_time import OverTime
from facsight.analysis.reader import Reader
from facsight.analysis.segments import read_segments
from facsight.analysis.study import analyse_videos, load_study
from planted import PlantedFinder
from planted_video import saved_video

FACES = [1] * 40 + [0] * 30 + [2] * 30


@pytest.fixture
def video(tmp_path):
    return saved_video(tmp_path / "clip.mkv", FACES)


def table(folder):
    return load_study(folder)[0].collect()


def test_raw_columns_stay_and_smoothed_ones_are_those_of_the_function(reader, video, tmp_path):
    smoothing = Smoothing("gaussian", 0.1)
    plain = OverTime(smoothing=Smoothing())
    analyse_videos([video], tmp_path / "plain", reader, over_time=plain)
    analyse_videos([video], tmp_path / "smooth", reader, over_time=OverTime(smoothing))
    raw, smoothed = table(tmp_path / "plain"), table(tmp_path / "smooth")
    assert not [name for name in raw.columns if name.startswith("smooth")]
    expected = smooth(raw, reader.classes, smoothing)
    names = [name for name in expected.columns if not name.startswith("above")]
    assert smoothed.select(names).equals(expected.select(names))


def test_another_smoothing_reads_nothing_again(weights, video, tmp_path):
    finder = PlantedFinder()
    reader = Reader(weights, finder=finder)
    out = tmp_path / "out"
    analyse_videos([video], out, reader)
    first = table(out)
    analyse_videos([video], out, reader, over_time=OverTime(Smoothing("gaussian", 1.0)))
    assert finder.asked == len(FACES)
    analyse_videos([video], out, reader, over_time=OverTime(Smoothing()))
    assert "smooth_label" not in table(out).columns
    analyse_videos([video], out, reader)
    assert table(out).equals(first)


def test_events_baselines_and_the_summary_are_written(reader, video, tmp_path):
    out = tmp_path / "out"
    analyse_videos([video], out, reader, over_time=OverTime(neutral=(0.0, 1.2)))
    rows = table(out)
    events = pl.read_csv(out / "events.csv", schema_overrides={"cut": pl.String})
    expected = find_events(rows, reader.classes)
    assert events["name"].to_list() == expected["name"].to_list()
    assert events["onset"].to_list() == pytest.approx(expected["onset"].to_list(), abs=1e-5)
    usual = pl.read_csv(out / "baselines.csv").filter(track=1)
    own = rows.filter(pl.col("track") == 1, pl.col("time") < 1.2)
    assert usual["frames"].item() == len(own)
    assert usual["usual_anger"].item() == pytest.approx(own["expression_anger"].median(), abs=1e-5)
    summary = pl.read_csv(out / "summary.csv")
    assert summary["track"].to_list() == [1, 2]
    assert summary["seen"].to_list() == pytest.approx([1.6 + 1.2, 1.2], abs=0.05)  # away for 1.2 s between
    assert summary["frames"].to_list() == [70, 30]
    described = json.loads((out / "over-time.columns.json").read_text())
    assert {column["name"] for column in described["events"]} == set(events.columns)


def test_the_csv_file_has_and_describes_the_columns_over_time(reader, video, tmp_path):
    out = tmp_path / "out"
    analyse_videos([video], out, reader, convention="openface")
    names = set(pl.read_csv(out / "readings.csv", infer_schema=False).columns)
    told = {column["name"] for column in json.loads((out / "readings.columns.json").read_text())["columns"]}
    assert names == told
    assert {"timestamp", "smooth_anger", "above_anger"} <= names


def test_segments_are_summed_up(reader, video, tmp_path):
    marks = tmp_path / "marks.csv"
    marks.write_text("start,end,label\n0,0.5,task\n1.7,2.6,empty\n")
    out = tmp_path / "out"
    analyse_videos([video], out, reader, over_time=OverTime(segments=read_segments(marks)))
    found = pl.read_csv(out / "segments.csv")
    assert found.select("label", "track", "frames").rows() == [("task", 1, 13), ("empty", None, 0)]
    assert load_study(out)[1]["over_time"]["segments"] == 2


def test_a_study_without_any_face_has_empty_tables(reader, tmp_path):
    out = tmp_path / "out"
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    analyse_videos([bad, saved_video(tmp_path / "n.mkv", [0] * 5)], out, reader)
    for name in ("events", "baselines", "summary"):
        assert pl.read_csv(out / f"{name}.csv").is_empty()


def test_a_kill_while_columns_are_added_costs_nothing(reader, video, tmp_path, monkeypatch):
    out = tmp_path / "out"
    analyse_videos([video], out, reader)
    first = table(out)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pl.LazyFrame, "sink_parquet", killed)
        with pytest.raises(KeyboardInterrupt):
            analyse_videos([video], out, reader, over_time=OverTime(Smoothing()))
    analyse_videos([video], out, reader)
    assert table(out).equals(first)
