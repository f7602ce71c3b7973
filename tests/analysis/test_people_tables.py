"""A study whose people are told apart: its tables are about people, and nothing of a face is kept."""

import json

import numpy as np
import polars as pl
import pytest

from facsight.analysis.baseline import baselines
from facsight.analysis.events import find_events
from facsight.analysis.frame_table import summary
from facsight.analysis.in_time import Smoothing
from facsight.analysis.over_time import OverTime
from facsight.analysis.per_person import summarise
from facsight.analysis.reader import Reader
from facsight.analysis.same_person import SamePerson
from facsight.analysis.segments import read_segments, summarise_by_segments
from facsight.analysis.study import analyse_videos, load_study
from facsight.analysis.time_columns import (
    PERSON,
    baseline_columns,
    event_columns,
    person_columns,
    schema,
    segment_summary_columns,
)
from planted import PlantedFinder
from planted_people import ColourEmbedder, people_video
from planted_rows import CLASSES, interleaved, smiling, video_rows

#: An interview that is cut between two people, who are seen together once.
INTERVIEW = [(1, [0]), (2, [3]), (1, [0]), (3, [3, 0]), (2, [3])]
WHO = [0, 3, 0, 3, 0, 3]


@pytest.fixture
def video(tmp_path):
    return people_video(tmp_path / "interview.mkv", INTERVIEW)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def told(embedder=None, **options):
    return SamePerson(embedder or ColourEmbedder(), **options)


def people_of(out):
    return pl.read_csv(out / "people.csv")


def test_an_interview_that_is_cut_has_two_people(reader, video, out):
    analyse_videos([video], out, reader, people=told())
    people = people_of(out)
    assert people["file"].unique().to_list() == [str(video)]
    assert people["track"].to_list() == [1, 2, 3, 4, 5, 6]
    assert people["person"].to_list() == [1, 2, 1, 2, 1, 2]
    assert people["sure"].to_list() == [1] * 6
    assert people["frames"].to_list() == [12] * 6
    rows = load_study(out)[0].collect()
    expected = rows["track"].replace_strict(people["track"], people["person"], default=None)
    assert rows["person"].equals(expected.cast(pl.Int32).rename("person"))
    names = set(pl.read_csv(out / "readings.csv", infer_schema=False).columns)
    described = json.loads((out / "readings.columns.json").read_text())["columns"]
    assert names == {column["name"] for column in described}
    assert "person" in names


def test_the_tables_are_about_people(reader, video, out):
    marks = out.parent / "marks.csv"
    marks.write_text("start,end,label\n0,2,talk\n")
    analyse_videos([video], out, reader, people=told(), over_time=OverTime(segments=read_segments(marks)))
    summed = pl.read_csv(out / "summary.csv")
    assert summed.select("person", "tracks", "frames").rows() == [(1, 3, 36), (2, 3, 36)]
    usual = pl.read_csv(out / "baselines.csv")
    assert usual.select("person", "frames").rows() == [(1, 36), (2, 36)]
    assert usual["reason"].str.contains("needed").sum() == 0  # of one track of 12 frames none could be taken
    rows = load_study(out)[0].collect()
    own = rows.filter(person=2)
    assert usual["usual_anger"][1] == pytest.approx(own["expression_anger"].median(), abs=1e-5)
    above = own["smooth_anger"] - own["expression_anger"].median()
    np.testing.assert_allclose(own["above_anger"], above, atol=1e-9)
    assert pl.read_csv(out / "segments.csv").select("person", "frames").rows() == [(1, 36), (2, 26)]
    events = pl.read_csv(out / "events.csv", infer_schema=False)
    assert events.columns[:3] == ["file", "track", "person"]
    described = json.loads((out / "over-time.columns.json").read_text())
    for name in ("events", "baselines", "segments", "people"):
        assert [column["name"] for column in described[name]] == pl.read_csv(out / f"{name}.csv").columns


def test_without_being_asked_nobody_is_told_apart(reader, video, out):
    analyse_videos([video], out, reader, people=told())
    assert load_study(out)[1]["people"] == told().describe()
    analyse_videos([video], out, reader)
    assert not (out / "people.csv").exists()
    assert load_study(out)[1]["people"] is None
    assert "person" not in load_study(out)[0].collect_schema()
    assert pl.read_csv(out / "summary.csv")["track"].to_list() == [1, 2, 3, 4, 5, 6]
    assert b'"similarity"' not in b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())


def test_what_was_told_is_not_told_again_and_nothing_is_read_again(weights, video, out):
    finder, embedder = PlantedFinder(), ColourEmbedder()
    reader = Reader(weights, finder=finder)
    analyse_videos([video], out, reader, people=told(embedder))
    first, asked, read = (out / "people.csv").read_bytes(), embedder.asked, finder.asked
    rows = load_study(out)[0].collect()
    analyse_videos([video], out, reader, people=told(embedder))
    assert (out / "people.csv").read_bytes() == first
    assert load_study(out)[0].collect().equals(rows)
    analyse_videos([video], out, reader, people=told(embedder), over_time=OverTime(Smoothing()))
    assert (out / "people.csv").read_bytes() == first
    assert (embedder.asked, finder.asked) == (asked, read)


