import numpy as np
import polars as pl
import pytest

from facsight.analysis.baseline import add_above, baselines
from facsight.analysis.events import find_events
from facsight.analysis.frame_table import failed_row
from facsight.analysis.in_time import (
    AWAY,
    BETA,
    Smoothing,
    longest_gap,
    people,
    smooth,
    usual_step,
)
from facsight.analysis.per_person import summarise
from facsight.analysis.time_columns import schema, smooth_columns
from facsight.core.errors import BadRecipe, BadTimes
from facsight.functional.temporal import gaussian, one_euro
from planted_rows import CLASSES, interleaved, smiling, video_rows

RATE = 25
GAUSSIAN = Smoothing("gaussian", 0.2)
ONE_EURO = Smoothing("one_euro", 0.2)
COLUMNS = [column.name for column in smooth_columns(CLASSES)]


def noise(seed, n):
    """Probabilities (n, 4) at 25 frames a second."""
    scores = np.random.default_rng(seed).normal(size=(n, 4))
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def at_rate(n, start=0.0):
    return [start + frame / RATE for frame in range(n)]


def smoothed(rows):
    return rows.select(COLUMNS[:-1]).to_numpy()


def test_no_smoothing_changes_nothing():
    rows = video_rows(at_rate(5), noise(0, 5))
    assert smooth(rows, CLASSES, Smoothing()).equals(rows)


def test_the_rows_and_their_order_stay_and_columns_are_added():
    rows = video_rows(at_rate(5), noise(0, 5))
    table = smooth(rows, CLASSES, GAUSSIAN)
    assert table.drop(COLUMNS).equals(rows)
    assert dict(table.select(COLUMNS).schema) == schema(smooth_columns(CLASSES))


def test_gaussian_smoothing_is_that_of_the_series():
    values = noise(1, 40)
    table = smooth(video_rows(at_rate(40), values), CLASSES, GAUSSIAN)
    np.testing.assert_allclose(smoothed(table), gaussian(np.array(at_rate(40)), values, 0.2))


