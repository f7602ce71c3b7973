"""Smoothing over time, against hand values, slow versions from the formulas, and a dense reference."""

import json
from dataclasses import asdict
from itertools import pairwise
from math import exp, hypot, inf, isnan, nan, pi

import numpy as np
import pytest

from facsight.core.errors import BadRecipe, BadTimes
from facsight.functional.temporal import OneEuroState, gaussian, one_euro, stretches


def column(*values):
    return np.array(values, float)[:, None]


def times(*values):
    return np.array(values, float)


def irregular(seed, n, columns=2):
    """Times 10 to 100 ms apart and noise at them."""
    generator = np.random.default_rng(seed)
    return np.cumsum(generator.uniform(0.01, 0.1, n)), generator.normal(size=(n, columns))


def slow_gaussian(time, values, seconds, gap):
    """One column, from the definition."""
    parts = [[]]
    for i in (i for i, value in enumerate(values) if not isnan(value)):
        if parts[-1] and time[i] - time[parts[-1][-1]] > gap:
            parts.append([])
        parts[-1].append(i)
    out = np.full(len(values), nan)
    for own in parts:
        steps = [min(time[b] - time[a], seconds) for a, b in pairwise(own)] or [seconds]
        lasts = [(a + b) / 2 for a, b in zip(steps[:1] + steps, steps + steps[-1:], strict=True)]
        for i in own:
            near = [
                (lasts[place] * exp(-((time[j] - time[i]) ** 2) / (2 * seconds**2)), values[j])
                for place, j in enumerate(own)
                if abs(time[j] - time[i]) <= 4 * seconds
            ]
            out[i] = sum(weight * value for weight, value in near) / sum(weight for weight, _ in near)
    return out


class ScalarOneEuro:
    """Algorithms 1 to 3 of the paper, for one number at a time."""

    def __init__(self, min_cutoff, beta, slope_cutoff):
        self.min_cutoff, self.beta, self.slope_cutoff = min_cutoff, beta, slope_cutoff
        self.first_time, self.x_previous, self.dx_previous = True, 0.0, 0.0

    def alpha(self, rate, cutoff):
        tau, period = 1 / (2 * pi * cutoff), 1 / rate
        return 1 / (1 + tau / period)

    def filter(self, x, rate):
        if self.first_time:
            self.first_time, self.x_previous, self.dx_previous = False, x, 0.0
            return x
        dx = (x - self.x_previous) * rate
        a = self.alpha(rate, self.slope_cutoff)
        self.dx_previous = a * dx + (1 - a) * self.dx_previous
        a = self.alpha(rate, self.min_cutoff + self.beta * abs(self.dx_previous))
        self.x_previous = a * x + (1 - a) * self.x_previous
        return self.x_previous


def test_three_samples_by_hand():
    weight = exp(-0.5)  # one standard deviation away
    smooth = gaussian(times(0, 1, 2), column(0, 1, 0), 1.0)[:, 0]
    assert smooth[1] == pytest.approx(1 / (1 + 2 * weight))
    assert smooth[0] == pytest.approx(weight / (1 + weight + exp(-2)))


def test_a_sample_counts_for_the_time_it_stands_for():
    # at 0.0, 0.2 and 0.6 s: 0.2 s each way of the first, 0.3 s the second, 0.4 s the third
    smooth = gaussian(times(0, 0.2, 0.6), column(0, 0, 1), 1.0)[:, 0]
    weights = [0.2 * exp(-(0.2**2) / 2), 0.3, 0.4 * exp(-(0.4**2) / 2)]
    assert smooth[1] == pytest.approx(weights[2] / sum(weights))


@pytest.mark.parametrize("seed", range(3))
def test_the_gaussian_equals_its_definition(seed):
    time, values = irregular(seed, 120)
    values[np.random.default_rng(seed).random(values.shape) < 0.2] = nan
    time[60:] += 0.7
    ours = gaussian(time, values, 0.15, longest_gap=0.25)
    for ours_column, raw in zip(ours.T, values.T, strict=True):
        np.testing.assert_allclose(ours_column, slow_gaussian(time, raw, 0.15, 0.25 + 1e-6), rtol=1e-10)


def test_irregular_sampling_equals_a_dense_reference():
    def curve(t):
        return np.sin(2 * t) + 0.5 * np.cos(5 * t)

    dense = np.arange(0, 12, 0.001)
    reference = gaussian(dense, curve(dense)[:, None], 0.2)[:, 0]
    generator = np.random.default_rng(0)
    slow, fast = generator.uniform(0.03, 0.06, 110), generator.uniform(0.001, 0.01, 1000)
    time = np.cumsum(np.concatenate([slow, fast]))  # 22 frames a second, then 180
    ours = gaussian(time, curve(time)[:, None], 0.2)[:, 0]
    inner = (time > 0.8) & (time < time[-1] - 0.8)
    assert np.abs(ours - np.interp(time, dense, reference))[inner].max() < 0.002


