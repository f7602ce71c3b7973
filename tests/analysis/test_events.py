import numpy as np
import polars as pl
import pytest

from facsight.analysis.events import Rule, find_events, spells
from facsight.analysis.in_time import AWAY, Smoothing, smooth
from facsight.analysis.time_columns import EVENT_COLUMNS, schema
from facsight.core.errors import BadRecipe, BadTimes
from planted_rows import CLASSES, interleaved, smiling, video_rows

#: No durations, so that only the thresholds count.
PLAIN = Rule(on=0.5, off=0.3, shortest=0.0, bridge=0.0)


def found(values, rule=PLAIN, *, step=0.1, gap=10.0):
    """Spells of samples that are `step` seconds apart, as (first, last, onset, offset, cut)."""
    time = step * np.arange(len(values))
    told = spells(time, np.array(values, float), rule, longest_gap=gap)
    return [(s.first, s.last, pytest.approx(s.onset), pytest.approx(s.offset), s.cut) for s in told]


def ticks(values, **options):
    """Rows of a smile with these probabilities, ten frames a second."""
    return video_rows([frame / 10 for frame in range(len(values))], smiling(values), **options)


def test_one_event_by_hand():
    rule = Rule(on=0.5, off=0.3, shortest=0.2, bridge=0.0)
    events = find_events(ticks([0.1, 0.4, 0.8, 0.9, 0.7, 0.4, 0.2, 0.1]), CLASSES, expressions=rule)
    row = events.row(0, named=True)
    assert len(events) == 1
    assert (row["file"], row["track"], row["kind"], row["name"]) == ("a.mp4", 1, "expression", "happiness")
    assert row["onset"] == pytest.approx(0.1 + 0.1 * (0.5 - 0.4) / (0.8 - 0.4))
    assert row["apex"] == pytest.approx(0.3)
    assert row["offset"] == pytest.approx(0.5 + 0.1 * (0.4 - 0.3) / (0.4 - 0.2))
    assert row["duration"] == pytest.approx(row["offset"] - row["onset"])
    assert row["peak"] == pytest.approx(0.9)
    assert row["mean"] == pytest.approx((0.8 + 0.9 + 0.7 + 0.4) / 4)
    assert (row["frames"], row["cut"]) == (4, None)


def test_an_event_goes_on_between_the_thresholds_and_does_not_begin_there():
    assert found([0, 0.4, 0.4, 0.6, 0.4, 0.3, 0.4, 0.6, 0.2, 0.4, 0.1]) == [(3, 7, 0.25, 0.775, None)]


def test_the_thresholds_themselves_are_neither_above_nor_below():
    assert found([0, 0.5, 0.5, 0.0]) == []
    assert found([0, 1.0, 0.3, 0.3, 0.0]) == [(1, 3, 0.05, 0.3, None)]


def test_what_touches_the_ends_is_cut():
    assert found([0.9, 0.9, 0.1]) == [(0, 1, 0.0, 0.175, "start")]
    assert found([0.1, 0.9, 0.9]) == [(1, 2, 0.05, 0.2, "end")]
    assert found([0.9, 0.8]) == [(0, 1, 0.0, 0.1, "both")]
    assert found([0.4, 0.9, 0.1]) == [(1, 1, 0.02, 0.175, None)]  # not under way at the first sample


def test_a_long_gap_cuts_and_is_never_bridged():
    time = np.array([0, 0.1, 0.2, 1.2, 1.3, 1.4])
    values = np.array([0.1, 0.9, 0.9, 0.9, 0.9, 0.1])
    rule = Rule(on=0.5, off=0.3, shortest=0.0, bridge=5.0)
    cut = spells(time, values, rule, longest_gap=0.5)
    assert [(s.first, s.last, s.cut) for s in cut] == [(1, 2, "end"), (3, 4, "start")]
    assert [(s.onset, s.offset) for s in cut] == [(pytest.approx(0.05), 0.2), (1.2, pytest.approx(1.375))]
    (whole,) = spells(time, values, rule, longest_gap=1.0)
    assert (whole.first, whole.last, whole.cut) == (1, 4, None)
    seen_whole = np.array([0.9, 0.9, 0.1, 0.1, 0.9, 0.1])
    assert len(spells(time, seen_whole, rule, longest_gap=0.5)) == 2
    assert len(spells(time, seen_whole, rule, longest_gap=1.0)) == 1


def test_short_dips_are_bridged():
    values = [0, 1, 0, 1, 0]  # falls below 0.3 at 0.17 s, rises above 0.5 at 0.25 s
    assert found(values, Rule(0.5, 0.3, 0.0, 0.07)) == [(1, 1, 0.05, 0.17, None), (3, 3, 0.25, 0.37, None)]
    assert found(values, Rule(0.5, 0.3, 0.0, 0.09)) == [(1, 3, 0.05, 0.37, None)]


def test_bridged_events_keep_the_ends_that_were_cut():
    assert found([1, 0, 1], Rule(0.5, 0.3, 0.0, 0.5)) == [(0, 2, 0.0, 0.2, "both")]
    assert found([0, 1, 0, 1], Rule(0.5, 0.3, 0.0, 0.5)) == [(1, 3, 0.05, 0.3, "end")]


def test_short_events_are_none_but_bridging_comes_first():
    values = [0, 1, 0, 1, 0]  # each lasts 0.12 s, both together 0.32 s
    assert found(values, Rule(0.5, 0.3, 0.13, 0.0)) == []
    assert len(found(values, Rule(0.5, 0.3, 0.11, 0.0))) == 2
    assert len(found(values, Rule(0.5, 0.3, 0.31, 0.1))) == 1
    assert found(values, Rule(0.5, 0.3, 0.33, 0.1)) == []