def test_one_euro_smoothing_is_that_of_the_series_divided_by_its_sum():
    values = noise(2, 40)
    table = smooth(video_rows(at_rate(40), values), CLASSES, ONE_EURO)
    # a first-order filter with a time constant of 0.2 s has its cutoff at 1 / (2 pi 0.2 s)
    filtered, _ = one_euro(np.array(at_rate(40)), values, min_cutoff=1 / (0.4 * np.pi), beta=BETA)
    assert np.abs(filtered.sum(axis=1) - 1).max() > 0.001
    np.testing.assert_allclose(smoothed(table), filtered / filtered.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("smoothing", [GAUSSIAN, ONE_EURO])
def test_smoothed_probabilities_sum_to_one_and_name_the_largest(smoothing):
    table = smooth(video_rows(at_rate(60), noise(3, 60)), CLASSES, smoothing)
    np.testing.assert_allclose(smoothed(table).sum(axis=1), 1.0)
    assert table["smooth_label"].to_list() == [CLASSES[place] for place in smoothed(table).argmax(axis=1)]


def test_a_single_odd_frame_does_not_change_the_label():
    happiness = np.full(25, 0.1)
    happiness[12] = 0.9
    table = smooth(video_rows(at_rate(25), smiling(happiness)), CLASSES, GAUSSIAN)
    assert "happiness" in table["label"].to_list()
    assert set(table["smooth_label"]) == {"neutral"}


@pytest.mark.parametrize("smoothing", [GAUSSIAN, ONE_EURO])
def test_people_are_smoothed_apart(smoothing):
    one, other = (video_rows(at_rate(30), noise(seed, 30), track=seed) for seed in (1, 2))
    both = smooth(interleaved(one, other), CLASSES, smoothing)
    for track, own in ((1, one), (2, other)):
        assert both.filter(track=track).equals(smooth(own, CLASSES, smoothing))


@pytest.mark.parametrize("smoothing", [GAUSSIAN, ONE_EURO])
def test_nothing_is_smoothed_over_a_cut_even_if_the_track_went_on(smoothing):
    before = video_rows(at_rate(10), smiling(np.zeros(10)))
    after = video_rows(at_rate(10, 10 / RATE), smiling(np.ones(10)), shot=2)
    table = smooth(interleaved(before, after), CLASSES, smoothing)
    np.testing.assert_allclose(table["smooth_happiness"], [0.0] * 10 + [1.0] * 10)


def test_frames_without_a_face_are_null_and_weigh_nothing():
    happiness = np.linspace(0, 1, 20)
    happiness[8:10] = np.nan
    rows = video_rows(at_rate(20), smiling(happiness))
    table = smooth(rows, CLASSES, GAUSSIAN)
    assert table.filter(status="no_face").select(pl.col(COLUMNS).null_count()).row(0) == (2,) * 5
    seen = np.flatnonzero(np.isfinite(happiness))
    expected = gaussian(np.array(at_rate(20))[seen], smiling(happiness)[seen], 0.2)
    np.testing.assert_allclose(smoothed(table)[seen], expected)


def test_a_person_who_was_away_for_long_begins_anew():
    def seam(frames_away):
        happiness = np.concatenate([np.zeros(10), np.full(frames_away, np.nan), np.ones(10)])
        rows = video_rows(at_rate(len(happiness)), smiling(happiness))
        return smooth(rows, CLASSES, Smoothing("gaussian", 0.5))["smooth_happiness"][9]

    assert seam(int(AWAY * RATE)) > 0.01  # from one sighting to the next: AWAY and one step
    assert seam(int(AWAY * RATE) + 1) == 0


def test_frames_that_are_read_seldom_are_no_gaps():
    rows = video_rows([0.0, 2.0, 4.0], smiling([0.0, 1.0, 0.0]))
    assert longest_gap(rows) == pytest.approx(AWAY + 2)
    assert 0.3 < smooth(rows, CLASSES, Smoothing("gaussian", 2.0))["smooth_happiness"][1] < 0.6


def test_the_usual_step_counts_frames_without_a_face_and_each_frame_once():
    happiness = np.full(9, np.nan)
    happiness[::4] = 0.5
    one = video_rows(at_rate(9), smiling(happiness))
    assert usual_step(interleaved(one, one.with_columns(track=2))) == pytest.approx(1 / RATE)
    assert usual_step(one[:1]) == 0


def test_people_in_order_of_appearance():
    late = video_rows([0.5, 0.6], smiling([0.1, 0.2]), track=1)
    early = video_rows([0.4, 0.6], smiling([0.3, 0.4]), track=7)
    found = people(interleaved(late, early))
    assert [(p.file, p.track, p.places.tolist(), p.time.tolist()) for p in found] == [
        ("a.mp4", 7, [0, 3], [0.4, 0.6]),
        ("a.mp4", 1, [1, 2], [0.5, 0.6]),
    ]


@pytest.mark.parametrize("rows", [slice(0, 0), slice(None)])
def test_a_video_without_any_face(rows):
    nobody = video_rows(at_rate(3), np.full((3, 4), np.nan))[rows]
    table = smooth(nobody, CLASSES, GAUSSIAN)
    assert dict(table.select(COLUMNS).schema) == schema(smooth_columns(CLASSES))
    assert table["smooth_label"].null_count() == len(nobody)


def test_a_video_that_could_not_be_read():
    row = smooth(failed_row("a.mp4", "no video track", CLASSES, [12]), CLASSES, GAUSSIAN)
    assert row["smooth_happiness"].to_list() == [None]
    usual, events = baselines(row, CLASSES), find_events(row, CLASSES)
    assert (len(usual), len(events), len(summarise(row, events, CLASSES))) == (0, 0, 0)
    assert add_above(row, usual, CLASSES).select("above_happiness", "above_AU12").rows() == [(None, None)]


def test_classes_of_two_words():
    rows = video_rows(at_rate(3), noise(0, 3)[:, :2], classes=("neutral", "happily surprised"))
    table = smooth(rows, ("neutral", "happily surprised"), GAUSSIAN)
    assert "smooth_happily_surprised" in table.columns
    assert set(table["smooth_label"]) <= {"neutral", "happily surprised"}


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_smoothing_needs_a_time(seconds):
    with pytest.raises(BadRecipe, match="above 0 seconds"):
        Smoothing("gaussian", seconds)


def test_several_videos_at_once_are_refused():
    rows = pl.concat([video_rows([0.0], noise(0, 1), file=name) for name in ("a.mp4", "b.mp4")])
    with pytest.raises(BadTimes, match="rows of one video, found those of 2"):
        smooth(rows, CLASSES, GAUSSIAN)


def test_rows_out_of_order_are_refused():
    rows = video_rows([0.0, 0.2, 0.1], noise(0, 3))
    with pytest.raises(BadTimes, match="increase"):
        smooth(rows, CLASSES, GAUSSIAN)
