"""The page of a run folder: what was trained, how well it reads, and what its evidence is worth."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facsight.core.errors import MissingData
from facsight.report.page import write_page
from facsight.report.training_charts import training_charts
from facsight.report.unit_run import write_unit_report
from facsight.training.run_folder import ENVIRONMENT, METRICS, RECIPE, read_json

#: Rows of the evidence table that are no explanation at all: what any score must be seen beside.
FLOORS = ("constant", "centred_blob", "face_hull", "all_units", "mean_class_map", "random_smooth")


def write_run_report(folder: Path, *, photos: int = 1, pictures: bool = True) -> Path:
    """Write `report.html` from what a run folder holds; `MissingData` says which file is not there.

    A run shows no photos. One of action units on drawn faces shows some of these (`report.unit_run`): not
    without `pictures`, nor where `photos` is 0.
    """
    for name in (RECIPE, METRICS, ENVIRONMENT):
        if not (folder / name).is_file():
            raise MissingData(f"{folder} has no {name}; finish the run with `facsight train`, then score it")
    recipe_text = (folder / RECIPE).read_text(encoding="utf-8")
    scores = read_json(folder / METRICS)
    if scores.get("kind") == "action_units":
        return write_unit_report(folder, scores, pictures=pictures and photos > 0)
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
        charts=training_charts(folder),
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
