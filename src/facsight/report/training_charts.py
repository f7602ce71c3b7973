"""What was watched while a run was trained, as charts."""

import csv
from pathlib import Path

from facsight.report.curves import Chart, chart
from facsight.training.run_folder import EPOCHS, TERMS


def training_charts(folder: Path) -> list[Chart]:
    """A chart a training term, by step, and one a validation score, by epoch."""
    charts = []
    terms = _columns(folder / TERMS)
    if terms:
        steps = terms.pop("step")
        charts += [
            chart(f"{name} (training term, by step)", steps, {name: values}) for name, values in terms.items()
        ]
    epochs = _columns(folder / EPOCHS)
    if epochs:
        numbers = epochs.pop("epoch")
        charts += [
            chart(f"{name} (validation, by epoch)", numbers, {name: values})
            for name, values in epochs.items()
        ]
    return charts


def _columns(path: Path) -> dict[str, list[float]]:
    """A CSV file of numbers by column; empty where there is none."""
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]} if rows else {}