@pytest.mark.parametrize("across", [False, True])
def test_a_run_that_was_stopped_while_people_were_told_ends_with_the_same_tables(
    weights, tmp_path, video, across
):
    more = people_video(tmp_path / "more.mkv", [(4, [3]), (5, [1])])
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    reader = Reader(weights, finder=PlantedFinder())
    analyse_videos([video, more], whole, reader, people=told(across=across))

    class Stopping(ColourEmbedder):
        def embed(self, picture, landmarks):
            if self.asked > 80:  # in the second video
                raise KeyboardInterrupt
            return super().embed(picture, landmarks)

    stopping = Stopping()
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([video, more], broken, reader, people=told(stopping, across=across))
    assert not (broken / "people.csv").exists()
    again = ColourEmbedder()
    finder = PlantedFinder()
    analyse_videos([video, more], broken, Reader(weights, finder=finder), people=told(again, across=across))
    assert finder.asked == 0
    assert again.asked == (72 + 24 if across else 24)  # each video is told once
    for name in ("people.csv", "summary.csv", "events.csv", "baselines.csv", "readings.csv"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_across_a_study_a_number_is_one_person(reader, tmp_path, video, out):
    more = people_video(tmp_path / "more.mkv", [(4, [3]), (5, [1]), (6, [0, 3])])
    analyse_videos([video, more], out, reader, people=told())
    assert people_of(out)["person"].to_list()[6:] == [1, 2, 3, 1]  # anew in each video
    analyse_videos([video, more], out, reader, people=told(across=True))
    assert people_of(out)["person"].to_list() == [1, 2, 1, 2, 1, 2, 2, 3, 1, 2]
    assert pl.read_csv(out / "summary.csv")["person"].to_list() == [1, 2, 1, 2, 3]


def test_a_study_grows_and_only_what_is_new_is_looked_at(reader, tmp_path, video, out):
    more = people_video(tmp_path / "more.mkv", [(4, [3])])
    embedder, looked = ColourEmbedder(), []
    analyse_videos([video], out, reader, people=told(embedder))
    analyse_videos([video, more], out, reader, people=told(embedder), on_people=looked.append)
    assert looked == [more]
    looked.clear()
    analyse_videos([video, more], out, reader, people=told(across=True), on_people=looked.append)
    assert looked == [video, more]


def test_no_embedding_is_written_anywhere(reader, video, out):
    class Remembering(ColourEmbedder):
        given: list[np.ndarray]

        def embed(self, picture, landmarks):
            found = super().embed(picture, landmarks)
            self.given += list(found)
            return found

    embedder = Remembering()
    embedder.given = []
    analyse_videos([video], out, reader, people=told(embedder, across=True))
    content = b"".join(file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file())
    assert b'"sure"' in content  # what was told is there, in the metadata of the table
    for vector in embedder.given:
        for kind in ("<f8", "<f4"):
            assert vector.astype(kind).tobytes() not in content
        assert not any(f"{value:.6f}".encode() in content for value in vector)


def test_bad_videos_and_those_without_a_face_change_nothing(reader, tmp_path, video, out):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    empty = people_video(tmp_path / "empty.mkv", [(1, [])])
    outcome = analyse_videos([bad, empty, video], out, reader, people=told(across=True))
    assert [one.file for one in outcome.failed] == [str(bad)]
    assert people_of(out)["person"].to_list() == [1, 2, 1, 2, 1, 2]
    analyse_videos([bad, empty], out, reader, people=told())
    assert people_of(out).is_empty()
    assert pl.read_csv(out / "summary.csv").is_empty()


def with_person(rows, people):
    person = pl.col("track").replace_strict(people, default=None, return_dtype=pl.Int32)
    return rows.with_columns(person=person)


def test_one_person_in_two_tracks_by_hand():
    """A second of a smile after a cut; seen for 2 s and 3 s, at rest in all frames but those of the smile."""
    at = [frame / 10 for frame in range(20)]
    one = video_rows(at, smiling([0.2] * 20), track=1, shot=1)
    late = [5 + frame / 10 for frame in range(30)]
    two = video_rows(late, smiling([0.2] * 10 + [0.9] * 10 + [0.2] * 10), track=3, shot=2)
    other = video_rows(at, smiling([0.6] * 20), track=2, shot=1)
    rows = with_person(interleaved(one, other, two), {1: 1, 2: 2, 3: 1})
    events = find_events(rows, CLASSES)
    assert events.select("track", "person", "name").rows() == [(2, 2, "happiness"), (3, 1, "happiness")]
    table = summarise(rows, events, CLASSES)
    assert table.select("person", "seen", "events_happiness").rows() == [
        (1, pytest.approx(5.0), 1),
        (2, pytest.approx(2.0), 1),
    ]
    assert table["per_minute_happiness"].to_list() == pytest.approx([60 / 5, 60 / 2])
    assert table["first_event_happiness"][0] == pytest.approx(events.filter(person=1)["onset"][0])
    usual = baselines(rows, CLASSES)
    assert usual.select("person", "frames").rows() == [(1, 50), (2, 20)]
    assert usual["usual_happiness"].to_list() == [pytest.approx(0.2), None]
    assert summary(rows.lazy(), CLASSES).select("person", "tracks", "frames").rows() == [
        (1, 2, 50),
        (2, 1, 20),
    ]


def test_the_tables_have_their_columns():
    rows = with_person(video_rows([0.0, 0.1, 0.2], smiling([0.9] * 3)), {1: 7})
    for some in (rows, rows[:0]):
        events = find_events(some, CLASSES)
        assert dict(events.schema) == schema(event_columns(PERSON))
        assert dict(summarise(some, events, CLASSES).schema) == schema(person_columns(CLASSES, PERSON))
        assert dict(baselines(some, CLASSES).schema) == schema(baseline_columns(CLASSES, [], PERSON))
        marks = pl.DataFrame({"file": [None], "tier": [None], "label": ["x"], "start": [0.0], "end": [1.0]})
        found = summarise_by_segments(some, marks, events, CLASSES)
        assert dict(found.schema) == schema(segment_summary_columns(CLASSES, PERSON, smoothed=False))
