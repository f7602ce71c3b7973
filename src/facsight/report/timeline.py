"""Expressions over time as SVG in the page's colours: a stacked band a person, and lanes of action units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float

#: Stretches of time that a timeline shows: each is the mean of its frames.
BINS = 425
WIDTH, LEFT, BAND, LANE, AXIS = 1080, 220, 110, 12, 22
#: Grades of strength in a lane: cells of one grade share a path.
GRADES = 20

#: One a class, in turn: they differ in lightness as well as in hue.
HUES = ("#bdbdbd", "#f0c419", "#e07b39", "#4472a8", "#b5403a", "#5f8f3e", "#7a4d9b", "#2b9aa0", "#8c6d46")


@dataclass(frozen=True)
class Band:
    """One person's stacked probabilities, and lanes of shares, as paths in SVG coordinates.

    `areas` are a class's number and its path, in the order of painting: each reaches from the foot to the
    class's upper edge, and is covered by the next. `lanes` are y, name, and a path for each opacity.
    """

    name: str
    y: float
    areas: tuple[tuple[int, str], ...]
    lanes: tuple[tuple[float, str, tuple[tuple[float, str], ...]], ...]


@dataclass(frozen=True)
class Timeline:
    """Bands from top to bottom, ticks of the time axis, and where the cuts and the damage are."""

    title: str
    bands: tuple[Band, ...]
    ticks: tuple[tuple[float, str], ...]
    cuts: tuple[float, ...]
    damage: tuple[float, ...]
    height: float
    width: int = WIDTH
    left: int = LEFT
    band: int = BAND
    lane: int = LANE


def mean_shares(shares: pl.DataFrame) -> Float[np.ndarray, "column"]:
    """The mean of each column over all rows, where a missing share counts as none."""
    return np.array(shares.fill_null(0.0).mean().row(0), dtype=float)


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
    damage: Sequence[float] = (),
) -> Timeline:
    """A band for each person: their mean probabilities in each bin, and lanes of shares in [0, 1] below."""
    first, last = float(edges[0]), float(edges[-1])
    across = lambda t: LEFT + (t - first) / (last - first) * (WIDTH - LEFT - 10)  # noqa: E731
    x = [across(edge) for edge in edges]
    bands, y = [], 8.0
    for name, (shares, lanes) in people.items():
        areas = tuple(_areas(shares, x, y))
        drawn, lane_y = [], y + BAND + 6
        for lane, values in lanes.items():
            drawn.append((lane_y, lane, tuple(lane_cells(values, x, lane_y))))
            lane_y += LANE + 2
        bands.append(Band(name, y, areas, tuple(drawn)))
        y = lane_y + 18
    ticks = tuple((across(t), clock(t)) for t in np.linspace(first, last, 6))
    inside = tuple(across(time) for time in damage if first <= time <= last)
    return Timeline(title, tuple(bands), ticks, tuple(map(across, cuts)), inside, y + AXIS)


def _areas(shares: Float[np.ndarray, "bin class"], x: Sequence[float], y: float) -> list[tuple[int, str]]:
    """Paths of stacked shares, new ones after each gap, drawn as steps: nothing is interpolated."""
    upper = np.cumsum(shares, axis=1)
    known = np.isfinite(shares).all(axis=1)
    foot = y + BAND
    found = []
    for first, last in runs(known):
        for number in reversed(range(shares.shape[1])):
            steps = [f"V{foot - BAND * upper[b, number]:.1f}H{x[b + 1]:.1f}" for b in range(first, last)]
            found.append((number, f"M{x[first]:.1f} {foot:.1f}{''.join(steps)}V{foot:.1f}z"))
    return found


def lane_cells(values: Float[np.ndarray, "bin"], x: Sequence[float], y: float) -> list[tuple[float, str]]:
    """Opacity and path of all cells of a grade: the root of the share, so that small ones can be seen."""
    grades = np.round(np.sqrt(np.clip(np.nan_to_num(values), 0, 1)) * GRADES).astype(int)
    return [
        (
            grade / GRADES,
            "".join(
                f"M{x[first]:.1f} {y:.0f}H{x[last]:.1f}v{LANE}H{x[first]:.1f}z"
                for first, last in runs(grades == grade)
            ),
        )
        for grade in np.unique(grades[grades > 0]).tolist()
    ]


def runs(known: np.ndarray) -> list[tuple[int, int]]:
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