def test_a_change_of_rate_shifts_nothing():
    """A plain mean over samples would lean towards where they lie close together."""
    time = np.concatenate([np.arange(0, 2, 0.1), np.arange(2, 4, 0.01)])
    ramp = gaussian(time, time[:, None], 0.2)[:, 0]
    inner = (time > 0.9) & (time < 3.1)
    assert np.abs(ramp - time)[inner].max() < 0.004


@pytest.mark.parametrize("filtered", [gaussian, lambda t, v, s: one_euro(t, v, min_cutoff=s, beta=1.0)[0]])
def test_constants_stay_constant(filtered):
    time, _ = irregular(3, 200)
    values = np.tile([0.3, -2.0, 1e6], (200, 1))
    np.testing.assert_allclose(filtered(time, values, 0.4), values, rtol=1e-12)


def test_the_gaussian_has_no_phase():
    time = np.arange(121) / 30
    pulse = np.exp(-np.abs(time - time[60]) / 0.2)[:, None]
    smooth = gaussian(time, pulse, 0.3)[:, 0]
    assert smooth.argmax() == 60
    np.testing.assert_allclose(smooth, smooth[::-1])


def test_the_gaussian_takes_out_noise_and_keeps_the_mean():
    time = np.arange(0, 200, 0.04)
    noise = np.random.default_rng(1).normal(size=(len(time), 1))
    smooth = gaussian(time, noise, 0.2)
    # white noise of variance v at distances d becomes v d / (2 sqrt(pi) s)
    assert smooth.var() == pytest.approx(0.04 / (2 * np.sqrt(pi) * 0.2), rel=0.15)
    assert smooth.mean() == pytest.approx(noise.mean(), abs=0.01)


def test_probabilities_still_sum_to_one():
    time, scores = irregular(4, 150, columns=5)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    shares[40:50] = nan
    smooth = gaussian(time, shares, 0.3)
    np.testing.assert_allclose(np.delete(smooth.sum(axis=1), range(40, 50)), 1.0, rtol=1e-12)
    assert np.nanmin(smooth) > 0


def test_nothing_passes_over_a_long_gap():
    time = times(0, 0.1, 0.2, 0.9, 1.0)
    values = column(0, 0, 0, 1, 1)
    np.testing.assert_allclose(gaussian(time, values, 0.5, longest_gap=0.6), values)
    assert gaussian(time, values, 0.5, longest_gap=0.8)[2, 0] > 0.01
    filtered, _ = one_euro(time, values, min_cutoff=0.1, beta=0.0, longest_gap=0.6)
    np.testing.assert_allclose(filtered, values)


def test_a_gap_in_one_column_leaves_the_others_alone():
    time, values = irregular(5, 60)
    holed = values.copy()
    holed[20:40, 0] = nan
    smooth = gaussian(time, holed, 0.1, longest_gap=0.3)
    np.testing.assert_array_equal(np.isnan(smooth), np.isnan(holed))
    np.testing.assert_allclose(smooth[:, 1], gaussian(time, values, 0.1, longest_gap=0.3)[:, 1])
    np.testing.assert_allclose(smooth[:20, 0], gaussian(time[:20], values[:20], 0.1)[:, 0])
    np.testing.assert_allclose(smooth[40:, 0], gaussian(time[40:], values[40:], 0.1)[:, 0])


def test_a_gap_as_long_as_allowed_is_none_whatever_the_rounding():
    time = np.array([0.1 * place for place in range(8)])
    known = np.ones((8, 1), bool)
    known[2:4] = False  # from 0.1 to 0.4 s
    assert stretches(time, known, longest_gap=0.3)[:, 0].tolist() == [0, 0, -1, -1, 0, 0, 0, 0]
    assert stretches(time, known, longest_gap=0.29)[:, 0].tolist() == [0, 0, -1, -1, 1, 1, 1, 1]


def test_what_is_not_finite_is_not_known():
    smooth = gaussian(times(0, 1, 2), column(1, inf, 1), 1.0)[:, 0]
    np.testing.assert_array_equal(smooth, [1, nan, 1])
    filtered, state = one_euro(times(0, 1, 2), column(1, -inf, 1), min_cutoff=1.0, beta=0.0)
    np.testing.assert_array_equal(filtered[:, 0], [1, nan, 1])
    assert state.value == [1.0]


def test_landmarks_are_columns_like_any():
    """A jittering point that moves on a circle comes out nearer to where it is."""
    time = np.arange(0, 6, 1 / 25)
    circle = 20 * np.stack([np.cos(time), np.sin(time)], axis=1)
    seen = circle + np.random.default_rng(2).normal(size=circle.shape)
    smooth, (filtered, _) = gaussian(time, seen, 0.1), one_euro(time, seen, min_cutoff=1.0, beta=0.1)
    raw, ours, causal = (np.mean([hypot(*d) for d in x - circle]) for x in (seen, smooth, filtered))
    assert ours < 0.6 * raw
    assert causal < 0.9 * raw


