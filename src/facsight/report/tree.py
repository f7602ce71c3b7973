"""Dendrograms as SVG that follows the page's colours: leaves on the left, distances to the right."""

from collections.abc import Sequence
from dataclasses import dataclass

from facsight.metrics.dendrogram import Merge, leaf_order

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 640, 280, 24, 22, 8, 24


@dataclass(frozen=True)
class TreeChart:
    """Leaves with their heights, the lines that join them, and the ticks of the axis."""

    title: str
    leaves: tuple[tuple[float, str], ...]
    lines: tuple[tuple[float, float, float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    height: int
    width: int = WIDTH
    left: int = LEFT
    bottom: int = BOTTOM


def tree_chart(title: str, names: Sequence[str], merges: Sequence[Merge]) -> TreeChart:
    """The tree of the `merges` of leaves called `names`; clusters join where their distance is.

    The axis reaches 1 at least, where maps have nothing in common: trees of different runs compare by eye.
    """
    far = max([1.0, *(merge.distance for merge in merges)])
    across = lambda distance: LEFT + max(distance, 0.0) / far * (WIDTH - LEFT - RIGHT)  # noqa: E731
    order = leaf_order(list(merges))
    places = {leaf: (across(0.0), TOP + ROW * (row + 0.5)) for row, leaf in enumerate(order)}
    leaves = tuple((places[leaf][1], names[leaf]) for leaf in order)
    lines = []
    for number, merge in enumerate(merges):
        (x1, y1), (x2, y2), x = places[merge.one], places[merge.other], across(merge.distance)
        lines += [(x1, y1, x, y1), (x2, y2, x, y2), (x, y1, x, y2)]
        places[len(names) + number] = (x, (y1 + y2) / 2)
    ticks = tuple((across(v), f"{v:.2g}") for v in (0.0, far / 2, far))
    return TreeChart(title, leaves, tuple(lines), ticks, TOP + ROW * len(names) + BOTTOM)
