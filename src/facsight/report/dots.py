"""Dot-and-interval plots as SVG that follows the page's colours: one row a map, floors beside it."""

from collections.abc import Sequence
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


def dot_chart(
    title: str, estimates: Sequence[Estimate], *, bounds: tuple[float, float] | None = None
) -> DotChart:
    """One row an estimate, from top to bottom; the axis spans `bounds` or what is shown, and zero."""
    low, high = bounds or _bounds(estimates)
    across = lambda v: LEFT + (min(max(v, low), high) - low) / (high - low) * (WIDTH - LEFT - RIGHT)  # noqa: E731
    rows = tuple(
        Row(
            name=e.name,
            kind=e.kind,
            y=TOP + ROW * (number + 0.5),
            x=across(e.value),
            low=across(e.low),
            high=across(e.high),
            text=f"{e.value:.3f}",
        )
        for number, e in enumerate(estimates)
    )
    middle = 0.0 if low < 0 < high else (low + high) / 2
    ends = [end for end in (low, high) if abs(end - middle) > APART * (high - low)]
    marks = sorted([middle, *ends])
    ticks = tuple((across(v), f"{v:.2g}") for v in marks)
    return DotChart(title, rows, ticks, TOP + ROW * len(estimates) + BOTTOM)


def _bounds(estimates: Sequence[Estimate]) -> tuple[float, float]:
    ends = [end for e in estimates for end in (e.low, e.high, e.value)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    return (low, high) if high > low else (low, low + 1)