def test_what_is_not_known_ends_an_event_at_the_last_known_sample():
    nan = float("nan")
    assert found([0, 1, 1, nan, 1, 0]) == [(1, 2, 0.05, 0.2, None), (4, 4, 0.4, 0.47, None)]
    assert found([nan, 0.4, nan]) == []
    bridged = found([0, 1, 1, nan, 1, 0], Rule(0.5, 0.3, 0.0, 0.25))
    assert bridged == [(1, 4, 0.05, 0.47, None)]


def test_spells_equal_a_slow_state_machine():
    generator = np.random.default_rng(0)
    for _ in range(50):
        values = generator.random(40)
        values[generator.random(40) < 0.1] = np.nan
        state, expected = False, []
        for value in values:
            state = bool(value > 0.5 or (state and value >= 0.3))
            expected.append(state)
        inside = np.zeros(40, bool)
        for first, last, *_ in found(values):
            inside[first : last + 1] = True
        assert inside.tolist() == expected


@pytest.mark.parametrize("n", [0, 1])
def test_short_series(n):
    assert found([1.0] * n) == [(0, 0, 0.0, 0.0, "both")] * n


def test_neutral_is_no_event():
    assert find_events(ticks([0.0] * 20), CLASSES).is_empty()


def test_smoothed_probabilities_are_used_where_there_are_some():
    flicker = np.tile([0.95, 0.2], 30)
    rule = Rule(on=0.5, off=0.4, shortest=0.0, bridge=0.0)
    raw = ticks(flicker)
    assert len(find_events(raw, CLASSES, expressions=rule)) == 30
    smoothed = find_events(smooth(raw, CLASSES, Smoothing("gaussian", 0.3)), CLASSES, expressions=rule)
    assert smoothed["cut"].to_list() == ["both"]
    assert smoothed["peak"][0] < 0.8


def test_events_of_action_units_are_on_the_share_of_attention():
    shares = [None, None, 0.2, 0.24, 0.22, 0.2, None, None]
    rows = ticks([0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.1, 0.1], units={12: shares, 6: [None] * 8})
    units = find_events(rows, CLASSES).filter(kind="action unit")
    row = units.row(0, named=True)
    assert (len(units), row["name"], row["onset"], row["apex"], row["offset"]) == (1, "AU12", 0.2, 0.3, 0.5)
    assert row["peak"] == 0.24
    assert row["cut"] is None  # the face was seen all the time


def test_two_people_and_two_expressions():
    sad = np.zeros((20, 4))
    sad[:, 0], sad[5:15, 3] = 0.1, 0.9
    sad[:5, 1] = sad[15:, 1] = 0.9
    one = video_rows([frame / 10 for frame in range(20)], sad, track=2)
    rows = interleaved(one, ticks([0.1] * 5 + [0.9] * 10 + [0.1] * 5, track=1))
    events = find_events(rows, CLASSES)
    assert events.select("track", "name", "cut").rows() == [
        (1, "happiness", None),
        (2, "happiness", "start"),
        (2, "sadness", None),
        (2, "happiness", "end"),
    ]


def test_a_person_who_was_away_has_cut_events():
    away = int(AWAY * 10) + 1
    rows = ticks(np.concatenate([np.full(6, 0.9), np.full(away, np.nan), np.full(6, 0.9)]))
    assert find_events(rows, CLASSES)["cut"].to_list() == ["both", "both"]
    rows = ticks(np.concatenate([np.full(6, 0.9), np.full(away - 1, np.nan), np.full(6, 0.9)]))
    assert find_events(rows, CLASSES)["frames"].to_list() == [12]


def test_the_table_has_the_same_columns_with_and_without_events():
    nobody = ticks(np.full(4, np.nan))
    for rows in (ticks([0.0] * 9), ticks([0.9] * 9), nobody, nobody[:0]):
        assert dict(find_events(rows, CLASSES).schema) == schema(EVENT_COLUMNS)


def test_classes_of_two_words_keep_their_names():
    classes = ("neutral", "happily surprised")
    rows = video_rows([frame / 10 for frame in range(9)], smiling([0.9] * 9)[:, :2], classes=classes)
    assert find_events(rows, classes)["name"].to_list() == ["happily surprised"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"on": 0.3, "off": 0.3}, "off < on"),
        ({"on": 0.3, "off": 0.5}, "off < on"),
        ({"on": 1.0, "off": 0.5}, "on < 1"),
        ({"on": 0.5, "off": -0.1}, "0 <= off"),
        ({"on": float("nan"), "off": 0.1}, "off < on"),
        ({"on": 0.5, "off": 0.3, "shortest": -1.0}, "durations"),
        ({"on": 0.5, "off": 0.3, "bridge": float("nan")}, "durations"),
    ],
)
def test_rules_must_make_sense(options, told):
    with pytest.raises(BadRecipe, match=told):
        Rule(**options)


def test_rows_of_several_videos_or_out_of_order_are_refused():
    with pytest.raises(BadTimes, match="one video"):
        find_events(pl.concat([ticks([0.5]), ticks([0.5], file="b.mp4")]), CLASSES)
    with pytest.raises(BadTimes, match="increase"):
        find_events(ticks([0.5] * 3).reverse(), CLASSES)
