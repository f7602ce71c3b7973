"""Values at any times put onto a clock of equal steps, windows of steps, and windows put together again.

Step k of a clock holds what lies from k to k + 1 times `step` seconds, its end left out.
"""

from math import ceil, prod

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from facsight.core.errors import BadRecipe, BadTimes

#: Times that are written in decimals differ from their sums by less than this (seconds).
_ROUNDING = 1e-6


def steps_in(seconds: float, step: float) -> int:
    """How many steps a recording of this duration has: its last one may be shorter.

    >>> steps_in(1.0, 0.25), steps_in(1.1, 0.25)
    (4, 5)
    """
    if not step > 0:
        raise BadRecipe(f"expected a step above 0 s, found {step}")
    return max(1, ceil((seconds - _ROUNDING) / step))


def on_clock(
    time: Float64[np.ndarray, "n"],
    values: Float[np.ndarray, "n *feature"],
    *,
    step: float,
    steps: int,
    frames: int = 1,
) -> tuple[Float[np.ndarray, "step *features"], Bool[np.ndarray, "step"]]:
    """The mean of the values whose times fall into each step, and in which steps there are any.

    A row with a value that is not finite counts as not there; a step without rows is 0 and not known. With
    `frames` above 1 a step holds so many parts, each with the mean of what falls into it, 0 where nothing
    does; it is known if half of its parts are. What lies before 0 or beyond the last step is left out.
    `BadTimes` for times that are not finite.
    """
    if not np.isfinite(time).all():
        raise BadTimes(f"expected finite times in seconds, found {time[~np.isfinite(time)][0]}")
    parts = steps * frames
    place = np.floor((time + _ROUNDING) * frames / step).astype(np.int64)
    flat = values.reshape(len(values), prod(values.shape[1:]))
    good = np.isfinite(flat).all(axis=1) & (place >= 0) & (place < parts)
    count = np.bincount(place[good], minlength=parts)
    means = _sums(place[good], flat[good], parts) / np.maximum(count, 1)[:, None]
    shape = (steps, *values.shape[1:]) if frames == 1 else (steps, frames, *values.shape[1:])
    known = 2 * (count > 0).reshape(steps, frames).sum(axis=1) >= frames
    return means.reshape(shape).astype(np.float32), known


def _sums(
    place: Int64[np.ndarray, "n"], rows: Float[np.ndarray, "n column"], parts: int
) -> Float64[np.ndarray, "part column"]:
    """Sum of the rows of each place."""
    total = np.zeros((parts, rows.shape[1]))
    if len(place):
        order = np.argsort(place, kind="stable")
        first = np.flatnonzero(np.diff(place[order], prepend=-1))
        total[place[order][first]] = np.add.reduceat(rows[order].astype(np.float64), first, axis=0)
    return total


def window_rows(
    steps: int, *, length: int, hop: int, dilation: int = 1
) -> Int64[np.ndarray, "window length"]:
    """The steps of each window, -1 beyond the end; together they hold every step.

    Windows begin every `hop` steps. The last begins so that it ends with the recording, if that is long
    enough. With `dilation` d a window takes every d-th step, and others take those between.

    >>> window_rows(5, length=3, hop=2).tolist()
    [[0, 1, 2], [2, 3, 4]]
    >>> window_rows(2, length=3, hop=2).tolist()
    [[0, 1, -1]]
    >>> window_rows(6, length=3, hop=6, dilation=2).tolist()
    [[0, 2, 4], [1, 3, 5]]
    """
    if min(length, hop, dilation) < 1 or hop > length * dilation:
        raise BadRecipe(
            f"expected windows of at least one step, a hop of at most the window's span and a dilation of at "
            f"least 1, found length {length}, hop {hop}, dilation {dilation}"
        )
    return np.concatenate(
        [
            _dilated(ceil((steps - first) / dilation), length, ceil(hop / dilation), first, dilation)
            for first in range(min(dilation, steps))
        ]
    )


def _dilated(
    count: int, length: int, hop: int, first: int, dilation: int
) -> Int64[np.ndarray, "window length"]:
    """The windows over every `dilation`-th step from `first` on, of which there are so many."""
    last = max(0, count - length)
    rows = np.unique([*range(0, last, hop), last])[:, None] + np.arange(length)
    return np.where(rows < count, first + dilation * rows, -1)


def stitch(
    values: Float[np.ndarray, "window length column"], rows: Int64[np.ndarray, "window length"], steps: int
) -> tuple[Float64[np.ndarray, "step column"], Int64[np.ndarray, "step"]]:
    """The mean of what overlapping windows say of each step, NaN where none does, and how many do."""
    inside = rows >= 0
    count = np.bincount(rows[inside], minlength=steps)
    total = _sums(rows[inside], values[inside], steps)
    return np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], np.nan), count
