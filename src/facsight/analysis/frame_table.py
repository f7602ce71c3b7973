"""Readings of videos as table rows: a row a face and frame, a row for a frame without, and their summary."""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.columns import Column, expression_columns, frame_columns
from facsight.analysis.conventions import Convention
from facsight.analysis.frames import FrameResult
from facsight.analysis.reading import Reading
from facsight.analysis.table import KINDS, face_row, write_csv
from facsight.analysis.tools.convention import own
from facsight.analysis.wording import printable
from facsight.core.saving import whole_file

#: Rows that are written at a time: what decides on the memory that writing takes.
ROWS_A_GROUP = 4096
#: The column that says that a network of action units was asked: its maps are then kept, too.
_OF_UNIT = re.compile(r"AU\d+_probability")


def frame_schema(
    classes: Sequence[str], action_units: Sequence[int], beside: Sequence[Column] = ()
) -> dict[str, Any]:
    """Names and types of everything that is kept of a face in a frame; `beside` are the reader's."""
    kept = (*frame_columns(classes, action_units), *beside)
    columns = {column.name: KINDS[column.kind] for column in kept}
    columns |= {"landmarks": KINDS["numbers"], "attention": pl.List(pl.UInt8)}
    if any(_OF_UNIT.fullmatch(column.name) for column in beside):
        columns |= {"unit_map_width": KINDS["integer"], "unit_maps": pl.List(pl.UInt8)}
    return columns


def as_rows(
    name: str,
    results: Iterable[FrameResult],
    classes: Sequence[str],
    action_units: Sequence[int],
    beside: Sequence[Column] = (),
) -> pl.DataFrame:
    """The rows of some frames of the video called `name`. What is not known is null, never 0 or NaN."""
    schema = frame_schema(classes, action_units, beside)
    rows = [row for result in results for row in _rows(printable(name), result)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def failed_row(
    name: str,
    reason: str,
    classes: Sequence[str],
    action_units: Sequence[int],
    beside: Sequence[Column] = (),
) -> pl.DataFrame:
    """The one row of a video that could not be read."""
    schema = frame_schema(classes, action_units, beside)
    row = {"file": printable(name), "status": "failed", "reason": reason}
    return pl.DataFrame([row], schema=schema, orient="row")


def _rows(name: str, result: FrameResult) -> list[dict[str, Any]]:
    height, width = result.size
    frame = {"file": name, "frame": result.at.number, "time": result.at.time, "shot": result.shot}
    frame |= {"frame_width": width, "frame_height": height}
    if not result.readings:
        return [{**frame, "status": "no_face"}]
    return [
        {**frame, "face": face, "track": track, "status": "ok", **_face(reading)}
        for face, (reading, track) in enumerate(zip(result.readings, result.tracks, strict=True), 1)
    ]


def _face(reading: Reading) -> dict[str, Any]:
    attention = reading.evidence.attention
    low, high = float(attention.min()), float(attention.max())
    steps = np.rint((attention - low) * (255 / (high - low) if high > low else 0.0)).astype(np.uint8)
    row = face_row(reading) | {"detected": int(reading.detected), "attention": steps.ravel().tolist()}
    return row | ({"unit_maps": _in_steps(reading)} if reading.units else {})


def _in_steps(reading: Reading) -> list[int]:
    """The map of each unit, in steps of 1/255 of its own highest place."""
    maps = np.stack([one.evidence for one in reading.units])
    highest = maps.max(axis=(1, 2), keepdims=True)
    scale = np.divide(255.0, highest, out=np.zeros_like(highest), where=highest > 0)
    return np.rint(maps * scale).astype(np.uint8).ravel().tolist()


def in_order(tables: Sequence[Path]) -> pl.LazyFrame:
    """The rows of several files, one after the other."""
    return pl.scan_parquet(list(tables))


def write_groups(table: Path, groups: Iterable[pl.DataFrame], metadata: Mapping[str, str]) -> None:
    """Write a table from groups of its rows, of which one is in memory at a time."""
    home = table.with_name(f"{table.name}.groups")
    shutil.rmtree(home, ignore_errors=True)  # of a run that was stopped here
    files: list[Path] = []
    try:
        with whole_file(table) as partial:
            home.mkdir()
            for rows in groups:
                files.append(home / f"{len(files):06d}.parquet")
                rows.write_parquet(files[-1])
            in_order(files).sink_parquet(partial, metadata=dict(metadata), row_group_size=ROWS_A_GROUP)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def write_frame_tables(
    tables: Sequence[Path], folder: Path, convention: str, arranged: Convention, added: Sequence[Column]
) -> None:
    """`readings.csv` with its sidecar, from the videos' tables: the arranged columns, then those `added`."""
    everything = replace(arranged, columns=(*arranged.columns, *own(added)))
    write_csv(in_order(tables), folder, everything, convention)


def summary(table: pl.LazyFrame, classes: Sequence[str]) -> pl.DataFrame:
    """A row a person and video: when seen, in how many frames, and each expression's share of these frames.

    A person is a track, or, where people were told apart, a `person` with a number of `tracks`. `share_NAME`
    is the share of frames read as NAME (they sum to 1), `mean_NAME` its mean probability.
    """
    unit = "person" if "person" in table.collect_schema().names() else "track"
    tracks = {"tracks": pl.col("track").n_unique()} if unit == "person" else {}
    names = [column.name.removeprefix("expression_") for column in expression_columns(classes)]
    return (
        table.filter(pl.col("status") == "ok")
        .group_by("file", unit)
        .agg(
            **tracks,
            frames=pl.len(),
            first_time=pl.col("time").min(),
            last_time=pl.col("time").max(),
            **{
                f"share_{name}": (pl.col("label") == label).mean()
                for name, label in zip(names, classes, strict=True)
            },
            **{f"mean_{name}": pl.col(f"expression_{name}").mean() for name in names},
        )
        .sort("file", unit)
        .collect()
    )
