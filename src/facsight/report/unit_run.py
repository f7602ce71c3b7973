"""The page of a run of action units: how well it reads each, at which threshold, and what moves what."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.wording import unit_name
from facsight.report.drawn_answers import drawn_answers
from facsight.report.page import write_page
from facsight.report.training_charts import training_charts
from facsight.training.run_folder import ENVIRONMENT, RECIPE, read_json

PREDICTIONS = "predictions.parquet"
#: Side of a ROC curve, in the units of its picture.
SIDE = 120
#: Edges that are told in words, the strongest first.
EDGES_TOLD = 5


@dataclass(frozen=True)
class Roc:
    """One unit's ROC curve as points of an SVG of SIDE, and where its decisions lie on it, if they do."""

    name: str
    points: str
    decided: tuple[float, float] | None
    area: float
    side: int = SIDE


def write_unit_report(folder: Path, scores: Mapping[str, Any], *, pictures: bool = True) -> Path:
    """Write `report.html` from what a scored run of action units holds; drawn faces only with `pictures`."""
    recipe = (folder / RECIPE).read_text(encoding="utf-8")
    said = pl.read_parquet(folder / PREDICTIONS) if (folder / PREDICTIONS).is_file() else None
    names = {name: unit_name(int(name.removeprefix("AU"))) for name in scores["units"]}
    return write_page(
        folder / "report.html",
        "unit_run.html",
        name=folder.name,
        about=tomllib.loads(recipe)["about"],
        recipe=recipe,
        scores=scores,
        tiles=tiles(scores["mean"]),
        rows=[{"name": names[name]} | entry for name, entry in scores["units"].items()],
        curves=[] if said is None else curves(said, scores["units"]),
        edges=edge_table(scores["edges"], list(names.values())) if "edges" in scores else None,
        drawn=drawn_answers(folder) if pictures else [],
        environment=read_json(folder / ENVIRONMENT),
        charts=training_charts(folder),
    )


def curves(said: pl.DataFrame, units: Mapping[str, Any]) -> list[Roc]:
    """The curves of all units that have one."""
    return [roc(said, name, entry["auc"]) for name, entry in units.items() if entry["auc"] is not None]


def tiles(mean: Mapping[str, Any]) -> list[dict[str, str]]:
    """The headline numbers, with their intervals where there are."""
    titles = {"f1": "mean F1", "f1_at_half": "mean F1 at one half", "auc": "mean area under ROC"}
    titles |= {"pointing": "maps largest in their region"}
    found = []
    for name, title in titles.items():
        value, interval = mean[name]["value"], mean[name].get("interval")
        low, high = interval or (None, None)
        around = f"{low:.3f} to {high:.3f}" if low is not None and high is not None else ""
        shown = "-" if value is None else f"{value:.3f}"
        found.append({"name": title, "value": shown, "interval": around})
    return found


def roc(said: pl.DataFrame, unit: str, area: float) -> Roc:
    """The curve of a unit over coded faces, some of which show it and some not; its area is known."""
    rows = said.drop_nulls(f"{unit}_coded")
    truth = (rows[f"{unit}_coded"] >= 0.5).to_numpy()
    false, true = roc_points(rows[f"{unit}_probability"].to_numpy(), truth)
    at = " ".join(f"{SIDE * x:.1f},{SIDE * (1 - y):.1f}" for x, y in zip(false, true, strict=True))
    return Roc(unit_name(int(unit.removeprefix("AU"))), at, _decided(rows, unit, truth), area)


def roc_points(chances: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of absent and of present faces at or above each probability, from none to all of them.

    Equal probabilities are one step. Runs along one axis are drawn as one line.
    """
    order = np.argsort(-chances, kind="stable")
    last = np.append(np.diff(chances[order]) != 0, True)
    hits, seen = np.cumsum(truth[order])[last], np.flatnonzero(last) + 1
    true = np.concatenate([[0.0], hits / truth.sum()])
    false = np.concatenate([[0.0], (seen - hits) / (~truth).sum()])
    corner = np.ones(len(true), dtype=bool)
    corner[1:-1] = ~(
        ((np.diff(true)[:-1] == 0) & (np.diff(true)[1:] == 0))
        | ((np.diff(false)[:-1] == 0) & (np.diff(false)[1:] == 0))
    )
    return false[corner], true[corner]


def _decided(rows: pl.DataFrame, unit: str, truth: np.ndarray) -> tuple[float, float] | None:
    """Where the decisions that the score is made from lie: (x, y) in the picture."""
    decided = rows[f"{unit}_present"].cast(pl.Float64).to_numpy()
    known = np.isfinite(decided)
    there, absent = known & truth, known & ~truth
    if not there.any() or not absent.any():
        return None
    return SIDE * float(decided[absent].mean()), SIDE * (1 - float(decided[there].mean()))


def edge_table(edges: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The matrix of a graph over units for the page, and its strongest edges in words."""
    signed, size = (np.array(edges[kind], dtype=float) for kind in ("signed", "size"))
    highest = max(float(size.max()), 1e-12)
    rows = [
        {
            "name": names[to],
            "cells": [
                None
                if to == sender
                else {"value": f"{signed[to, sender]:+.2f}", "share": round(100 * size[to, sender] / highest)}
                for sender in range(len(names))
            ],
        }
        for to in range(len(names))
    ]
    order = sorted(np.ndindex(*size.shape), key=lambda at: -size[at])
    told = [_edge(names, at, signed, size) for at in order if at[0] != at[1]][:EDGES_TOLD]
    return {"names": [name.split()[0] for name in names], "rows": rows, "told": told}


def _edge(names: Sequence[str], at: tuple[int, ...], signed: np.ndarray, size: np.ndarray) -> str:
    to, sender = at
    way = "up" if signed[at] > 0 else "down"
    return (
        f"{names[sender]} moved the decision on {names[to]} by {size[at]:.2f} on average, "
        f"in sum {abs(signed[at]):.2f} {way}"
    )
