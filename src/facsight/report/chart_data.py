"""What the interactive chart of one video is drawn from: every frame of the people it shows."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64, Int32

from facsight.analysis.wording import unit_name
from facsight.report.packing import MISSING, as_bytes, packed
from facsight.report.photo_card import SHORT
from facsight.report.timeline import HUES, mean_shares

_AFTER = re.compile(r"after (-?\d+(?:\.\d+)?) s: (.*)", re.DOTALL)
_BOX = ("box_x0", "box_y0", "box_x1", "box_y1")


def expression_names(classes: Sequence[str], prefix: str = "expression") -> list[str]:
    """The columns that hold the probability of each class; `prefix` "smooth" for the smoothed ones."""
    return [f"{prefix}_{name.replace(' ', '_')}" for name in classes]


def unit_names(units: Sequence[int]) -> list[str]:
    """The columns that hold the evidence for each action unit."""
    return [f"evidence_AU{unit:02d}" for unit in units]


def hues(classes: Sequence[str]) -> list[str]:
    """The colour of each class."""
    return [HUES[number % len(HUES)] for number in range(len(classes))]


def milliseconds(seconds: Float64[np.ndarray, "n"]) -> Int32[np.ndarray, "n"]:
    """Times in whole milliseconds; 24 days are as far as it goes."""
    return np.round(np.clip(seconds * 1000, -(2**31), 2**31 - 1)).astype(np.int32)


def chart_data(
    rows: pl.DataFrame,
    told: Mapping[str, Any],
    people: Sequence[int],
    classes: Sequence[str],
    units: Sequence[int],
    *,
    lanes: int,
    events: pl.DataFrame | None = None,
    boxes: bool = False,
) -> dict[str, Any]:
    """The data of a video as JSON, for the script in `templates/timeline_data.js`.

    `rows` are the video's rows, of all its tracks and of frames without a face; `told` is what study.json
    says of it; `people` are the tracks that are shown, each with `lanes` action units at most. `boxes` adds
    where each face is. A column that the table lacks is left out.
    """
    frames = _frames(rows)
    cautions = _caution_names(rows)
    columns = {
        "time": milliseconds(frames["time"].to_numpy()),
        "number": frames["frame"].to_numpy(),
        "shot": frames["shot"].to_numpy(),
        "faces": frames["faces"].clip(upper_bound=255).cast(pl.UInt8).to_numpy(),
    }
    shown = []
    for number, track in enumerate(people):
        own = rows.filter(pl.col("track") == track).sort("frame")
        known = known_units(own, units)
        found = _person(own, columns["number"], classes, known, cautions, boxes=boxes)
        columns |= {f"p{number}.{name}": column for name, column in found.items()}
        shown.append(
            {
                "name": f"person {track}",
                "classes": list(classes),
                "units": [unit_name(unit) for unit in known],
                "lanes": [known.index(unit) for unit in strongest(own, known, lanes)],
                "events": _events(events, track),
            }
        )
    return {
        "file": told["file"],
        "classes": list(classes),
        "hues": hues(classes),
        "cautions": [SHORT.get(name, name) for name in cautions],
        "cuts": milliseconds(_cuts(frames)).tolist(),
        "damage": [[round(at * 1000), reason] for at, reason in damage_places(told["damage"])],
        "end": _end(told, frames["time"][0]),
        "size": _size(rows),
        "people": shown,
        **packed(columns),
    }


def known_units(own: pl.DataFrame, units: Sequence[int]) -> list[int]:
    """The units whose evidence the table holds, and knows in at least one row."""
    return [
        unit
        for unit, name in zip(units, unit_names(units), strict=True)
        if name in own.columns and own[name].is_not_null().any()
    ]


def strongest(own: pl.DataFrame, units: Sequence[int], lanes: int) -> list[int]:
    """The units that take the largest share of a person's attention over all frames, in FACS's order."""
    if not units:
        return []
    means = mean_shares(own.select(unit_names(units)))
    largest = np.argsort(-means, kind="stable")[:lanes]
    return [units[number] for number in sorted(largest) if means[number] > 0]


def _frames(rows: pl.DataFrame) -> pl.DataFrame:
    """A row a frame: its number, time and shot, and how many faces it shows."""
    shot = pl.col("shot").first().fill_null(1)
    found = rows.group_by("frame").agg(pl.col("time").first(), shot, faces=pl.col("track").count())
    return found.sort("frame")


def _person(
    own: pl.DataFrame,
    frames: np.ndarray,
    classes: Sequence[str],
    units: Sequence[int],
    cautions: Sequence[str],
    *,
    boxes: bool,
) -> dict[str, np.ndarray]:
    """A person's columns, a row a frame in which they are; `at` says which of the video's frames it is."""
    places = {name: number for number, name in enumerate(classes)}
    found = {
        "at": np.searchsorted(frames, own["frame"].to_numpy()),
        "label": own["label"].replace_strict(places, default=MISSING, return_dtype=pl.UInt8).to_numpy(),
        "cautions": _caution_bits(own, cautions),
    }
    named = {
        **_numbered("read", expression_names(classes)),
        **_numbered("smooth", expression_names(classes, "smooth")),
        **_numbered("unit", unit_names(units)),
        "uncertainty": "uncertainty",
        "elsewhere": "evidence_elsewhere",
        "detected": "detected",
    }
    found |= {short: as_bytes(_floats(own, name)) for short, name in named.items() if name in own.columns}
    if boxes:
        found |= {
            f"box{n}": np.round(_floats(own, name)).astype(np.int32)
            for n, name in enumerate(_BOX)
            if name in own.columns
        }
    return found


def _numbered(kind: str, names: Sequence[str]) -> dict[str, str]:
    return {f"{kind}{number}": name for number, name in enumerate(names)}


def _floats(own: pl.DataFrame, name: str) -> np.ndarray:
    return own[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _caution_names(rows: pl.DataFrame) -> list[str]:
    """All that occur, in the order of their first row; a whole number has room for 31."""
    if "cautions" not in rows.columns:
        return []
    words = rows["cautions"].drop_nulls().unique(maintain_order=True).str.split(" ").explode()
    return words.filter(words != "").unique(maintain_order=True).to_list()[:31]


def _caution_bits(own: pl.DataFrame, names: Sequence[str]) -> np.ndarray:
    bits = np.zeros(len(own), dtype=np.int32)
    if names:
        words = own["cautions"].fill_null("").str.split(" ")
        for number, name in enumerate(names):
            bits |= words.list.contains(name).to_numpy().astype(np.int32) << number
    return bits


def _cuts(frames: pl.DataFrame) -> np.ndarray:
    """When each shot but the first begins."""
    begins = frames["shot"].diff().fill_null(0) > 0
    return frames["time"].filter(begins).to_numpy()


def damage_places(told: Sequence[str]) -> list[tuple[float, str]]:
    """When something could not be decoded (s), and why; damage before the first frame has no place.

    >>> damage_places(["after 2.000 s: left out", "at the start: no data"])
    [(2.0, 'left out')]
    """
    places = [_AFTER.fullmatch(line) for line in told]
    return [(float(place[1]), place[2]) for place in places if place]


def _end(told: Mapping[str, Any], start: float) -> int | None:
    """When the video should have ended, where it was not read to its end."""
    if told["duration"] is None or not (told["error"] or told["damage"]):
        return None
    return round((start + told["duration"]) * 1000)


def _size(rows: pl.DataFrame) -> list[int]:
    """Width and height of the frames, in pixels."""
    return [int(rows[name].drop_nulls().first() or 1) for name in ("frame_width", "frame_height")]  # pyright: ignore


def _events(events: pl.DataFrame | None, track: int) -> list[list[Any]]:
    """Name, onset, apex and offset of a person's expressions."""
    if events is None:
        return []
    own = events.filter((pl.col("track") == track) & (pl.col("kind") == "expression")).sort("onset")
    times = own.select("onset", "apex", "offset").to_numpy() * 1000
    return [[name, *map(round, row)] for name, row in zip(own["name"], times.tolist(), strict=True)]
