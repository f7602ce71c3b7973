"""Small line charts as SVG that follows the page's colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 460, 200, 52, 24, 10


@dataclass(frozen=True)
class Chart:
    """Polylines in SVG coordinates, and the labels of the axes."""

    title: str
    lines: tuple[tuple[str, str], ...]
    ticks_x: tuple[tuple[float, str], ...]
    ticks_y: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = HEIGHT - BOTTOM


def chart(
    title: str, x: Sequence[float], series: Mapping[str, Sequence[float]], *, points: int = 300
) -> Chart:
    """A chart of one or more series over x; long series are averaged down to `points` places."""
    x = _thinned(x, points)
    drawn = {name: _thinned(values, points) for name, values in series.items()}
    low_y, high_y = _bounds([v for values in drawn.values() for v in values])
    low_x, high_x = _bounds(x)
    across = lambda v: LEFT + (v - low_x) / (high_x - low_x) * (WIDTH - LEFT - 10)  # noqa: E731
    up = lambda v: HEIGHT - BOTTOM - (v - low_y) / (high_y - low_y) * (HEIGHT - BOTTOM - TOP)  # noqa: E731
    lines = tuple(
        (name, " ".join(f"{across(a):.1f},{up(b):.1f}" for a, b in zip(x, values, strict=True)))
        for name, values in drawn.items()
    )
    ticks_x = tuple((across(v), f"{v:g}") for v in (low_x, high_x))
    ticks_y = tuple((up(v), f"{v:.3g}") for v in (low_y, (low_y + high_y) / 2, high_y))
    return Chart(title, lines, ticks_x, ticks_y)


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _thinned(values: Sequence[float], points: int) -> list[float]:
    """Means of equal stretches, so that a noisy series of thousands of steps becomes a line."""
    stretch = -(-len(values) // points)
    return [
        sum(values[i : i + stretch]) / len(values[i : i + stretch]) for i in range(0, len(values), stretch)
    ]
