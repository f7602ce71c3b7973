"""Readings as table rows, and the table's files."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.columns import Column, reading_columns
from facsight.analysis.conventions import arrange
from facsight.analysis.reading import PhotoResult, Reading
from facsight.analysis.tools.convention import Convention, own
from facsight.analysis.wording import printable, storable
from facsight.core.saving import whole_file

KINDS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String,
    "integer": pl.Int32,
    "number": pl.Float64,
    "numbers": pl.List(pl.Float32),
}

#: What `evidence.parquet` holds beyond the readings' columns, so that the report can be made again.
RECORD_COLUMNS = (
    Column("photo", "integer", "", "1 ...", "number of the photo in the order of reading"),
    Column("path", "text", "", "", "the photo's name as it is on disk, to open it again"),
    Column("landmarks", "numbers", "pixel", "", "the 68 points x0, y0, x1, y1, ... in photo pixels"),
    Column("map_width", "integer", "cell", "1 ...", "columns of the two maps"),
    Column("attention", "numbers", "", "", "the attention on the aligned face, row by row"),
    Column("au_map", "numbers", "", "0 to 1", "the label's action-unit map, row by row; empty: it has none"),
    Column("unit_map_width", "integer", "cell", "1 ...", "columns of each unit's own map; empty: none asked"),
    Column("unit_maps", "numbers", "", "0 or more", "each unit's own map, unit by unit, row by row"),
)


def record_columns(classes: Sequence[str], action_units: Sequence[int]) -> tuple[Column, ...]:
    """Everything kept about a face: the readings' columns and what the report needs."""
    return reading_columns(classes, action_units) + RECORD_COLUMNS


def as_frame(
    results: Iterable[tuple[int, PhotoResult]],
    classes: Sequence[str],
    action_units: Sequence[int],
    beside: Sequence[Column] = (),
) -> pl.DataFrame:
    """One row per face; a photo without a face, and one that failed, is one row as well.

    `results` are pairs of the photo's number and its result, `beside` the reader's columns of that name. What
    is not known is null, never 0 or NaN.
    """
    columns = (*record_columns(classes, action_units), *beside)
    rows = [row for number, result in results for row in _rows(number, result)]
    return pl.DataFrame(rows, schema={column.name: KINDS[column.kind] for column in columns}, orient="row")


def _rows(number: int, result: PhotoResult) -> list[dict[str, Any]]:
    height, width = result.size or (None, None)
    photo = {"photo": number, "file": printable(result.name), "path": storable(result.name)}
    photo |= {"photo_width": width, "photo_height": height}
    if result.error is not None:
        return [{**photo, "status": "failed", "reason": result.error}]
    if not result.readings:
        return [{**photo, "status": "no_face"}]
    return [
        {**photo, "face": face, "status": "ok", **face_row(reading)}
        for face, reading in enumerate(result.readings, 1)
    ]


def face_row(reading: Reading) -> dict[str, Any]:
    """What a row says about its face, by column; null for what is not known."""
    evidence, pose = reading.evidence, reading.pose
    row: dict[str, Any] = dict(zip(("box_x0", "box_y0", "box_x1", "box_y1"), reading.box, strict=True))
    row |= {"confidence": reading.confidence, "visible": float(reading.visible.mean())}
    row |= {"label": reading.label, "uncertainty": reading.uncertainty}
    row |= {"yaw": pose.yaw, "pitch": pose.pitch, "roll": pose.roll} if pose else {}
    row |= {f"expression_{name.replace(' ', '_')}": share for name, share in reading.expression.items()}
    row |= {f"evidence_AU{unit:02d}": share for unit, share in evidence.action_units.items()}
    row |= {"evidence_elsewhere": evidence.elsewhere, "evidence_elsewhere_floor": evidence.elsewhere_floor}
    row |= {"evidence_agreement": evidence.agreement, "evidence_rank": evidence.rank}
    row |= {"cautions": " ".join(reading.cautions), "sentence": evidence.sentence}
    row |= _unadapted(reading) | _units(reading)
    row |= {"landmarks": _flat(reading.landmarks), "map_width": evidence.attention.shape[1]}
    row |= {"attention": _flat(evidence.attention), "au_map": _flat(evidence.au_map)}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }


def _unadapted(reading: Reading) -> dict[str, Any]:
    """What is said without the adaptation to a person, where there is one."""
    if reading.unadapted is None:
        return {}
    shares = {f"unadapted_{name.replace(' ', '_')}": share for name, share in reading.unadapted.items()}
    return {"unadapted_label": max(reading.unadapted, key=reading.unadapted.__getitem__), **shares}


def _units(reading: Reading) -> dict[str, Any]:
    """What a network of action units says, where one was asked."""
    if not reading.units:
        return {}
    row: dict[str, Any] = {}
    for one in reading.units:
        row[f"AU{one.action_unit:02d}_probability"] = one.probability
        row[f"AU{one.action_unit:02d}_present"] = None if one.present is None else int(one.present)
    maps = np.stack([one.evidence for one in reading.units])
    return row | {"unit_map_width": maps.shape[2], "unit_maps": _flat(maps)}


def _flat(numbers: np.ndarray | None) -> list[float] | None:
    return None if numbers is None else numbers.astype(np.float32).ravel().tolist()


def write_tables(
    records: pl.LazyFrame,
    folder: Path,
    classes: Sequence[str],
    action_units: Sequence[int],
    *,
    convention: str = "facsight",
    landmarks: bool = False,
    beside: Sequence[Column] = (),
) -> None:
    """The tables of photos, in a naming convention; see `write_arranged`. `beside` come last."""
    arranged = arrange(convention, classes, action_units, landmarks=landmarks)
    arranged = replace(arranged, columns=(*arranged.columns, *own(beside)))
    write_arranged(records, folder, arranged, convention)


def write_arranged(records: pl.LazyFrame, folder: Path, arranged: Convention, convention: str) -> None:
    """`readings.parquet`, in full precision, and what `write_csv` writes: the records, arranged.

    All is streamed: memory does not grow with the number of rows.
    """
    with whole_file(folder / "readings.parquet") as partial:
        _arranged(records, arranged).sink_parquet(partial)
    write_csv(records, folder, arranged, convention)


def write_csv(records: pl.LazyFrame, folder: Path, arranged: Convention, convention: str) -> None:
    """`readings.csv`, with six decimals, and `readings.columns.json`, which describes its columns."""
    with whole_file(folder / "readings.csv") as partial:
        _arranged(records, arranged).sink_csv(partial, float_precision=6)
    described = {
        "convention": convention,
        "about": arranged.about,
        "missing": "an empty cell (CSV) or null (Parquet): not known, or does not apply; never 0",
        "columns": [column.describe() for column, _ in arranged.columns],
    }
    with whole_file(folder / "readings.columns.json") as partial:
        partial.write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _arranged(records: pl.LazyFrame, arranged: Convention) -> pl.LazyFrame:
    return records.select(expression.alias(column.name) for column, expression in arranged.columns)
