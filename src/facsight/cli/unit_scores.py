"""Scores of action units, unit by unit, in the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

#: Columns of the table, by what they are called in the scores.
COLUMNS = ("coded", "present", "threshold", "f1", "f1_at_half", "optimism", "auc", "icc", "pointing")


def print_unit_scores(scores: Mapping[str, Any]) -> None:
    """A row a unit, the mean, and what could not be judged."""
    console, units = Console(), scores["units"]
    shown = [name for name in COLUMNS if any(name in entry for entry in units.values())]
    table = Table(
        title=f"{scores['data']}, {scores['split']} ({scores['faces']} faces of {scores['persons']} people)",
        title_justify="left",
    )
    table.add_column("unit", no_wrap=True)
    for name in shown:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=name == "f1")
    for unit, entry in (*units.items(), ("mean", scores["mean"])):
        table.add_row(unit, *(_cell(entry.get(name)) for name in shown))
    console.print(table)
    for sentence in scores["told"]:
        console.print(sentence, style="yellow")


def _cell(value: Any) -> str:
    """A number, with its interval where there is one; `-` where there is none."""
    if isinstance(value, Mapping):
        low, high = value.get("interval", (None, None))
        around = f" ({low:.2f}-{high:.2f})" if low is not None and high is not None else ""
        return f"{_cell(value['value'])}{around}"
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
