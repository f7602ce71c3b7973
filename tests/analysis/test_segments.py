import numpy as np
import polars as pl
import pytest

from facsight.analysis.events import find_events
from facsight.analysis.in_time import Smoothing, smooth
from facsight.analysis.segments import summarise_by_segments, without_video
from facsight.analysis.time_columns import SEGMENT_COLUMNS, schema, segment_summary_columns
from facsight.core.errors import BadAnnotations
from planted_rows import CLASSES, interleaved, smiling, video_rows


def marked(*rows):
    """Segments (file, tier, label, start, end)."""
    return pl.DataFrame(rows, schema=schema(SEGMENT_COLUMNS), orient="row")


def ticks(values, **options):
    """Rows of a smile with these probabilities, ten frames a second."""
    return video_rows([frame / 10 for frame in range(len(values))], smiling(values), **options)


def summarised(rows, segments):
    events = pl.concat([find_events(video, CLASSES) for video in rows.partition_by("file")])
    return summarise_by_segments(rows, segments, events, CLASSES)


def test_one_segment_by_hand():
    values = [0.1, 0.2, 0.8, 0.9, 0.7, 0.6, 0.1, 0.0]
    table = summarised(ticks(values), marked((None, "t", "film", 0.1, 0.4)))
    row = table.row(0, named=True)
    assert [row[c] for c in ("file", "tier", "label", "segment", "start", "end", "track", "frames")] == [
        *("a.mp4", "t", "film", 1, 0.1, 0.4, 1, 3)
    ]
    assert row["share_happiness"] == pytest.approx(2 / 3)
    assert row["share_neutral"] == pytest.approx(1 / 3)
    assert row["mean_happiness"] == pytest.approx((0.2 + 0.8 + 0.9) / 3)
    assert (row["events_happiness"], row["events_sadness"]) == (1, 0)
    assert "mean_smooth_happiness" not in table.columns


def test_neighbours_share_no_frame_and_overlaps_share_theirs():
    rows = ticks([0.1] * 20)
    table = summarised(
        rows, marked((None, "", "b", 1.0, 2.0), (None, "", "a", 0.0, 1.0), (None, "", "c", 0.5, 1.5))
    )
    assert table.select("label", "segment", "frames").rows() == [("a", 1, 10), ("c", 2, 10), ("b", 3, 10)]


def test_an_event_counts_where_it_begins():
    rows = ticks([0] * 10 + [1] * 10 + [0] * 10)  # rises above 0.5 at 0.95 s
    halves = marked((None, "t", "a", 0.0, 0.95), (None, "t", "b", 0.95, 1.5), (None, "t", "c", 1.5, 3.0))
    assert summarised(rows, halves)["events_happiness"].to_list() == [0, 1, 0]


def test_smoothed_probabilities_have_means_of_their_own():
    rows = smooth(ticks(np.random.default_rng(0).random(30)), CLASSES, Smoothing("gaussian", 0.3))
    table = summarised(rows, marked((None, "", "x", 0.45, 1.05)))
    inside = rows[5:11]
    assert table["mean_smooth_happiness"][0] == pytest.approx(inside["smooth_happiness"].mean())
    assert table["mean_happiness"][0] == pytest.approx(inside["expression_happiness"].mean())


def test_each_person_has_a_row_and_nobody_has_one_too():
    late = video_rows([1.0, 1.1], smiling([0.9, 0.9]), track=2)
    rows = interleaved(ticks([0.1] * 12), late)
    table = summarised(rows, marked((None, "", "both", 0.5, 1.2), (None, "", "none", 7.0, 8.0)))
    assert table.select("label", "track", "frames").rows() == [
        ("both", 1, 7),
        ("both", 2, 2),
        ("none", None, 0),
    ]
    assert table["share_happiness"].to_list() == [0, 1, None]
    assert table["events_happiness"].to_list() == [0, 0, None]


def test_events_of_others_do_not_count():
    rows = interleaved(ticks([0] * 5 + [1] * 5 + [0] * 5), ticks([0] * 15, track=2))
    table = summarised(rows, marked((None, "", "x", 0.0, 2.0)))
    assert table.select("track", "events_happiness").rows() == [(1, 1), (2, 0)]


def test_segments_belong_to_their_video_or_to_all():
    rows = pl.concat([ticks([0.1] * 5, file="day1/a.mp4"), ticks([0.1] * 5, file="day1/b.mp4")])
    segments = marked(
        ("b.mp4", "", "b", 0.0, 1.0),
        (None, "", "all", 0.0, 1.0),
        ("C:\\data\\day1\\a.mp4", "", "a", 0.0, 1.0),
    )
    assert summarised(rows, segments).select("file", "label").rows() == [
        *(("day1/a.mp4", "all"), ("day1/a.mp4", "a"), ("day1/b.mp4", "b"), ("day1/b.mp4", "all"))
    ]


def test_elans_documents_stand_for_videos_of_the_same_name():
    rows = ticks([0.1] * 5, file="day1/a.mp4")
    assert summarised(rows, marked(("/x/a.eaf", "", "x", 0.0, 1.0)))["label"].to_list() == []
    assert summarised(rows, marked(("/x/day1/a.eaf", "", "x", 0.0, 1.0)))["label"].to_list() == ["x"]
    assert summarised(rows, marked(("a.eaf", "", "x", 0.0, 1.0)))["label"].to_list() == ["x"]


def test_files_without_a_video_are_told_and_left_out():
    segments = marked(
        ("z.mp4", "", "x", 0.0, 1.0), ("a.mp4", "", "y", 0.0, 1.0), ("day2/a.mp4", "", "z", 0.0, 1.0)
    )
    assert without_video(segments, ["day1/a.mp4"]) == ["z.mp4", "day2/a.mp4"]
    table = summarised(ticks([0.1] * 5, file="day1/a.mp4"), segments)
    assert table["label"].to_list() == ["y"]


def test_a_name_that_fits_two_videos_is_refused():
    rows = pl.concat([ticks([0.1], file="day1/a.mp4"), ticks([0.1], file="day2/a.mp4")])
    with pytest.raises(
        BadAnnotations, match=r"'a.mp4' may be any of day1/a.mp4, day2/a.mp4; write the folder before it"
    ):
        summarised(rows, marked(("a.mp4", "", "x", 0.0, 1.0)))
    assert len(summarised(rows, marked(("day2/a.mp4", "", "x", 0.0, 1.0)))) == 1


def test_segments_are_numbered_in_each_tier():
    segments = marked((None, "b", "x", 1.0, 2.0), (None, "a", "y", 0.5, 2.0), (None, "b", "z", 0.0, 2.0))
    table = summarised(ticks([0.1] * 20), segments)
    assert table.select("tier", "segment", "label").rows() == [("a", 1, "y"), ("b", 1, "z"), ("b", 2, "x")]


@pytest.mark.parametrize("smoothing", [Smoothing(), Smoothing("gaussian", 0.2)])
def test_the_table_has_its_columns(smoothing):
    columns = schema(segment_summary_columns(CLASSES, smoothed=smoothing.kind != "none"))
    for rows in (ticks([0.1] * 3), ticks([np.nan] * 3)):
        for segments in (marked(), marked((None, "", "x", 0.0, 1.0))):
            assert dict(summarised(smooth(rows, CLASSES, smoothing), segments).schema) == columns
