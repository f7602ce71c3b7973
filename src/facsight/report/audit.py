"""The page of an audit: verdicts, scores beside floors, what removing places does, and pictures."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facsight.analysis.wording import percent, unit_name
from facsight.audit.examine import Examined
from facsight.audit.faithful import FAITHFULNESS
from facsight.audit.run import Audit
from facsight.functional.similarity import centred_cosine
from facsight.report.dots import DotChart, Estimate, dot_chart
from facsight.report.page import write_page
from facsight.report.pictures import attention_picture, data_uri, unit_picture
from facsight.report.run import summary_rows
from facsight.report.tree import TreeChart, tree_chart

#: The scores of maps that are drawn, and what they are called.
SHOWN = {
    "centred_cosine": "centred cosine with the action units' map",
    "discriminated": "share of faces whose own expression fits best",
    "cosine": "plain cosine (the published score)",
    "auc": "area under the curve inside the region",
    "energy": "energy inside the region",
    "pointing": "pointing game",
    "iou": "overlap with the region (IoU)",
}
FAITHFUL_TITLES = {
    "deletion": "deletion: mean probability while places go (lower is better)",
    "insertion": "insertion: mean probability while places come (higher is better)",
    "road": "ROAD: least-first less most-first removal (higher is better)",
}
FACES_SHOWN = 6
#: What stands where a value does not exist: it is never shown as 0.
MISSING = "not available"


def write_audit_page(audit: Audit, path: Path, *, pictures: bool = True) -> Path:
    """Write the audit as one page; with `pictures` False no face is on it, only maps and numbers."""
    best, worst = _extremes(audit) if pictures else ([], [])
    return write_page(
        path,
        "audit.html",
        name=audit.name,
        about=audit.about or "a trained reader",
        scores=audit.scores,
        summary=summary_rows(audit.scores),
        map_charts=_map_charts(audit.scores["maps"]),
        available=_available(audit.scores),
        faithful_charts=_faithful_charts(audit.scores["faithfulness"]),
        region_chart=_region_chart(audit.scores["causes"]),
        unit_tables=_unit_tables(audit.scores["causes"]["by_class"]),
        class_maps=_class_maps(audit.examined, audit.classes),
        alike_chart=_alike_chart(audit),
        best=best,
        worst=worst,
    )


def _alike_chart(audit: Audit) -> TreeChart | None:
    if audit.alike is None:
        return None
    title = f"1 - mean correlation over places, {audit.alike.faces} faces"
    return tree_chart(title, audit.alike.names, audit.alike.merges)


def _estimate(name: str, score: Mapping[str, Any], kind: str) -> Estimate | None:
    if score["value"] is None:
        return None
    low, high = score["interval"]
    return Estimate(name.replace("_", " "), score["value"], low, high, kind)


def _charts_of(title: str, estimates: Sequence[Estimate | None]) -> list[DotChart]:
    known = [estimate for estimate in estimates if estimate is not None]
    return [dot_chart(title, known)] if known else []


def _map_charts(maps: Mapping[str, Any]) -> list[DotChart]:
    """One chart a score: each map about the true and the predicted class, then the floors."""
    floors = next(iter(maps.values()))["true"]["floors"]
    charts = []
    for score, title in SHOWN.items():
        rows = []
        for name, about in maps.items():
            rows.append(_estimate(f"{name}, true", about["true"]["scores"][score]["over_faces"], "map"))
            rows.append(_estimate("predicted", about["predicted"]["scores"][score]["over_faces"], "other"))
        rows += [_estimate(name, floor[score]["over_faces"], "floor") for name, floor in floors.items()]
        charts += _charts_of(title, rows)
    return charts


def _faithful_charts(faithfulness: Mapping[str, Any]) -> list[DotChart]:
    charts = []
    for score in FAITHFULNESS:
        rows = [_estimate(name, values[score], "map") for name, values in faithfulness["maps"].items()]
        rows += [_estimate(name, values[score], "floor") for name, values in faithfulness["floors"].items()]
        charts += _charts_of(FAITHFUL_TITLES[score], rows)
    return charts


def _region_chart(causes: Mapping[str, Any]) -> DotChart | None:
    rows = [
        _estimate("all action units", causes["units_removed"], "map"),
        _estimate("as much elsewhere", causes["as_much_elsewhere"], "floor"),
        _estimate("all but the units", causes["all_else_removed"], "other"),
    ]
    charts = _charts_of("fall of the probability when a region is removed", rows)
    return charts[0] if charts else None


def _unit_tables(by_class: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bars of the effect and its control for each unit of each expression, on one scale."""
    values = [
        value
        for entry in by_class.values()
        for unit in entry["units"]
        for value in (unit["effect"], unit["control"])
        if value is not None
    ]
    scale = max([0.05, *values])
    return [
        {
            "name": name,
            "faces": entry["faces"],
            "units": [_unit_row(u, scale) for u in sorted(entry["units"], key=_effect, reverse=True)],
        }
        for name, entry in by_class.items()
    ]


