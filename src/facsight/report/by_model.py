"""What the page of videos shows of a trained model's answers: a chart a label space, and notes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.by_model import ByModel
from facsight.report.timeline import binned, edges_of
from facsight.report.value_lines import ValueLines, value_lines


def model_values(told: ByModel | None) -> dict[str, Any] | None:
    """What is said of the model once a page; None where there is none."""
    if told is None:
        return None
    about = told.about
    return {
        "name": about["model"],
        "data": about["data"],
        "step": f"{about['step']:g} s",
        "weighs": about["weighs"],
        "read_from": " and ".join(about["modalities"]),
    }


def model_section(told: ByModel | None, file: str) -> dict[str, Any]:
    """The charts of one video, and what is to be known of its answers."""
    if told is None:
        return {"charts": [], "notes": []}
    rows = told.of_video(file)
    charts = [] if rows.is_empty() else [_chart(rows, told.about, space) for space in told.about["spaces"]]
    return {"charts": charts, "notes": told.about["notes"].get(file, [])}


def _chart(rows: pl.DataFrame, about: Mapping[str, Any], space: Mapping[str, Any]) -> ValueLines:
    starts = rows["start"].to_numpy()
    edges = edges_of(float(starts[0]), float(rows["end"][-1]), len(rows))
    time = (starts + rows["end"].to_numpy()) / 2
    return value_lines(
        space["name"],
        _binned(time, rows, dict(zip(space["shown"], space["columns"], strict=True)), edges),
        _binned(time, rows, about["modalities"], edges),
        edges,
        low=space["low"],
        high=space["high"],
    )


def _binned(
    time: np.ndarray, rows: pl.DataFrame, columns: Mapping[str, str], edges: np.ndarray
) -> dict[str, np.ndarray]:
    names: Sequence[str] = list(columns.values())
    values = rows.select(pl.col(names).cast(pl.Float64)).to_numpy()
    means = binned(time, np.where(np.isfinite(values), values, np.nan), edges)
    return {shown: means[:, k] for k, shown in enumerate(columns)}
