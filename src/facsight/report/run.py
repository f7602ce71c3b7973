"""The page of a run folder: what was trained, how well it reads, and what its evidence is worth."""

import csv
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facsight.core.errors import MissingData
from facsight.report.curves import Chart, chart
from facsight.report.page import write_page
from facsight.training.run_folder import ENVIRONMENT, EPOCHS, METRICS, RECIPE, TERMS, read_json

#: Rows of the evidence table that are no explanation at all: what any score must be seen beside.
FLOORS = ("constant", "centred_blob", "face_hull", "all_units", "mean_class_map", "random_smooth")


def write_run_report(folder: Path, **_: Any) -> Path:
    """Write `report.html` from what a run folder holds; `MissingData` says which file is not there.

    A run has no photos to show or to leave out: options about them are accepted and change nothing.
    """
    for name in (RECIPE, METRICS, ENVIRONMENT):
        if not (folder / name).is_file():
            raise MissingData(f"{folder} has no {name}; finish the run with `facsight train`, then score it")
    recipe_text = (folder / RECIPE).read_text(encoding="utf-8")
    scores = read_json(folder / METRICS)
    return write_page(
        folder / "report.html",
        "run.html",
        name=folder.name,
        about=tomllib.loads(recipe_text)["about"],
        recipe=recipe_text,
        scores=scores,
        summary=summary_rows(scores),
        confusion=_confusion(scores),
        floors=FLOORS,
        environment=read_json(folder / ENVIRONMENT),
        charts=_charts(folder),
    )


def summary_rows(scores: Mapping[str, Any]) -> list[dict[str, str]]:
    """The headline numbers with their intervals."""
    rows = []
    for name, entry in scores["classification"].items():
        interval = entry.get("interval")
        rows.append(
            {
                "name": name.replace("_", " "),
                "value": f"{entry['value']:.3f}",
                "interval": f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "",
            }
        )
    return rows


def _confusion(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each true class's row, in shares of its faces."""
    classes = list(scores["per_class"])
    return [
        {
            "truth": name,
            "faces": sum(row),
            "cells": [count / sum(row) if sum(row) else 0.0 for count in row],
        }
        for name, row in zip(classes, scores["confusion"], strict=True)
    ]


def _charts(folder: Path) -> list[Chart]:
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
