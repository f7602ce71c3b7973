import numpy as np
import polars as pl
import pytest

from facsight.analysis.baseline import LEAST_FRAMES, add_above, baselines
from facsight.analysis.in_time import Smoothing, smooth
from facsight.analysis.time_columns import above_columns, baseline_columns, schema
from facsight.core.errors import BadTimes
from planted_rows import CLASSES, interleaved, smiling, video_rows


def at_rate(n):
    return [frame / 25 for frame in range(n)]


def test_the_baseline_is_the_median_by_hand():
    happiness = [0.2] * 20 + [0.3] + [0.9] * 20
    usual = baselines(video_rows(at_rate(41), smiling(happiness)), CLASSES)
    row = usual.row(0, named=True)
    assert (row["file"], row["track"], row["frames"], row["reason"]) == ("a.mp4", 1, 41, None)
    assert row["usual_happiness"] == pytest.approx(0.3)
    assert row["usual_neutral"] == pytest.approx(0.7)
    assert row["usual_sadness"] == 0


def test_above_is_the_reading_less_the_median():
    happiness = np.array([0.2] * 20 + [0.3] + [0.9] * 20)
    rows = video_rows(at_rate(41), smiling(happiness))
    table = add_above(rows, baselines(rows, CLASSES), CLASSES)
    assert table.drop("^above_.*$").equals(rows)
    np.testing.assert_allclose(table["above_happiness"], happiness - 0.3)
    np.testing.assert_allclose(table["above_neutral"], 0.3 - happiness)


def test_the_offset_of_each_person_is_removed():
    """Two people smile in the same way, from faces that look different at rest."""
    time = np.array(at_rate(200))
    smile = np.where((time > 3) & (time < 5), 0.4, 0.0)
    rests = {1: 0.1, 2: 0.45}
    rows = interleaved(
        *(video_rows(time.tolist(), smiling(rest + smile), track=track) for track, rest in rests.items())
    )
    table = add_above(rows, baselines(rows, CLASSES), CLASSES)
    for track, rest in rests.items():
        own = table.filter(track=track)
        assert own["expression_happiness"].min() == pytest.approx(rest)
        np.testing.assert_allclose(own["above_happiness"], smile, atol=1e-12)


def test_smoothed_readings_are_compared_with_the_raw_baseline():
    rows = video_rows(at_rate(60), smiling(np.random.default_rng(0).random(60)))
    usual = baselines(rows, CLASSES)
    table = smooth(rows, CLASSES, Smoothing("gaussian", 0.2))
    assert baselines(table, CLASSES).equals(usual)
    expected = table["smooth_happiness"] - usual["usual_happiness"][0]
    np.testing.assert_allclose(add_above(table, usual, CLASSES)["above_happiness"], expected)


def test_a_neutral_segment():
    happiness = np.concatenate([np.full(50, 0.2), np.full(150, 0.8)])
    rows = video_rows(at_rate(200), smiling(happiness))
    inside = baselines(rows, CLASSES, segment=(0.0, 2.0))  # the frame at 2.0 s is the first with 0.8
    assert inside["frames"].to_list() == [50]
    assert inside["usual_happiness"].to_list() == pytest.approx([0.2])
    assert baselines(rows, CLASSES)["usual_happiness"].to_list() == pytest.approx([0.8])


def test_evidence_has_a_baseline_of_the_frames_in_which_it_applies():
    shares = [None if frame % 2 else 0.1 + frame / 1000 for frame in range(100)]
    rows = video_rows(at_rate(100), smiling([0.5] * 100), units={12: shares, 4: [None] * 100})
    usual = baselines(rows, CLASSES)
    assert usual["usual_AU12"][0] == pytest.approx(0.149)  # of 0.100, 0.102 ... 0.198
    assert usual["usual_AU04"][0] is None
    assert usual["reason"][0] == f"fewer than {LEAST_FRAMES} frames have evidence of AU4"
    table = add_above(rows, usual, CLASSES)
    assert table["above_AU12"].to_list()[:3] == pytest.approx([-0.049, None, -0.047])
    assert table["above_AU04"].null_count() == 100
    assert table["above_happiness"].null_count() == 0


@pytest.mark.parametrize("known", [LEAST_FRAMES - 1, LEAST_FRAMES])
def test_too_few_frames_give_no_baseline_and_say_so(known):
    rows = video_rows(at_rate(known), smiling([0.3] * known))
    usual = baselines(rows, CLASSES)
    table = add_above(rows, usual, CLASSES)
    if known < LEAST_FRAMES:
        assert usual["usual_happiness"].to_list() == [None]
        assert usual["reason"].to_list() == ["seen in 24 frames; 25 are needed"]
        assert table["above_happiness"].null_count() == known
    else:
        assert usual["reason"].to_list() == [None]
        np.testing.assert_allclose(table["above_happiness"], 0.0, atol=1e-12)


def test_a_person_who_is_not_in_the_neutral_segment_has_none():
    early = video_rows(at_rate(60), smiling([0.3] * 60), track=1)
    late = video_rows([5 + time for time in at_rate(60)], smiling([0.6] * 60), track=2)
    rows = interleaved(early, late)
    usual = baselines(rows, CLASSES, segment=(0.0, 2.0))
    assert usual["reason"].to_list() == [None, "seen in 0 frames between 0 and 2 s; 25 are needed"]
    table = add_above(rows, usual, CLASSES)
    assert table.filter(track=2)["above_happiness"].null_count() == 60
    assert table.filter(track=1)["above_happiness"].null_count() == 0


def test_rows_without_a_face_have_nothing_above():
    happiness = np.full(40, 0.3)
    happiness[10] = np.nan
    rows = video_rows(at_rate(40), smiling(happiness))
    table = add_above(rows, baselines(rows, CLASSES), CLASSES)
    assert table["above_happiness"].is_null().to_list() == [frame == 10 for frame in range(40)]


def test_the_tables_have_their_columns():
    units = {4: [0.2] * 3, 12: [0.2] * 3}
    for rows in (
        video_rows(at_rate(3), smiling([0.3] * 3), units=units),
        video_rows(at_rate(3), np.full((3, 4), np.nan), units=units),
    ):
        usual = baselines(rows, CLASSES)
        assert dict(usual.schema) == schema(baseline_columns(CLASSES, [4, 12]))
        above = add_above(rows, usual, CLASSES).select("^above_.*$")
        assert dict(above.schema) == schema(above_columns(CLASSES, [4, 12]))


@pytest.mark.parametrize("segment", [(2.0, 1.0), (1.0, 1.0), (float("nan"), 1.0)])
def test_an_empty_segment_is_refused(segment):
    with pytest.raises(BadTimes, match="neutral segment"):
        baselines(video_rows([0.0], smiling([0.3])), CLASSES, segment=segment)


def test_several_videos_at_once_are_refused():
    rows = pl.concat([video_rows([0.0], smiling([0.3]), file=name) for name in ("a.mp4", "b.mp4")])
    with pytest.raises(BadTimes, match="one video"):
        baselines(rows, CLASSES)
