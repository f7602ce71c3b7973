"""Series seen through a window that slides along in time: gaps filled, means, medians and local polynomials.

As in `temporal`, a series is a column of an array (sample, column) at increasing times in seconds, at any
distances; what is not known is NaN, stays NaN (but for `fill_gaps`) and weighs nothing, and nothing passes
over more than `longest_gap` seconds without a known sample. Windows are whole widths in seconds, with half of
it before and half after, so that nothing is shifted in time; at the ends of a stretch they are cut off.
"""

from collections.abc import Callable, Iterator
from math import inf
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int64

from facsight.core.errors import BadRecipe
from facsight.functional.temporal import ROUNDING, Values, check_above_zero, check_times

Times: TypeAlias = Float64[np.ndarray, "n"]
Places: TypeAlias = Int64[np.ndarray, "n"]

#: The highest order of a local polynomial: its equations keep half of their digits up to there.
HIGHEST_ORDER = 5
#: Numbers in one block of windows: 32 MB.
_BLOCK = 1 << 22


def fill_gaps(
    time: Times,
    values: Values,
    *,
    longest_gap: float = inf,
    method: str = "linear",
) -> Values:
    """What is not known, from the known samples around it; those stay as they are.

    "linear": on the straight line between the two known neighbours, where they lie at most `longest_gap`
    seconds apart; before the first known sample and after the last one nothing is filled. "nearest": the
    nearer known sample, of two as near the earlier, where it is at most `longest_gap` seconds away.
    `BadRecipe` for another method or a gap that is not above 0; `BadTimes` for times that do not increase.

    >>> time, series = np.array([0.0, 1.0, 2.0, 5.0]), np.array([[1.0], [np.nan], [3.0], [np.nan]])
    >>> fill_gaps(time, series).T.tolist(), fill_gaps(time, series, method="nearest").T.tolist()
    ([[1.0, 2.0, 3.0, nan]], [[1.0, 1.0, 3.0, 3.0]])
    """
    if method not in ("linear", "nearest"):
        raise BadRecipe(f"expected a method of filling, linear or nearest, found {method!r}")
    check_above_zero(longest_gap=longest_gap)
    check_times(time)
    filled = np.where(np.isfinite(values), values, np.nan)
    for series in filled.T:
        known = np.flatnonzero(np.isfinite(series))
        holes = np.flatnonzero(~np.isfinite(series))
        if len(known) and len(holes):
            series[holes] = _filled(time, series, known, holes, longest_gap + ROUNDING, method)
    return filled