def test_two_samples_of_one_euro_by_hand():
    # T = 1/2 s, all cutoffs 1/pi Hz: alpha = 1 / (1 + 1 / (2 pi / pi / 2)) = 1/2
    filtered, state = one_euro(times(0, 0.5), column(0, 1), min_cutoff=1 / pi, beta=0.0, slope_cutoff=1 / pi)
    np.testing.assert_allclose(filtered[:, 0], [0, 0.5])
    np.testing.assert_allclose([state.time, state.value, state.slope], [[0.5], [0.5], [1.0]])  # half of 1 / T


@pytest.mark.parametrize(("min_cutoff", "beta", "slope_cutoff"), [(1.0, 0.0, 1.0), (0.3, 2.0, 0.5)])
def test_one_euro_equals_the_papers_algorithm(min_cutoff, beta, slope_cutoff):
    time, values = irregular(6, 200)
    ours, _ = one_euro(time, values, min_cutoff=min_cutoff, beta=beta, slope_cutoff=slope_cutoff)
    for ours_column, raw in zip(ours.T, values.T, strict=True):
        scalar = ScalarOneEuro(min_cutoff, beta, slope_cutoff)
        steps = np.diff(time, prepend=time[0] - 1)
        np.testing.assert_allclose(
            ours_column, [scalar.filter(x, 1 / s) for x, s in zip(raw, steps, strict=True)]
        )


def test_one_euro_passes_over_what_is_not_known():
    time, values = irregular(7, 80)
    values[30:33, 0] = nan
    ours, _ = one_euro(time, values, min_cutoff=0.5, beta=1.0)
    kept = np.delete(np.arange(80), [30, 31, 32])
    alone, _ = one_euro(time[kept], values[kept, :1], min_cutoff=0.5, beta=1.0)
    np.testing.assert_array_equal(ours[kept, 0], alone[:, 0])
    assert np.isnan(ours[30:33, 0]).all()
    assert np.isfinite(ours[:, 1]).all()


def test_one_euro_is_causal():
    time, values = irregular(8, 60)
    changed = values.copy()
    changed[40:] += 5
    before, after = (one_euro(time, v, min_cutoff=0.5, beta=1.0)[0] for v in (values, changed))
    np.testing.assert_array_equal(before[:40], after[:40])
    assert (before[40] != after[40]).all()


@pytest.mark.parametrize("stop", [0, 1, 37, 99, 100])
def test_one_euro_goes_on_as_if_it_never_stopped(stop):
    time, values = irregular(9, 100)
    values[:50, 1] = nan  # the state of a column may be empty for long
    options = {"min_cutoff": 0.5, "beta": 1.0, "longest_gap": 0.3}
    whole, last = one_euro(time, values, **options)
    first, state = one_euro(time[:stop], values[:stop], **options)
    kept = OneEuroState(**json.loads(json.dumps(asdict(state), allow_nan=False)))
    second, end = one_euro(time[stop:], values[stop:], **options, state=kept)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    assert end == last


@pytest.mark.parametrize("n", [0, 1])
def test_short_series(n):
    time, values = times(*range(n)), np.ones((n, 3))
    np.testing.assert_array_equal(gaussian(time, values, 1.0), values)
    np.testing.assert_array_equal(one_euro(time, values, min_cutoff=1.0, beta=0.0)[0], values)
    assert gaussian(times(0, 1), np.ones((2, 0)), 1.0).shape == (2, 0)


@pytest.mark.parametrize("time", [(0, 1, 1), (0, 2, 1), (0, nan, 1), (0, 1, inf)])
def test_times_must_increase(time):
    with pytest.raises(BadTimes, match="expected"):
        gaussian(times(*time), column(0, 0, 0), 1.0)
    with pytest.raises(BadTimes, match="expected"):
        one_euro(times(*time), column(0, 0, 0), min_cutoff=1.0, beta=0.0)


def test_options_must_make_sense():
    time, values = times(0, 1), column(0, 1)
    for seconds in (0.0, -1.0, nan):
        with pytest.raises(BadRecipe, match="expected seconds above 0"):
            gaussian(time, values, seconds)
    with pytest.raises(BadRecipe, match="longest_gap"):
        gaussian(time, values, 1.0, longest_gap=0.0)
    with pytest.raises(BadRecipe, match="min_cutoff"):
        one_euro(time, values, min_cutoff=0.0, beta=0.0)
    for beta in (-0.1, nan, inf):
        with pytest.raises(BadRecipe, match="beta"):
            one_euro(time, values, min_cutoff=1.0, beta=beta)


def test_a_state_must_fit():
    _, state = one_euro(times(0, 1), column(0, 1), min_cutoff=1.0, beta=0.0)
    with pytest.raises(BadTimes, match=r"after 1.0 s, where the filter stands, found 1.0 s"):
        one_euro(times(1, 2), column(0, 1), min_cutoff=1.0, beta=0.0, state=state)
    with pytest.raises(BadRecipe, match="state of 2 columns"):
        one_euro(times(2, 3), np.ones((2, 2)), min_cutoff=1.0, beta=0.0, state=state)
