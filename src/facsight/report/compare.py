"""The page of a comparison: each score of each run, what differs, and whose maps look alike."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facsight.audit.alike import Alike
from facsight.audit.compare import Comparison
from facsight.audit.verdicts import signed
from facsight.metrics.classification import Interval
from facsight.report.dots import DotChart, Estimate, dot_chart
from facsight.report.page import write_page
from facsight.report.tree import tree_chart


def write_comparison_page(
    comparisons: Sequence[Comparison], runs: Sequence[str], looks: Alike | None, path: Path, *, split: str
) -> Path:
    """Write the comparison of `runs`, the first of which the others are compared with, as one page."""
    rows = [row for one in comparisons for row in _rows(one, runs)]
    tree = (
        tree_chart(f"1 - mean correlation over places, {looks.faces} faces", looks.names, looks.merges)
        if looks
        else None
    )
    return write_page(
        path,
        "compare.html",
        runs=list(runs),
        split=split,
        rows=rows,
        sure=sum(row["sure"] for row in rows),
        charts=[chart for one in comparisons for chart in _chart(one, runs)],
        tree_of_maps=tree,
    )


def _rows(one: Comparison, runs: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "score": one.score,
            "faces": one.faces,
            "baseline": _told(one.values[0]),
            "run": run,
            "value": _told(value),
            "difference": signed(difference) if _is_known(difference) else "not available",
            "sure": difference.low > 0 or difference.high < 0,
        }
        for run, value, difference in zip(runs[1:], one.values[1:], one.differences, strict=True)
    ]


def _chart(one: Comparison, runs: Sequence[str]) -> list[DotChart]:
    known = [
        Estimate(run, value.estimate, value.low, value.high, "map" if number else "floor")
        for number, (run, value) in enumerate(zip(runs, one.values, strict=True))
        if _is_known(value)
    ]
    return [dot_chart(f"{one.score} ({one.faces} faces)", known)] if known else []


def _told(value: Interval) -> str:
    return f"{value.estimate:.3f}" if _is_known(value) else "not available"


def _is_known(value: Interval) -> bool:
    return not math.isnan(value.estimate)
