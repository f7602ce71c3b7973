"""What the page of videos shows of a trained model's answers: a chart a label space, and notes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.by_model import ByModel
from facsight.report.timeline import binned, edges_of
from facsight.report.value_lines import ValueLines, value_lines

#: Lines in a chart: as many as there are colours.
_LINES = 4
#: Parts of an answer for a whole video.
_PARTS = 50


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
    rows = _lasting(told.of_video(file))
    spaces = [] if rows.is_empty() else told.about["spaces"]
    charts = [
        _chart(rows, told.about, space, first)
        for space in spaces
        for first in range(0, len(space["columns"]), _LINES)
    ]
    return {"charts": charts, "notes": told.about["notes"].get(file, [])}


def _lasting(rows: pl.DataFrame) -> pl.DataFrame:
    """An answer for the whole of a video as many equal ones, so that it is a line and not a dot."""
    if len(rows) != 1:
        return rows
    edges = np.linspace(rows["start"][0], rows["end"][0], _PARTS + 1)
    return pl.concat([rows] * _PARTS).with_columns(start=edges[:-1], end=edges[1:])


def _chart(rows: pl.DataFrame, about: Mapping[str, Any], space: Mapping[str, Any], first: int) -> ValueLines:
    """The lines of a label space from the `first` on, as many as can be told apart."""
    shown = slice(first, first + _LINES)
    starts = rows["start"].to_numpy()
    edges = edges_of(float(starts[0]), float(rows["end"][-1]), len(rows))
    time = (starts + rows["end"].to_numpy()) / 2
    return value_lines(
        space["name"],
        _binned(time, rows, dict(zip(space["shown"][shown], space["columns"][shown], strict=True)), edges),
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
