"""Expressions over time as SVG in the page's colours: a stacked band a person, and lanes of action units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

#: Stretches of time that a timeline shows: each is the mean of its frames.
BINS = 600
WIDTH, LEFT, BAND, LANE, AXIS = 1080, 220, 120, 14, 22

#: One a class, in turn: they differ in lightness as well as in hue.
HUES = ("#bdbdbd", "#f0c419", "#e07b39", "#4472a8", "#b5403a", "#5f8f3e", "#7a4d9b", "#2b9aa0", "#8c6d46")


@dataclass(frozen=True)
class Band:
    """One person's stacked probabilities: a polygon a class and stretch without gap, in SVG coordinates."""

    name: str
    y: float
    areas: tuple[tuple[int, str], ...]
    lanes: tuple[tuple[float, str, tuple[tuple[float, float, float], ...]], ...]


@dataclass(frozen=True)
class Timeline:
    """Bands from top to bottom, ticks of the time axis, and where the cuts are."""

    title: str
    bands: tuple[Band, ...]
    ticks: tuple[tuple[float, str], ...]
    cuts: tuple[float, ...]
    height: float
    width: int = WIDTH
    left: int = LEFT
    band: int = BAND
    lane: int = LANE


def binned(
    time: Float[np.ndarray, "n"], values: Float[np.ndarray, "n column"], edges: Float[np.ndarray, "bin1"]
) -> Float[np.ndarray, "bin column"]:
    """The mean of the rows whose time lies in each bin; NaN for a bin without any, and for unknown values."""
    place = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, len(edges) - 2)
    known = np.isfinite(values)
    total = np.zeros((len(edges) - 1, values.shape[1]))
    count = np.zeros_like(total)
    np.add.at(total, place, np.where(known, values, 0.0))
    np.add.at(count, place, known)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def edges_of(start: float, end: float, frames: int) -> Float[np.ndarray, "bin1"]:
    """Equal stretches from `start` to `end`, at most BINS, none shorter than a frame is long on average."""
    return np.linspace(start, max(end, start + 1e-3), max(1, min(BINS, frames)) + 1)


def timeline(
    title: str,
    people: Mapping[str, tuple[Float[np.ndarray, "bin class"], Mapping[str, Float[np.ndarray, "bin"]]]],
    edges: Float[np.ndarray, "bin1"],
    cuts: Sequence[float],
) -> Timeline:
    """A band for each person: their mean probabilities in each bin, and lanes of shares in [0, 1] below."""
    first, last = float(edges[0]), float(edges[-1])
    across = lambda t: LEFT + (t - first) / (last - first) * (WIDTH - LEFT - 10)  # noqa: E731
    bands, y = [], 8.0
    for name, (shares, lanes) in people.items():
        areas = tuple(_areas(shares, [across(edge) for edge in edges], y))
        drawn, lane_y = [], y + BAND + 6
        for lane, values in lanes.items():
            drawn.append((lane_y, lane, tuple(_cells(values, [across(edge) for edge in edges]))))
            lane_y += LANE + 2
        bands.append(Band(name, y, areas, tuple(drawn)))
        y = lane_y + 18
    ticks = tuple((across(t), clock(t)) for t in np.linspace(first, last, 6))
    return Timeline(title, tuple(bands), ticks, tuple(across(cut) for cut in cuts), y + AXIS)


def _areas(shares: Float[np.ndarray, "bin class"], x: Sequence[float], y: float) -> list[tuple[int, str]]:
    """Polygons of stacked shares, a new one after each gap, drawn as steps: nothing is interpolated."""
    upper = np.cumsum(shares, axis=1)
    lower = upper - shares
    known = np.isfinite(shares).all(axis=1)
    found = []
    for first, last in _runs(known):
        for number in range(shares.shape[1]):
            top = [(x[b + s], y + BAND * (1 - upper[b, number])) for b in range(first, last) for s in (0, 1)]
            low = [(x[b + s], y + BAND * (1 - lower[b, number])) for b in range(first, last) for s in (0, 1)]
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*top, *reversed(low)])
            found.append((number, points))
    return found


def _cells(values: Float[np.ndarray, "bin"], x: Sequence[float]) -> list[tuple[float, float, float]]:
    """Where each known value starts, how wide it is, and how strong."""
    return [
        (round(x[b], 1), round(x[b + 1] - x[b] + 0.3, 1), round(float(np.clip(values[b], 0, 1)), 3))
        for b in range(len(values))
        if np.isfinite(values[b]) and values[b] > 0.01
    ]


def _runs(known: np.ndarray) -> list[tuple[int, int]]:
    """Beginning and end of each stretch of bins with a value."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]


def clock(seconds: float) -> str:
    """A time as a player shows it.

    >>> clock(3.25), clock(75.0), clock(3675.0)
    ('0:03.2', '1:15', '1:01:15')
    """
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, rest = divmod(seconds, 60)
    if seconds < 60:
        return f"{sign}0:{int(rest * 10) / 10:04.1f}"
    hours, minutes = divmod(int(minutes), 60)
    return f"{sign}{hours}:{minutes:02d}:{int(rest):02d}" if hours else f"{sign}{minutes}:{int(rest):02d}"
