"""Cues of the faces in a stretch of a video, or in a photo, from the rows that the reader left."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from facsight.analysis.in_time import unit_of, units_of
from facsight.analysis.time_columns import series_names
from facsight.analysis.wording import LEAST_NAMED
from facsight.words.cues import Cue

#: How much more or less likely than usual an expression is named, as a probability; expressions below this
#: are not named either.
CHANGED, LIKELY = 0.1, 0.01
#: A caution is said if it holds for so large a share of the rows.
OFTEN = 0.5
_POSE = ("yaw", "pitch", "roll")


def face_cues(rows: pl.DataFrame, classes: Sequence[str]) -> list[Cue]:
    """What each face of a photo, or each person in these frames, shows; one cue says if there is nobody."""
    seen = rows.filter(pl.col("status") == "ok")
    if seen.is_empty():
        return [Cue("no_face")]
    who, column = ("person", unit_of(seen).name) if "frame" in seen.columns else ("face", "face")
    found: list[Cue] = []
    for own in seen.sort(column).partition_by(column, maintain_order=True):
        found += _of_one(own, {"who": who, "number": own[column][0]}, classes)
    return found


def _of_one(own: pl.DataFrame, person: Mapping[str, Any], classes: Sequence[str]) -> list[Cue]:
    lists = {
        "expression": _shares(own, series_names("expression", classes), classes),
        "units": _units(own),
        "above": _above(own, classes),
        "caution": _cautions(own),
    }
    found = [Cue(kind, {**person, "items": items}) for kind, items in lists.items() if items]
    pose = _means(own, _POSE)
    if None not in pose.values():
        found.append(Cue("pose", {**person, **pose}))
    for kind, name, value in (("side", "left", _left(own)), ("movement", "speed", _speed(own))):
        if value is not None:
            found.append(Cue(kind, {**person, name: value}))
    return found


def _means(own: pl.DataFrame, names: Sequence[str]) -> dict[str, float | None]:
    known = [name for name in names if name in own.columns]
    means = own.select(pl.col(known).cast(pl.Float64).mean()).row(0, named=True) if known else {}
    return {name: means.get(name) for name in names}


def _shares(own: pl.DataFrame, names: Sequence[str], classes: Sequence[str]) -> list[dict[str, Any]]:
    """The likeliest expressions first, those that are likely at all."""
    means = zip(classes, _means(own, names).values(), strict=True)
    items = [{"name": name, "share": share} for name, share in means if share is not None]
    items.sort(key=lambda item: -item["share"])
    return [item for place, item in enumerate(items) if place == 0 or item["share"] >= LIKELY]


def _units(own: pl.DataFrame) -> list[dict[str, Any]]:
    """Units by the share of the attention that lies on them, over all rows: 0 where the label lacks them."""
    shares = {
        unit: float(own[f"evidence_AU{unit:02d}"].fill_null(0.0).mean() or 0.0)  # pyright: ignore
        for unit in units_of(own)
    }
    named = sorted((unit for unit, share in shares.items() if share >= LEAST_NAMED), key=lambda u: -shares[u])
    return [{"unit": unit, "share": shares[unit]} for unit in named]


def _above(own: pl.DataFrame, classes: Sequence[str]) -> list[dict[str, Any]]:
    """What is more, or less, probable than it usually is with this person, in points of per cent."""
    changes = zip(classes, _means(own, series_names("above", classes)).values(), strict=True)
    items = [{"name": name, "change": 100 * x} for name, x in changes if x is not None and abs(x) >= CHANGED]
    return sorted(items, key=lambda item: -abs(item["change"]))


def _cautions(own: pl.DataFrame) -> list[dict[str, Any]]:
    names = own.select(pl.col("cautions").fill_null("").str.split(" ").alias("name")).explode("name")
    counts = names.filter(pl.col("name") != "").group_by("name").len().sort("name")
    return [{"name": name} for name, count in counts.iter_rows() if count >= OFTEN * len(own)]


def _left(own: pl.DataFrame) -> float | None:
    """The share of the attention on the left half of the person's face, the right half of the picture."""
    if "attention" not in own.columns:
        return None
    shares = [_left_share(row) for row in own.select(pl.col("^(attention|map_width)$")).iter_rows(named=True)]
    known = [share for share in shares if share is not None]
    return float(np.mean(known)) if known else None


def _left_share(row: Mapping[str, Any]) -> float | None:
    if row["attention"] is None:
        return None
    cells = np.asarray(row["attention"], np.float64)
    width = int(row.get("map_width") or round(len(cells) ** 0.5))
    return left_share(cells.reshape(-1, width))


def left_share(attention: Float[np.ndarray, "h w"]) -> float | None:
    """The share of a map, less its minimum, on the left half of the person's face; None for an even map.

    >>> left_share(np.array([[1.0, 1.0, 4.0]]))
    1.0
    """
    columns = (attention - attention.min()).sum(axis=0)
    width, half = len(columns), len(columns) // 2
    middle = columns[half] / 2 if width % 2 else 0.0
    return float((columns[width - half :].sum() + middle) / columns.sum()) if columns.sum() > 0 else None


def _speed(own: pl.DataFrame) -> float | None:
    """Degrees a second by which the head turns, on average from frame to frame; None for one frame."""
    if "time" not in own.columns:
        return None
    known = own.drop_nulls(_POSE).sort("track", "time")
    steps = known.select(pl.col("time", *_POSE).diff().over("track")).drop_nulls()
    steps = steps.filter(pl.col("time") > 0)
    if steps.is_empty():
        return None
    turned = np.linalg.norm(steps.select(_POSE).to_numpy(), axis=1)
    return float(turned.sum() / steps["time"].sum())
