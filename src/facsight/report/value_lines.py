"""Quantities over time as SVG: a line each between the ends of their scale, and lanes of shares below."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from facsight.report.timeline import AXIS, LANE, LEFT, WIDTH, clock, lane_cells, runs

#: Height of the part with the lines.
TALL = 130


@dataclass(frozen=True)
class ValueLines:
    """Paths in SVG coordinates: `lines` are names and paths, `levels` the scale's y and labels."""

    title: str
    lines: tuple[tuple[str, str], ...]
    levels: tuple[tuple[float, str], ...]
    lanes: tuple[tuple[float, str, tuple[tuple[float, str], ...]], ...]
    ticks: tuple[tuple[float, str], ...]
    height: float
    width: int = WIDTH
    left: int = LEFT
    tall: int = TALL
    lane: int = LANE


def value_lines(
    title: str,
    values: Mapping[str, Float[np.ndarray, "bin"]],
    lanes: Mapping[str, Float[np.ndarray, "bin"]],
    edges: Float[np.ndarray, "bin1"],
    *,
    low: float,
    high: float,
) -> ValueLines:
    """A line for each quantity from `low` to `high`, open where it is not known, and lanes in [0, 1]."""
    first, last = float(edges[0]), float(edges[-1])
    across = lambda t: LEFT + (t - first) / (last - first) * (WIDTH - LEFT - 10)  # noqa: E731
    up = lambda v: 8 + (high - v) / (high - low) * TALL  # noqa: E731
    x = [across(edge) for edge in edges]
    middle = [across(place) for place in (edges[:-1] + edges[1:]) / 2]
    lines = tuple((name, _path(np.clip(one, low, high), middle, up)) for name, one in values.items())
    drawn, y = [], 8.0 + TALL + 8
    for name, one in lanes.items():
        drawn.append((y, name, tuple(lane_cells(one, x, y))))
        y += LANE + 2
    levels = tuple((up(v), f"{v:g}") for v in (high, (low + high) / 2, low))
    ticks = tuple((across(t), clock(t)) for t in np.linspace(first, last, 6))
    return ValueLines(title, lines, levels, tuple(drawn), ticks, y + AXIS)


def _path(values: Float[np.ndarray, "bin"], x: list[float], up) -> str:
    """A polyline for each stretch without a gap; a single known bin is a short stroke."""
    parts = []
    for begin, end in runs(np.isfinite(values)):
        points = [f"{x[k]:.1f} {up(values[k]):.1f}" for k in range(begin, end)]
        parts.append("M" + "L".join(points) + ("h.8" if len(points) == 1 else ""))
    return "".join(parts)
