"""Dot-and-interval plots as SVG that follows the page's colours: one row a map, floors beside it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 520, 168, 58, 22, 8, 24
#: Ticks nearer to each other than this share of the axis would be written over one another.
APART = 0.12


@dataclass(frozen=True)
class Estimate:
    """What one row shows: a value with the ends of its interval, and how it is drawn.

    `kind` is "map" (what is judged), "other" (the same, seen otherwise) or "floor" (what knows nothing).
    """

    name: str
    value: float
    low: float
    high: float
    kind: str = "map"


@dataclass(frozen=True)
class Row:
    """An estimate in SVG coordinates."""

    name: str
    kind: str
    y: float
    x: float
    low: float
    high: float
    text: str


@dataclass(frozen=True)
class DotChart:
    """Rows, and the ticks of the axis."""

    title: str
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]
    height: int
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = BOTTOM


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` between the edges `left` and `right` of a chart."""

    low: float
    high: float
    left: int = LEFT
    right: int = WIDTH - RIGHT

    def across(self, value: float) -> float:
        """Where a value lies; one beyond an end lies on it."""
        inside = min(max(value, self.low), self.high)
        return self.left + (inside - self.low) / (self.high - self.low) * (self.right - self.left)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """The ends and zero, or else the middle, where they would not be written over one another."""
        middle = 0.0 if self.low < 0 < self.high else (self.low + self.high) / 2
        ends = [end for end in (self.low, self.high) if abs(end - middle) > APART * (self.high - self.low)]
        return tuple((self.across(v), f"{v:.2g}") for v in sorted([middle, *ends]))


def axis_of(values: Iterable[float], *, left: int = LEFT, right: int = WIDTH - RIGHT) -> Axis:
    """An axis that shows all values, and zero."""
    shown = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *shown]), max([0.0, *shown])
    return Axis(low, high if high > low else low + 1, left, right)


def dot_chart(
    title: str, estimates: Sequence[Estimate], *, bounds: tuple[float, float] | None = None
) -> DotChart:
    """One row an estimate, from top to bottom; the axis spans `bounds` or what is shown, and zero."""
    axis = Axis(*bounds) if bounds else axis_of(end for e in estimates for end in (e.low, e.high, e.value))
    rows = tuple(
        Row(
            name=e.name,
            kind=e.kind,
            y=TOP + ROW * (number + 0.5),
            x=axis.across(e.value),
            low=axis.across(e.low),
            high=axis.across(e.high),
            text=f"{e.value:.3f}",
        )
        for number, e in enumerate(estimates)
    )
    return DotChart(title, rows, axis.ticks(), TOP + ROW * len(estimates) + BOTTOM)