def _unit_row(unit: Mapping[str, Any], scale: float) -> dict[str, Any]:
    effect, control, attention = unit["effect"], unit["control"], unit["attention"]
    return {
        "name": unit_name(unit["action_unit"]),
        "effect": _signed(effect),
        "width": _width(effect, scale),
        "control": _signed(control),
        "control_width": _width(control, scale),
        "attention": MISSING if attention is None else f"{percent(attention)} of the attention",
    }


def _effect(unit: Mapping[str, Any]) -> float:
    return -math.inf if unit["effect"] is None else unit["effect"]


def _signed(value: float | None) -> str:
    return MISSING if value is None else f"{value:+.2f}"


def _width(value: float | None, scale: float) -> float:
    return min(1.0, max(0.0, value or 0.0) / scale)


def _available(scores: Mapping[str, Any]) -> str:
    one = scores["maps"]["attention"]["true"]
    return (
        f"{one['scored']} of {scores['faces']} faces count: {one['without_map']} have no action units to "
        f"compare with (neutral, or no landmarks), {one['without_attention']} attention that is the same "
        f"everywhere. Dots are means over faces, lines 95 % bootstrap intervals."
    )


def _class_maps(faces: Examined, classes: Sequence[str]) -> list[dict[str, Any]]:
    """The mean attention of each true class beside the mean AU map of that class."""
    cues, valid = faces.cues
    rows = []
    for number, name in enumerate(classes):
        own = faces.truth == number
        if not own.any():
            continue
        pictures = [attention_picture(None, faces.attention[own].mean(dim=0).numpy())]
        usable = own & valid[:, number]
        if usable.any():
            pictures.append(unit_picture(None, cues[usable, number].mean(dim=0).numpy()))
        rows.append(
            {
                "name": name,
                "faces": int(own.sum()),
                "alt": f"mean maps of {name}",
                "pictures": [data_uri(picture) for picture in pictures],
            }
        )
    return rows


def _extremes(audit: Audit) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The faces on which attention and the true class's AU map agree most, and least."""
    faces = audit.examined
    cues, valid = faces.cues
    rows = torch.arange(len(faces))
    fit = torch.where(
        valid[rows, faces.truth], centred_cosine(faces.attention, cues[rows, faces.truth]), torch.nan
    )
    known = fit.isfinite().nonzero().squeeze(1)
    order = known[fit[known].argsort(descending=True)].tolist()
    few = min(FACES_SHOWN, len(order) // 2)
    return (
        [_face(audit, row, float(fit[row])) for row in order[:few]],
        [_face(audit, row, float(fit[row])) for row in order[-few:][::-1]] if few else [],
    )


def _face(audit: Audit, row: int, fit: float) -> dict[str, Any]:
    faces = audit.examined
    picture = _grey(faces.pixels[row, 0].numpy())
    truth, predicted = int(faces.truth[row]), int(faces.predicted[row])
    cue = faces.cues[0][row, truth].numpy()
    told = "" if truth == predicted else f", read as {audit.classes[predicted]}"
    shown = [picture, attention_picture(picture, faces.attention[row].numpy()), unit_picture(picture, cue)]
    return {
        "caption": f"{audit.classes[truth]}{told}: agreement {fit:.2f}",
        "pictures": [data_uri(one) for one in shown],
    }


def _grey(pixels: np.ndarray) -> np.ndarray:
    """A standardised crop as a picture, three standard deviations to either side of the middle grey."""
    grey = np.clip((pixels + 3) / 6, 0, 1) * 255
    small = np.repeat(np.round(grey).astype(np.uint8)[:, :, None], 3, axis=2)
    return small.repeat(4, axis=0).repeat(4, axis=1)
