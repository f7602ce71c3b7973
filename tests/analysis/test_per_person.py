import numpy as np
import polars as pl
import pytest

from facsight.analysis.events import find_events
from facsight.analysis.frame_table import summary
from facsight.analysis.in_time import AWAY
from facsight.analysis.per_person import summarise
from facsight.analysis.time_columns import person_columns, schema
from planted_rows import CLASSES, interleaved, smiling, video_rows


def ticks(values, start=0.0, **options):
    """Rows of a smile with these probabilities, ten frames a second."""
    return video_rows([start + frame / 10 for frame in range(len(values))], smiling(values), **options)


def summarised(rows):
    return summarise(rows, find_events(rows, CLASSES), CLASSES)


def test_two_smiles_by_hand():
    # above 0.5 from 0.95 to 1.465, and from 3.95 to 4.965 (below 0.35 at 0.65 of a step)
    values = [0] * 10 + [1] * 5 + [0] * 25 + [1] * 10 + [0] * 10
    row = summarised(ticks(values, start=2.0)).row(0, named=True)
    assert (row["file"], row["track"], row["events_happiness"], row["events_sadness"]) == ("a.mp4", 1, 2, 0)
    assert row["seen"] == pytest.approx(6.0)
    assert row["per_minute_happiness"] == pytest.approx(2 / 6 * 60)
    assert row["mean_duration_happiness"] == pytest.approx((0.515 + 1.015) / 2)
    assert row["first_event_happiness"] == pytest.approx(0.95)
    assert row["per_minute_sadness"] == 0
    assert row["mean_duration_sadness"] is None
    assert row["first_event_sadness"] is None


def test_events_that_were_cut_count_but_say_nothing_about_durations():
    row = summarised(ticks([1] * 5 + [0] * 10 + [1] * 5)).row(0, named=True)
    assert (row["events_happiness"], row["mean_duration_happiness"]) == (2, None)
    assert row["first_event_happiness"] == 0


def test_time_that_a_person_was_away_is_not_time_seen():
    away = int(AWAY * 10) + 5
    rows = ticks(np.concatenate([np.zeros(10), np.full(away, np.nan), np.zeros(20)]))
    assert summarised(rows)["seen"].to_list() == [pytest.approx(3.0)]
    rows = ticks(np.concatenate([np.zeros(10), np.full(2, np.nan), np.zeros(20)]))
    assert summarised(rows)["seen"].to_list() == [pytest.approx(3.2)]  # two missed frames are no absence


def test_people_and_videos_are_kept_apart_and_match_the_summary():
    a = interleaved(ticks([0, 0, 1, 1, 1, 1, 0], track=1), ticks([0] * 7, track=2))
    b = ticks([1] * 9, file="b.mp4")
    events = pl.concat([find_events(rows, CLASSES) for rows in (a, b)])
    table = summarise(pl.concat([b, a]), events, CLASSES)
    assert table.select("file", "track", "events_happiness").rows() == [
        ("a.mp4", 1, 1),
        ("a.mp4", 2, 0),
        ("b.mp4", 1, 1),
    ]
    own = summary(pl.concat([a, b]).lazy(), CLASSES)
    assert own.select("file", "track").equals(table.select("file", "track"))


def test_events_of_action_units_are_not_counted():
    rows = ticks([1] * 9, units={12: [0.5] * 9})
    assert len(find_events(rows, CLASSES)) == 2
    assert summarised(rows)["events_happiness"].to_list() == [1]


def test_a_single_frame_has_no_rate():
    row = summarised(ticks([1])).row(0, named=True)
    assert (row["seen"], row["per_minute_happiness"]) == (0, None)


def test_the_table_has_its_columns():
    nobody = ticks(np.full(3, np.nan))
    for rows in (ticks([0] * 3), nobody, nobody[:0]):
        assert dict(summarised(rows).schema) == schema(person_columns(CLASSES))
