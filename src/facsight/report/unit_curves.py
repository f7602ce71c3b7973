"""Curves of action units over time as SVG, and where the network decided on each in its highest frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from facsight.analysis.looking import place
from facsight.analysis.wording import percent, unit_name
from facsight.report.moments import Moment
from facsight.report.own_units import maps_of, unit_card
from facsight.report.pictures import FACE_SIDE
from facsight.report.stills import landmarks_of, stills
from facsight.report.timeline import AXIS, LEFT, WIDTH, binned, clock, edges_of, runs

#: Height of a curve and of the space below it.
TALL, GAP = 30, 8


@dataclass(frozen=True)
class UnitCurve:
    """One unit over time in SVG coordinates: the area under its probability, and its threshold's height."""

    name: str
    y: float
    area: str
    threshold: float | None


@dataclass(frozen=True)
class UnitCurves:
    """One person's units from top to bottom, and ticks of the time axis."""

    person: str
    curves: tuple[UnitCurve, ...]
    ticks: tuple[tuple[float, str], ...]
    height: float
    width: int = WIDTH
    left: int = LEFT
    tall: int = TALL


def unit_curves(
    person: str,
    time: Float[np.ndarray, "n"],
    chances: Mapping[int, Float[np.ndarray, "n"]],
    thresholds: Mapping[int, float | None],
    edges: Float[np.ndarray, "bin1"],
) -> UnitCurves:
    """A curve from 0 to 1 for each unit, the mean of the frames in each bin, open where there is none."""
    first, last = float(edges[0]), float(edges[-1])
    across = lambda t: LEFT + (t - first) / (last - first) * (WIDTH - LEFT - 10)  # noqa: E731
    x = [across(edge) for edge in edges]
    means = binned(time, np.stack(list(chances.values()), axis=1), edges)
    curves = []
    for number, unit in enumerate(chances):
        y, limit = 8.0 + number * (TALL + GAP), thresholds[unit]
        level = None if limit is None else y + TALL * (1 - limit)
        curves.append(UnitCurve(unit_name(unit), y, _area(means[:, number], x, y + TALL), level))
    ticks = tuple((across(t), clock(t)) for t in np.linspace(first, last, 6))
    return UnitCurves(person, tuple(curves), ticks, 8.0 + len(curves) * (TALL + GAP) + AXIS)


def _area(values: Float[np.ndarray, "bin"], x: Sequence[float], foot: float) -> str:
    """Steps above the foot, new ones after each gap: nothing is interpolated."""
    return "".join(
        f"M{x[first]:.1f} {foot:.1f}"
        + "".join(f"V{foot - TALL * values[b]:.1f}H{x[b + 1]:.1f}" for b in range(first, last))
        + f"V{foot:.1f}z"
        for first, last in runs(np.isfinite(values))
    )


def people_curves(
    rows: pl.DataFrame, tracks: Sequence[int], thresholds: Mapping[int, float | None]
) -> list[UnitCurves]:
    """The curves of each person of a video; nothing where no network of action units was asked."""
    if not thresholds or not tracks:
        return []
    times = rows["time"].to_numpy()
    edges = edges_of(float(times.min()), float(times.max()), rows["time"].n_unique())
    found = []
    for track in tracks:
        own = rows.filter(pl.col("track") == track)
        chances = {unit: own[probability_of(unit)].cast(pl.Float64).to_numpy() for unit in sorted(thresholds)}
        found.append(unit_curves(f"person {track}", own["time"].to_numpy(), chances, thresholds, edges))
    return found


def probability_of(unit: int) -> str:
    """The column with a unit's probability."""
    return f"AU{unit:02d}_probability"


def highest(own: pl.DataFrame, units: Sequence[int]) -> dict[int, Moment]:
    """The frame of one person in which each unit is likeliest, the first of several."""
    found = {}
    for unit in units:
        row = own.row(own[probability_of(unit)].arg_max() or 0, named=True)
        chance = row[probability_of(unit)]
        found[unit] = Moment(row["track"], row["frame"], row["time"], unit_name(unit), chance)
    return found


def unit_cards(
    own: pl.DataFrame,
    wanted: Mapping[int, Moment],
    whole: Mapping[tuple[int, int], Mapping[str, Any]],
    faces: Mapping[tuple[int, int], np.ndarray],
    thresholds: Mapping[int, float | None],
) -> list[dict[str, Any]]:
    """A card a unit: how often it is present, and its map in the frame in which it is likeliest.

    `whole` are the rows of these frames with their maps, `faces` the pictures cut from them, where there are.
    """
    cards = []
    for unit, moment in wanted.items():
        key, limit = (moment.track, moment.frame), thresholds[unit]
        own_map = maps_of(whole[key], list(thresholds))[unit]
        card = unit_card(unit, limit, moment.share, own_map, faces.get(key))
        often = own[f"AU{unit:02d}_present"].mean() if limit is not None else None
        told = "not decided" if often is None else f"present in {percent(float(often))} of frames"  # pyright: ignore
        when = {"time": clock(moment.time), "ms": round(moment.time * 1000)}
        cards.append(card | when | {"often": told})
    return cards


def faces_at(
    video: Path, frames: pl.DataFrame, rows: Sequence[Mapping[str, Any]], sequence: float | None
) -> tuple[dict[tuple[int, int], np.ndarray], str]:
    """The face of each row, upright, where the video still shows it, and a line that says what is missing.

    A face without landmarks is left out: its maps cannot be laid over it.
    """
    found, note = stills(video, frames, rows, sequence, _upright)
    return {key: face for key, face in found.items() if face is not None}, note


def _upright(row: Mapping[str, Any], pixels: np.ndarray) -> np.ndarray | None:
    landmarks = landmarks_of(row)
    if not np.isfinite(landmarks).all():
        return None
    return place(landmarks, (0.0, 0.0, 1.0, 1.0), FACE_SIDE).crop(pixels)
