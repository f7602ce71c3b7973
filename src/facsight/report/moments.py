"""Which moments of a person in a video are worth a picture: where an expression was strongest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from facsight.report.chart_data import expression_names

#: Moments of a person that are shown.
MOMENTS = 4
#: Without events: frames in which an expression must have been read, and what share of the person's frames.
READ_IN, READ_OF = 5, 0.02

_COLUMNS = {"file", "track", "kind", "name", "onset", "apex", "offset", "peak"}


@dataclass(frozen=True)
class Moment:
    """A frame (its number and its time in seconds) and the expression for which it was chosen."""

    track: int
    frame: int
    time: float
    name: str
    share: float


def load_events(folder: Path) -> pl.DataFrame | None:
    """`events.csv` of a folder; None where there is none, or none that can be read as such.

    Where people were told apart they are in the place of tracks.
    """
    path = folder / "events.csv"
    if not path.is_file():
        return None
    try:
        events = pl.read_csv(path, infer_schema=False)
        if not set(events.columns) >= _COLUMNS:
            return None
        times = ("onset", "apex", "offset", "peak")
        who = pl.col("person" if "person" in events.columns else "track").cast(pl.Int64)
        typed = events.with_columns(who.alias("track"), pl.col(*times).cast(pl.Float64))
        return typed.drop_nulls(["track", *times])
    except PolarsError:
        return None


def moments(own: pl.DataFrame, classes: Sequence[str], events: pl.DataFrame | None) -> list[Moment]:
    """The apexes of a person's strongest expressions, one of each before a second of any, in order of time.

    `own` are the rows of one track, `events` those of its video. For a person without events: for each
    expression that was read often enough the frame in which its probability is largest, the most frequent
    expressions first.
    """
    apexes = [] if events is None else _apexes(own, classes, events)
    found = apexes or _frequent(own, classes)
    return sorted(found[:MOMENTS], key=lambda moment: moment.time)


def _apexes(own: pl.DataFrame, classes: Sequence[str], events: pl.DataFrame) -> list[Moment]:
    track = own["track"][0]
    known = (pl.col("track") == track) & (pl.col("kind") == "expression") & pl.col("name").is_in(classes)
    ranked = events.filter(known).sort("peak", descending=True, maintain_order=True)
    turn = pl.int_range(pl.len()).over("name")
    names = ranked.sort(turn, maintain_order=True)
    times = own["time"].to_numpy()
    rows = [int(np.abs(times - apex).argmin()) for apex in names["apex"]]
    return [_moment(own, row, name) for row, name in zip(rows, names["name"], strict=True)]


def _frequent(own: pl.DataFrame, classes: Sequence[str]) -> list[Moment]:
    counts = own["label"].drop_nulls().value_counts(sort=True)
    enough = counts.filter(pl.col("count") >= max(READ_IN, READ_OF * len(own)))
    found = []
    for name in sorted(enough["label"], key=lambda name: -counts.filter(label=name)["count"][0]):
        (column,) = expression_names([name])
        score = pl.when(pl.col("label") == name).then(pl.col(column)).otherwise(-1.0)
        found.append(_moment(own, own.select(score.arg_max()).item(), name))
    return found


def _moment(own: pl.DataFrame, row: int, name: str) -> Moment:
    (column,) = expression_names([name])
    picked = own.row(row, named=True)
    return Moment(picked["track"], picked["frame"], picked["time"], name, picked[column])
