"""Series over time, smoothed with windows in seconds, whatever the times of their samples.

A series is one column of an array (sample, column); its samples lie at `time`, in seconds, increasing, at any
distances. A value that is not known is NaN: it stays NaN, and weighs nothing. Where a column is not known for
longer than `longest_gap` seconds it falls into stretches, and nothing passes from one into the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, pi

import numpy as np
from jaxtyping import Bool, Float64, Int64

from facsight.core.errors import BadRecipe, BadTimes

Values = Float64[np.ndarray, "n column"]

#: Standard deviations at which the Gaussian kernel ends: 1 in 16,000 of its mass lies beyond.
REACH = 4.0
#: Times that are written in decimals differ from their sums by less than this (seconds).
ROUNDING = 1e-6


def gaussian(
    time: Float64[np.ndarray, "n"], values: Values, seconds: float, *, longest_gap: float = inf
) -> Values:
    r"""Mean of the samples around each one, weighted by a Gaussian of standard deviation `seconds`.

    .. math:: \hat x_i = \frac{\sum_j w_j k_{ij} x_j}{\sum_j w_j k_{ij}}, \quad
        k_{ij} = e^{-(t_j - t_i)^2 / 2 s^2}

    over the known samples of the same stretch, up to `REACH` standard deviations away. :math:`w_j` is the
    time that a sample stands for: half the distance to its neighbour on each side, or `seconds` / 2 if that
    is less; at an end of a stretch it is the same on both sides. Frames that lie close together therefore do
    not count more than those that lie apart, and at a constant rate all weights are equal. Without phase: a
    symmetric peak stays where it is. Columns that sum to 1 and are known together still do.

    Takes n times the samples in the densest window; memory n. `BadRecipe` unless `seconds` and `longest_gap`
    are above 0; `BadTimes` for times that do not increase.
    """
    check_above_zero(seconds=seconds, longest_gap=longest_gap)
    known = np.isfinite(values)
    stretch = stretches(time, known, longest_gap=longest_gap)
    weight = np.where(known, _stood_for(time, known, longest_gap, seconds), 0.0)
    weighted = weight * np.where(known, values, 0.0)
    total, mass = weighted.copy(), weight.copy()
    reach = REACH * seconds + ROUNDING
    for lag in range(1, len(time)):
        apart = time[lag:] - time[:-lag]
        if apart.min() > reach:
            break
        kernel = np.where(apart <= reach, np.exp(-0.5 * np.square(apart / seconds)), 0.0)
        shared = kernel[:, None] * (stretch[lag:] == stretch[:-lag])
        for sums, terms in ((total, weighted), (mass, weight)):
            later, earlier = shared * terms[lag:], shared * terms[:-lag]
            sums[:-lag] += later
            sums[lag:] += earlier
    return np.divide(total, mass, out=np.full_like(total, np.nan), where=known)


@dataclass(frozen=True)
class OneEuroState:
    """Where a one-euro filter stands, per column; None where it has seen nothing yet. For JSON.

    `time` of the last known sample in seconds, its filtered `value`, and the filtered `slope` a second.
    """

    time: Sequence[float | None]
    value: Sequence[float | None]
    slope: Sequence[float | None]


def one_euro(
    time: Float64[np.ndarray, "n"],
    values: Values,
    *,
    min_cutoff: float,
    beta: float,
    slope_cutoff: float = 1.0,
    longest_gap: float = inf,
    state: OneEuroState | None = None,
) -> tuple[Values, OneEuroState]:
    r"""The one-euro filter: a low-pass filter that opens when the series moves fast. Causal.

    Casiez, Roussel and Vogel, "1 € filter: a simple speed-based low-pass filter for noisy input in
    interactive systems", CHI 2012, algorithm 1. With :math:`T` the time since the last known sample and
    :math:`\alpha(f) = 1 / (1 + 1 / 2 \pi f T)`:

    .. math:: \dot x = (x - \hat x_{prev}) / T, \quad
        \hat{\dot x} = \alpha(f_d) \dot x + (1 - \alpha(f_d)) \hat{\dot x}_{prev}

    .. math:: f = f_{min} + \beta |\hat{\dot x}|, \quad \hat x = \alpha(f) x + (1 - \alpha(f)) \hat x_{prev}

    `min_cutoff` (f_min) and `slope_cutoff` (f_d) are in Hz; `beta` in Hz for a slope of one unit a second.
    The first sample of a stretch is its own filtered value, with slope 0. Every column has its own cutoff, so
    columns that sum to 1 no longer do where `beta` is above 0.

    Returns the filtered values and the state after them; given that as `state`, the filter goes on as if it
    had never stopped. `BadRecipe` unless cutoffs and `longest_gap` are above 0 and `beta` is 0 or more;
    `BadTimes` for times that do not increase, also beyond those of `state`.
    """
    check_above_zero(min_cutoff=min_cutoff, slope_cutoff=slope_cutoff, longest_gap=longest_gap)
    if not (beta >= 0 and isfinite(beta)):
        raise BadRecipe(f"expected beta of 0 or more, found {beta}")
    check_times(time)
    last, level, slope = _restored(state, values.shape[1])
    if len(time) and np.any(last >= time[0]):
        raise BadTimes(
            f"expected times after {np.nanmax(last)} s, where the filter stands, found {time[0]} s"
        )
    filtered = np.where(np.isfinite(values), values, np.nan)
    for place, (now, row) in enumerate(zip(time, filtered, strict=True)):
        going = now - last <= longest_gap + ROUNDING  # not for NaN: nothing seen yet
        step = np.where(going, now - last, 1.0)
        new_slope = np.where(going, _mixed(slope, (row - level) / step, slope_cutoff, step), 0.0)
        new_level = np.where(going, _mixed(level, row, min_cutoff + beta * np.abs(new_slope), step), row)
        known = np.isfinite(row)
        filtered[place] = np.where(known, new_level, np.nan)
        last[known], level[known], slope[known] = now, new_level[known], new_slope[known]
    return filtered, OneEuroState(*(_plain(numbers) for numbers in (last, level, slope)))


def stretches(
    time: Float64[np.ndarray, "n"], known: Bool[np.ndarray, "n column"], *, longest_gap: float
) -> Int64[np.ndarray, "n column"]:
    """The stretch of each known sample, from 0 in every column; -1 where it is not known.

    A stretch begins where the last known sample lies more than `longest_gap` seconds back.
    """
    check_times(time)
    before, _ = _gaps(time, known)
    begins = known & _too_long(before, longest_gap)
    return np.where(known, np.cumsum(begins, axis=0) - 1, -1)


def check_times(time: Float64[np.ndarray, "n"]) -> None:
    """`BadTimes` unless the times are finite and increase."""
    if not np.isfinite(time).all():
        raise BadTimes(f"expected finite times in seconds, found {time[~np.isfinite(time)][0]}")
    wrong = np.flatnonzero(np.diff(time) <= 0)
    if len(wrong):
        one, other = time[wrong[0]], time[wrong[0] + 1]
        raise BadTimes(f"expected times that increase, found {other} s after {one} s; sort by time first")


def check_above_zero(**options: float) -> None:
    """`BadRecipe` names an option that is not above 0."""
    for name, value in options.items():
        if not value > 0:
            raise BadRecipe(f"expected {name} above 0, found {value}")


def _gaps(time: Float64[np.ndarray, "n"], known: Bool[np.ndarray, "n column"]) -> tuple[Values, Values]:
    """Seconds to the nearest known sample before, and after; infinite where there is none."""
    nowhere = np.full((1, known.shape[1]), inf)
    before = np.maximum.accumulate(np.where(known, time[:, None], -inf), axis=0)
    after = np.minimum.accumulate(np.where(known, time[:, None], inf)[::-1], axis=0)[::-1]
    return (
        time[:, None] - np.concatenate([-nowhere, before])[:-1],
        np.concatenate([after, nowhere])[1:] - time[:, None],
    )


def _too_long(gaps: Values, longest_gap: float) -> Bool[np.ndarray, "n column"]:
    return np.isinf(gaps) | (gaps > longest_gap + ROUNDING)


def _stood_for(
    time: Float64[np.ndarray, "n"], known: Bool[np.ndarray, "n column"], longest_gap: float, most: float
) -> Values:
    """Seconds that each sample stands for within its stretch, at most `most`; see `gaussian`."""
    before, after = (
        np.where(_too_long(gap, longest_gap), np.nan, np.minimum(gap, most)) for gap in _gaps(time, known)
    )
    before = np.where(np.isfinite(before), before, after)
    after = np.where(np.isfinite(after), after, before)
    return np.nan_to_num((before + after) / 2, nan=most)


def _mixed(
    old: Float64[np.ndarray, "column"],
    new: Float64[np.ndarray, "column"],
    cutoff: float | Float64[np.ndarray, "column"],
    step: Float64[np.ndarray, "column"],
) -> Float64[np.ndarray, "column"]:
    """One step of a first-order low-pass filter of this cutoff in Hz."""
    alpha = 1 / (1 + 1 / (2 * pi * cutoff * step))
    return alpha * new + (1 - alpha) * old


def _restored(state: OneEuroState | None, columns: int) -> list[Float64[np.ndarray, "column"]]:
    """Time, value and slope as arrays of our own, NaN where nothing has been seen."""
    empty = [None] * columns
    parts = (state.time, state.value, state.slope) if state else (empty, empty, empty)
    if any(len(part) != columns for part in parts):
        raise BadRecipe(f"expected a state of {columns} columns, found {[len(part) for part in parts]}")
    return [np.array(part, dtype=np.float64) for part in parts]


def _plain(numbers: Float64[np.ndarray, "column"]) -> list[float | None]:
    return [float(number) if isfinite(number) else None for number in numbers]