def box(
    time: Times,
    values: Values,
    seconds: float,
    *,
    padding: str = "none",
    longest_gap: float = inf,
) -> Values:
    r"""Mean over a window of `seconds`, every sample counting for the time that it stands for within it.

    .. math:: \hat x_i = \frac{\sum_j |C_j \cap W_i| \, x_j}{\sum_j |C_j \cap W_i|}, \quad
        W_i = [t_i - s / 2, t_i + s / 2]

    :math:`C_j`, what a sample stands for, reaches half the way to the known neighbours, `seconds` / 2 at
    most; at an end of a stretch it is as long on both sides. At a constant rate a window of an odd number of
    frames is their plain mean; one of an even number n has n - 1 whole frames and half of the next on each
    side, which keeps it without phase (a filter of n whole frames shifts everything by half a frame, this is
    the mean of that and its mirror image). `padding` "zero" divides by `seconds` wherever the window is, as
    if the series went on with zeros: the ends, and the sides of long gaps, are drawn towards 0.

    Takes time and memory n, whatever the window. `BadRecipe` unless `seconds` and `longest_gap` are above 0;
    `BadTimes` for times that do not increase.

    >>> box(np.arange(4.0), np.array([[0.0], [3.0], [0.0], [3.0]]), 3.0).T.round(9).tolist()
    [[1.5, 1.0, 2.0, 1.5]]
    """
    check_above_zero(seconds=seconds, longest_gap=longest_gap)
    if padding not in ("none", "zero"):
        raise BadRecipe(f"expected a padding, none or zero, found {padding!r}")

    def smoothed(time: np.ndarray, known: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        before, after = _stood_for(time, first, last, min(seconds, longest_gap), seconds)
        begin, end = time - before / 2, time + after / 2
        centre = known.mean(axis=0)  # sums stay small, so that their differences keep their digits
        columns = np.column_stack([known - centre, np.ones(len(time))])
        left = np.maximum(time - seconds / 2, begin[first])
        right = np.minimum(time + seconds / 2, end[last])
        sums = _up_to(right, begin, end, columns) - _up_to(left, begin, end, columns)
        mass = sums[:, -1:]
        if padding == "zero":
            return (sums[:, :-1] + centre * mass) / seconds
        return sums[:, :-1] / mass + centre

    return _of_the_known(time, values, longest_gap, smoothed)


def median(time: Times, values: Values, seconds: float, *, longest_gap: float = inf) -> Values:
    """Median of the known samples at most `seconds` / 2 away; of an even number, the mean of the middle two.

    At a constant rate, windows of 10 and of 11 frames have the same 11 samples. Columns that sum to 1 no
    longer do. Takes n times the samples in the fullest window. `BadRecipe` and `BadTimes` as for `box`.

    >>> median(np.arange(4.0), np.array([[0.0], [9.0], [1.0], [2.0]]), 3.0).T.tolist()
    [[4.5, 1.0, 2.0, 1.5]]
    """
    check_above_zero(seconds=seconds, longest_gap=longest_gap)

    def smoothed(time: np.ndarray, known: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        found = np.empty_like(known)
        for rows, places, inside in _windows(time, first, last, seconds / 2, known.shape[1]):
            window = np.sort(np.where(inside[..., None], known[places], inf), axis=1)
            count = inside.sum(axis=1)
            middle = [
                np.take_along_axis(window, k[:, None, None], axis=1) for k in ((count - 1) // 2, count // 2)
            ]
            found[rows] = (middle[0] + middle[1])[:, 0] / 2
        return found

    return _of_the_known(time, values, longest_gap, smoothed)


def savgol(
    time: Times, values: Values, seconds: float, *, order: int = 2, longest_gap: float = inf
) -> Values:
    """At every sample, the polynomial of `order` that fits the known samples at most `seconds` / 2 away best.

    Savitzky and Golay, "Smoothing and differentiation of data by simplified least squares procedures",
    Analytical Chemistry 36, 1964, for samples at any times: least squares in the time from the sample. Keeps
    the height of peaks better than a mean, and can leave the range of the values. At the ends of a stretch
    the windows are cut off, so that polynomials lean on one side; a window of no more than `order` samples
    keeps its value. Columns that sum to 1, known together, still do.

    Takes n times the samples in the fullest window. `BadRecipe` unless `order` is from 0 to `HIGHEST_ORDER`,
    and as for `box`.

    >>> line = np.arange(5.0)
    >>> savgol(line, 1 + line[:, None] ** 2, 4.0).T.round(9).tolist()
    [[1.0, 2.0, 5.0, 10.0, 17.0]]
    """
    check_above_zero(seconds=seconds, longest_gap=longest_gap)
    if order not in range(HIGHEST_ORDER + 1):
        raise BadRecipe(f"expected an order from 0 to {HIGHEST_ORDER}, found {order}")

    def smoothed(time: np.ndarray, known: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        found = np.empty_like(known)
        for rows, places, inside in _windows(time, first, last, seconds / 2, known.shape[1] + order + 1):
            off = (time[places] - time[rows, None]) / (seconds / 2)
            weight = _centre_weights(off, inside, order)
            found[rows] = np.einsum("rw,rwc->rc", weight, known[places])
        return found

    return _of_the_known(time, values, longest_gap, smoothed)


def _filled(
    time: np.ndarray, series: np.ndarray, known: np.ndarray, holes: np.ndarray, limit: float, method: str
) -> np.ndarray:
    """The values of the holes of one series; NaN where nothing may be filled."""
    following = np.searchsorted(known, holes)
    earlier, later = known[(following - 1).clip(0)], known[following.clip(max=len(known) - 1)]
    between = (following > 0) & (following < len(known))
    if method == "linear":
        line = np.interp(time[holes], time[known], series[known])
        return np.where(between & (time[later] - time[earlier] <= limit), line, np.nan)
    away = np.abs(time[holes] - time[earlier]), np.abs(time[later] - time[holes])
    nearer = np.where(away[1] < away[0], later, earlier)
    return np.where(np.minimum(*away) <= limit, series[nearer], np.nan)


def _of_the_known(
    time: np.ndarray, values: np.ndarray, longest_gap: float, smoothed: Callable[..., np.ndarray]
) -> np.ndarray:
    """Each series without what is not known, smoothed between the first and last sample of its stretches.

    Columns that are known at the same times go together.
    """
    check_times(time)
    known = np.isfinite(values)
    found = np.full(values.shape, np.nan)
    alike = bool((known == known[:, :1]).all())
    for columns in [slice(None)] if alike else [slice(k, k + 1) for k in range(values.shape[1])]:
        rows = np.flatnonzero(known[:, columns].any(axis=1))
        if len(rows):
            own = time[rows]
            found[rows, columns] = smoothed(own, values[rows, columns], *_ends(own, longest_gap))
    return found


def _ends(time: np.ndarray, longest_gap: float) -> tuple[np.ndarray, np.ndarray]:
    """The places of the first and last sample of every sample's stretch."""
    breaks = np.flatnonzero(np.diff(time) > longest_gap + ROUNDING)
    starts, stops = np.append(0, breaks + 1), np.append(breaks, len(time) - 1)
    sizes = stops - starts + 1
    return np.repeat(starts, sizes), np.repeat(stops, sizes)


def _stood_for(
    time: np.ndarray, first: np.ndarray, last: np.ndarray, alone: float, most: float
) -> tuple[np.ndarray, np.ndarray]:
    """Twice the seconds that every sample stands for before and after it; `alone`, those of a lone sample."""
    place, step = np.arange(len(time)), np.diff(time)
    before = np.where(place > first, np.minimum(np.append(alone, step), most), np.nan)
    after = np.where(place < last, np.minimum(np.append(step, alone), most), np.nan)
    sides = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    return np.nan_to_num(sides[0], nan=alone), np.nan_to_num(sides[1], nan=alone)


def _up_to(moment: np.ndarray, begin: np.ndarray, end: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Integrals, up to each moment, of columns that are constant where a sample stands and 0 elsewhere."""
    width = end - begin
    whole = np.cumsum(columns * width[:, None], axis=0)
    place = (np.searchsorted(begin, moment, side="right") - 1).clip(0)
    part = np.clip(moment - begin[place], 0.0, width[place]) - width[place]
    return whole[place] + columns[place] * part[:, None]


def _windows(
    time: np.ndarray, first: np.ndarray, last: np.ndarray, half: float, columns: int
) -> Iterator[tuple[slice, Int64[np.ndarray, "row place"], Bool[np.ndarray, "row place"]]]:
    """The places of the samples in every sample's window, and which of these are in it, in blocks of rows."""
    low = np.maximum(np.searchsorted(time, time - half - ROUNDING, side="left"), first)
    high = np.minimum(np.searchsorted(time, time + half + ROUNDING, side="right"), last + 1)
    width = int((high - low).max())
    size = max(1, _BLOCK // (width * max(columns, 1)))
    for start in range(0, len(time), size):
        rows = slice(start, start + size)
        places = low[rows, None] + np.arange(width)
        inside = places < high[rows, None]
        yield rows, np.minimum(places, len(time) - 1), inside


def _centre_weights(
    off: Float64[np.ndarray, "row place"], inside: Bool[np.ndarray, "row place"], order: int
) -> Float64[np.ndarray, "row place"]:
    """What each sample of a window weighs in the fitted polynomial's value at distance 0."""
    powers = np.where(inside[..., None], off[..., None] ** np.arange(order + 1), 0.0)
    products = np.einsum("rwp,rwq->rpq", powers, powers)
    enough = inside.sum(axis=1) > order
    products[~enough] = np.eye(order + 1)
    wanted = np.zeros((len(off), order + 1, 1))
    wanted[:, 0] = 1.0
    weight = np.einsum("rwp,rp->rw", powers, np.linalg.solve(products, wanted)[..., 0])
    own = inside & (off == 0)
    return np.where(enough[:, None], weight, own)
