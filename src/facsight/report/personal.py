"""What pages show of an adaptation to one person: what it rests on, what it moves, and what it changed."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.wording import percent, unit_name
from facsight.core.errors import counted
from facsight.report.chart_data import expression_names
from facsight.report.timeline import binned, edges_of
from facsight.report.value_lines import ValueLines, value_lines

#: Expressions of a person that get a chart: those that the adaptation changed most.
CLASSES_SHOWN = 2
#: Log-odds that move less than this are not worth a word, nor are shares of attention.
LEAST_MOVED, LEAST_SHARE = 0.1, 0.01
#: Changes of labels that are named, the most frequent.
CHANGES_TOLD = 4


def personal_values(reader: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is said of the person once a page; None where the reader knows of none."""
    card = reader.get("person")
    if card is None:
        return None
    moved, data = card["moved"], card["data"]
    order = sorted(moved["log_odds"], key=lambda name: -abs(moved["log_odds"][name]))
    units = [f"{unit_name(int(unit))} ({percent(share)})" for unit, share in moved["units"].items()]
    return {
        "name": card["person"],
        "method": card["method"],
        "made": card["made"],
        "clip": f"{data['faces']} faces in {data['seconds']:.1f} s of {data['file']}",
        "odds": [
            {
                "name": name,
                "change": f"{moved['log_odds'][name]:+.1f}",
                "even": percent(1 / (1 + math.exp(-moved["log_odds"][name]))),
            }
            for name in order
            if abs(moved["log_odds"][name]) >= LEAST_MOVED
        ],
        "about": moved["about"],
        "units": units,
        "attention": _attention(moved.get("attention")),
        "channels": [f"{number} ({far:+.1f})" for number, far in moved["channels"].items()],
        "checked": [percent(card["checked"][name]) for name in ("before", "after")],
        "warnings": list(card["warnings"].values()),
    }


def _attention(changes: Mapping[str, float] | None) -> str:
    """Whether the reader looks elsewhere on the face at rest; nothing of a file that does not know."""
    if changes is None:
        return ""
    told = [
        f"{unit_name(int(unit))} ({100 * change:+.0f} points)"
        for unit, change in changes.items()
        if abs(change) >= LEAST_SHARE
    ]
    if told:
        return f"On the face at rest attention moves between action units: {', '.join(told)}."
    return (
        "Where the reader looks on the face at rest stays as it was: no action unit's share of its attention "
        "changes by 1 %. In a video such shares then change with the label, as each has units of its own."
    )


def personal_section(
    rows: pl.DataFrame, tracks: Sequence[int], classes: Sequence[str]
) -> dict[str, Any] | None:
    """The charts of one video, adapted beside unadapted, and how often labels changed; None without one."""
    if "unadapted_label" not in rows.columns or not tracks:
        return None
    shown = [_person(rows.filter(pl.col("track") == track), track, classes) for track in tracks]
    return {"people": shown, "several": len(tracks) > 1}


def _person(own: pl.DataFrame, track: int, classes: Sequence[str]) -> dict[str, Any]:
    changed = (own["label"] != own["unadapted_label"]).mean()
    adapted, plain = (own.select(expression_names(classes, kind)) for kind in ("expression", "unadapted"))
    differs = np.nanmean(np.abs(adapted.to_numpy() - plain.to_numpy()), axis=0)
    most = np.argsort(-differs, kind="stable")[:CLASSES_SHOWN].tolist()
    time = own["time"].to_numpy()
    edges = edges_of(float(time.min()), float(time.max()), len(own))
    return {
        "name": f"person {track}",
        "changed": percent(float(changed)),  # pyright: ignore[reportArgumentType]
        "changes": _label_changes(own),
        "charts": [
            _chart(f"person {track}, {classes[number]}", time, adapted[:, number], plain[:, number], edges)
            for number in most
        ],
    }


def _label_changes(own: pl.DataFrame) -> list[str]:
    """From which label to which the adaptation leads, in how many frames, the most frequent first."""
    other = own.filter(pl.col("label") != pl.col("unadapted_label"))
    counts = (
        other.group_by("unadapted_label", "label")
        .len()
        .sort("len", "unadapted_label", "label", descending=[True, False, False])
    )
    return [
        f"{before} to {after} in {counted(frames, 'frame')} ({percent(frames / len(own))})"
        for before, after, frames in counts.head(CHANGES_TOLD).iter_rows()
    ]


def _chart(
    title: str, time: np.ndarray, adapted: pl.Series, plain: pl.Series, edges: np.ndarray
) -> ValueLines:
    both = np.stack([adapted.to_numpy(), plain.to_numpy()], axis=1).astype(float)
    means = binned(time, both, edges)
    return value_lines(
        title, {"adapted": means[:, 0], "unadapted": means[:, 1]}, {}, edges, low=0.0, high=1.0
    )
