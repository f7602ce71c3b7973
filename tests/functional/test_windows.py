"""Sliding windows against hand values, SciPy at a constant rate, and slow versions from the definitions."""

from math import inf, nan

import numpy as np
import pytest
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.signal import savgol_filter

from facsight.core.errors import BadRecipe, BadTimes
from facsight.functional.windows import box, fill_gaps, median, savgol

RATE = 30.0
SMOOTHERS = [box, median, savgol]


def column(*values):
    return np.array(values, float)[:, None]


def constant_rate(seed, n, columns=2):
    return np.arange(n) / RATE, np.random.default_rng(seed).normal(size=(n, columns))


def irregular(seed, n, columns=2, holes=0.2):
    generator = np.random.default_rng(seed)
    time, values = np.cumsum(generator.uniform(0.01, 0.1, n)), generator.normal(size=(n, columns))
    values[generator.random(values.shape) < holes] = nan
    time[n // 2 :] += 0.7
    return time, values


def stretches_of(time, series, gap):
    """Places of the known samples of one series, in lists without a long gap."""
    parts = [[]]
    for i in np.flatnonzero(np.isfinite(series)):
        if parts[-1] and time[i] - time[parts[-1][-1]] > gap:
            parts.append([])
        parts[-1].append(int(i))
    return [part for part in parts if part]


def slowly(time, values, seconds, gap, smoothed):
    """Every column by `smoothed(time, series, places of a stretch, one of them)`."""
    out = np.full(values.shape, nan)
    for k in range(values.shape[1]):
        for own in stretches_of(time, values[:, k], gap):
            for i in own:
                out[i, k] = smoothed(time, values[:, k], own, i, seconds)
    return out


def slow_box(time, series, own, i, seconds):
    steps = [min(b - a, seconds) for a, b in zip(time[own], time[own][1:], strict=False)] or [seconds]
    before, after = [steps[0], *steps], [*steps, steps[-1]]
    weights = []
    for j, place in enumerate(own):
        low = max(time[place] - before[j] / 2, time[i] - seconds / 2)
        high = min(time[place] + after[j] / 2, time[i] + seconds / 2)
        weights.append(max(high - low, 0.0))
    return float(np.dot(weights, series[own]) / sum(weights))


def slow_median(time, series, own, i, seconds):
    return float(np.median([series[j] for j in own if abs(time[j] - time[i]) <= seconds / 2]))


def slow_savgol(time, series, own, i, seconds):
    near = [j for j in own if abs(time[j] - time[i]) <= seconds / 2]
    return series[i] if len(near) < 3 else np.polyfit(time[near] - time[i], series[near], 2)[-1]


SLOW = {box: slow_box, median: slow_median, savgol: slow_savgol}


class TestByHand:
    def test_a_box_of_two_frames_has_halves_of_the_next(self):
        found = box(np.arange(3.0), column(0, 4, 0), 2.0)[:, 0]
        # the middle: 4 whole and two halves of 0; the ends: one of 0, which stands for -0.5 to 0.5, half of 4
        np.testing.assert_allclose(found, [4 / 3, 2, 4 / 3])

    def test_a_sample_counts_for_the_time_it_stands_for_in_the_window(self):
        # at 0, 1 and 3 s; those of 1 s stand for 0.5 to 2, the last for 2 to 4; the window is 0 to 2
        found = box(np.array([0.0, 1.0, 3.0]), column(1, 5, 100), 2.0)[:, 0]
        assert found[1] == pytest.approx((0.5 * 1 + 1.5 * 5) / 2)

    def test_zeros_around_pull_the_ends_down(self):
        found = box(np.arange(5.0), column(1, 1, 1, 1, 1), 3.0, padding="zero")[:, 0]
        np.testing.assert_allclose(found, [2 / 3, 1, 1, 1, 2 / 3])

    def test_filling(self):
        time, series = np.array([0, 1, 2, 4, 9, 10.0]), column(nan, 1, nan, 4, nan, 7)
        straight = [nan, 1, 2, 4, 6.5, 7]
        np.testing.assert_allclose(fill_gaps(time, series)[:, 0], straight)
        np.testing.assert_allclose(fill_gaps(time, series, longest_gap=3.0)[:, 0], [nan, 1, 2, 4, nan, 7])
        found = fill_gaps(time, series, longest_gap=1.0, method="nearest")[:, 0]
        np.testing.assert_allclose(found, [1, 1, 1, 4, 7, 7])
        found = fill_gaps(time, column(1, nan, 3, nan, nan, 6), longest_gap=1.0, method="nearest")[:, 0]
        np.testing.assert_allclose(found, [1, 1, 3, nan, 6, 6])  # of two as near, the earlier


class TestAgainstSciPy:
    @pytest.mark.parametrize("frames", [1, 5, 21, 51])
    def test_a_box_of_an_odd_number_of_frames(self, frames):
        time, values = constant_rate(0, 200)
        wanted = uniform_filter1d(values, frames, axis=0, mode="constant")
        np.testing.assert_allclose(
            box(time, values, frames / RATE, padding="zero"), wanted, atol=1e-12, rtol=0
        )
        there = uniform_filter1d(np.ones_like(values), frames, axis=0, mode="constant")
        np.testing.assert_allclose(box(time, values, frames / RATE), wanted / there, atol=1e-12, rtol=0)

    @pytest.mark.parametrize("frames", [20, 50])
    def test_a_box_of_an_even_number_is_the_mean_of_both_that_lean(self, frames):
        time, values = constant_rate(1, 200)
        both = [
            uniform_filter1d(values, frames, axis=0, mode="constant", origin=origin) for origin in (0, -1)
        ]
        found = box(time, values, frames / RATE, padding="zero")
        np.testing.assert_allclose(found, (both[0] + both[1]) / 2, atol=1e-12, rtol=0)

    @pytest.mark.parametrize("frames", [3, 11])
    def test_a_median(self, frames):
        time, values = constant_rate(2, 150)
        inner = slice(frames // 2, -(frames // 2))
        wanted = median_filter(values, size=(frames, 1))
        np.testing.assert_array_equal(median(time, values, frames / RATE)[inner], wanted[inner])
        np.testing.assert_array_equal(median(time, values, (frames - 1) / RATE)[inner], wanted[inner])

    @pytest.mark.parametrize(("frames", "order"), [(15, 3), (11, 2), (9, 0), (21, 5)])
    def test_local_polynomials(self, frames, order):
        time, values = constant_rate(3, 150)
        inner = slice(frames // 2, -(frames // 2))
        wanted = savgol_filter(values, frames, order, axis=0)
        found = savgol(time, values, frames / RATE, order=order)
        np.testing.assert_allclose(found[inner], wanted[inner], atol=1e-9, rtol=0)

    def test_a_line_is_numpys(self):
        time, values = irregular(4, 80, columns=1)
        known = np.isfinite(values[:, 0])
        wanted = np.interp(time, time[known], values[known, 0])
        inside = (time >= time[known][0]) & (time <= time[known][-1])
        np.testing.assert_allclose(fill_gaps(time, values)[inside, 0], wanted[inside])


@pytest.mark.parametrize("smooth", SMOOTHERS)
@pytest.mark.parametrize(("seed", "seconds"), [(0, 0.02), (1, 0.3), (2, 2.0)])
def test_at_irregular_times_each_equals_its_definition(smooth, seed, seconds):
    time, values = irregular(seed, 120)
    found = smooth(time, values, seconds, longest_gap=0.25)
    wanted = slowly(time, values, seconds, 0.25 + 1e-6, SLOW[smooth])
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("smooth", SMOOTHERS)
class TestWhatAllKeep:
    def test_constants(self, smooth):
        time, _ = irregular(3, 200)
        values = np.tile([0.3, -2.0, 1e6], (200, 1))
        np.testing.assert_allclose(smooth(time, values, 0.4), values, rtol=1e-10)

    def test_no_phase(self, smooth):
        time = np.arange(121) / RATE
        pulse = np.exp(-np.abs(time - time[60]) / 0.2)[:, None]
        for seconds in (10 / RATE, 11 / RATE):
            found = smooth(time, pulse, seconds)[:, 0]
            assert found[60] == pytest.approx(found.max(), rel=1e-9)
            np.testing.assert_allclose(found, found[::-1], atol=1e-9)

    def test_nothing_passes_a_long_gap(self, smooth):
        time = np.array([0, 0.1, 0.2, 0.9, 1.0, 1.1])
        values = column(0, 0, 0, 1, 1, 1)
        np.testing.assert_allclose(smooth(time, values, 3.0, longest_gap=0.6), values, atol=1e-12)
        assert np.abs(smooth(time, values, 3.0, longest_gap=0.8) - values).max() > 0.1

    def test_what_is_not_known_stays_so_and_weighs_nothing(self, smooth):
        time, values = irregular(5, 60, holes=0)
        holed = values.copy()
        holed[20:25, 0], holed[30, 0] = nan, inf
        found = smooth(time, holed, 0.3)
        kept = np.setdiff1d(np.arange(60), [*range(20, 25), 30])
        np.testing.assert_array_equal(np.isfinite(found[:, 0]), np.isin(np.arange(60), kept))
        np.testing.assert_allclose(found[kept, :1], smooth(time[kept], values[kept, :1], 0.3))
        np.testing.assert_allclose(found[:, 1:], smooth(time, values[:, 1:], 0.3))

    def test_a_window_narrower_than_the_frames_changes_nothing(self, smooth):
        time, values = irregular(6, 50, holes=0)
        np.testing.assert_allclose(smooth(time, values, 0.009), values, atol=1e-12)

    @pytest.mark.parametrize("n", [0, 1])
    def test_short_series(self, smooth, n):
        time = np.arange(float(n))
        np.testing.assert_allclose(smooth(time, np.ones((n, 3)), 1.0), np.ones((n, 3)))
        assert smooth(np.arange(2.0), np.ones((2, 0)), 1.0).shape == (2, 0)
        assert np.isnan(smooth(np.arange(2.0), column(nan, nan), 1.0)).all()

    def test_what_is_refused(self, smooth):
        time, values = constant_rate(0, 5)
        for options in ({"seconds": 0.0}, {"seconds": nan}, {"seconds": 1.0, "longest_gap": 0.0}):
            with pytest.raises(BadRecipe, match="above 0"):
                smooth(time, values, **options)
        with pytest.raises(BadTimes, match="times that increase"):
            smooth(time[::-1].copy(), values, 1.0)

    def test_blocks_do_not_matter(self, smooth, monkeypatch):
        time, values = irregular(7, 100)
        whole = smooth(time, values, 0.5, longest_gap=0.3)
        monkeypatch.setattr("facsight.functional.windows._BLOCK", 64)
        np.testing.assert_allclose(smooth(time, values, 0.5, longest_gap=0.3), whole, rtol=1e-9)


@pytest.mark.parametrize("smooth", [box, savgol])
def test_probabilities_still_sum_to_one(smooth):
    time, scores = irregular(8, 150, columns=5, holes=0)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    shares[40:50] = nan
    found = np.delete(smooth(time, shares, 0.3), range(40, 50), axis=0)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-9)


def test_a_polynomial_of_its_order_stays():
    time, _ = irregular(9, 80)
    cubic = (2 - time + 0.5 * time**2 - 0.1 * time**3)[:, None]
    np.testing.assert_allclose(savgol(time, cubic, 0.8, order=3), cubic, rtol=1e-8)


def test_filling_leaves_what_is_known_and_refuses_what_it_does_not_know():
    time, values = irregular(10, 60)
    known = np.isfinite(values)
    for method in ("linear", "nearest"):
        filled = fill_gaps(time, values, method=method)
        np.testing.assert_array_equal(filled[known], values[known])
    assert np.isfinite(filled).all()
    assert np.isnan(fill_gaps(np.arange(2.0), column(nan, nan))).all()
    with pytest.raises(BadRecipe, match="linear or nearest"):
        fill_gaps(time, values, method="cubic")
    with pytest.raises(BadRecipe, match="none or zero"):
        box(time, values, 1.0, padding="same")
    with pytest.raises(BadRecipe, match="order from 0 to 5"):
        savgol(time, values, 1.0, order=6)
    with pytest.raises(BadTimes):
        fill_gaps(np.array([1.0, 0.0]), column(1, 2))
