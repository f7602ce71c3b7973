"""The rows of one video as series over time: which belong together, and smoothed.

The rows are those of `analysis.frame_table`: one a face and frame, in the order of frames. A person is a
track, or, where rows say so, several (`analysis.same_person`); a series never goes on over a cut, nor over a
time in which the person was away for long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, pi
from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from facsight.analysis.columns import Column
from facsight.analysis.time_columns import PERSON, TRACK, series_names, smooth_columns
from facsight.core.errors import BadRecipe, BadTimes
from facsight.functional.temporal import gaussian, one_euro

#: A person who is missed for longer than this (seconds) comes back as a new series: an expression can come or
#: go in that time.
AWAY = 0.5
#: How far the one-euro filter opens (Hz) when a probability changes by 1 a second. On planted expressions in
#: noise it then lags by 0.05 s at 0.2 s, a quarter of what it does at 0; at 1 it lets noise make events.
BETA = 0.5

Kind = Literal["none", "gaussian", "one_euro"]


@dataclass(frozen=True)
class Smoothing:
    """How probabilities are smoothed over time.

    - "gaussian": `seconds` is the standard deviation. Looks ahead as well as back, moves no peak.
    - "one_euro": `seconds` is the time constant at rest. Looks back only, so it can run live; it lags.
    - "none": not at all.
    """

    kind: Kind = "none"
    seconds: float = 0.0

    def __post_init__(self):
        if self.kind != "none" and not 0 < self.seconds < inf:
            raise BadRecipe(
                f"expected smoothing over a time above 0 seconds, found {self.seconds}; 0.2 is a good start"
            )


@dataclass(frozen=True, eq=False)
class Person:
    """One person of a video, in one shot: where their rows are, and their times in seconds.

    `number` is the person's, which is the track's where people were not told apart.
    """

    file: str
    track: int
    number: int
    places: Int64[np.ndarray, "n"]
    time: Float64[np.ndarray, "n"]


def smooth(rows: pl.DataFrame, classes: Sequence[str], smoothing: Smoothing) -> pl.DataFrame:
    """The same rows of one video, in the same order, with `smooth_CLASS` and `smooth_label`.

    Smoothed are probabilities, never labels. They sum to 1: a mean of the Gaussian does anyway, what the
    one-euro filter gives is divided by its sum. Null where there is no face. Without smoothing the rows come
    back as they are. `BadTimes` if the rows are not those of one video, in order.
    """
    if smoothing.kind == "none":
        return rows
    values = series(rows, series_names("expression", classes))
    smoothed = np.full_like(values, np.nan)
    gap = longest_gap(rows)
    for person in people(rows):
        smoothed[person.places] = _smoothed(person.time, values[person.places], smoothing, gap)
    known = np.isfinite(smoothed).all(axis=1)
    best = np.where(known[:, None], smoothed, 0.0).argmax(axis=1)
    labels = [classes[place] if is_known else None for place, is_known in zip(best, known, strict=True)]
    *names, label = (column.name for column in smooth_columns(classes))
    return rows.with_columns(
        *(pl.Series(name, smoothed[:, place], nan_to_null=True) for place, name in enumerate(names)),
        pl.Series(label, labels, pl.String),
    )


def people(rows: pl.DataFrame) -> list[Person]:
    """The people in the rows of one video, in order of appearance; rows without a face belong to nobody.

    `BadTimes` if the rows are those of several videos.
    """
    if rows["file"].n_unique() > 1:
        raise BadTimes(f"expected the rows of one video, found those of {rows['file'].n_unique()}")
    seen = (
        rows.select("file", "shot", "track", "time", number=unit_of(rows).name)
        .with_row_index("place")
        .filter(pl.col("track").is_not_null())
        .group_by("file", "shot", "track", "number", maintain_order=True)
        .agg("place", "time")
    )
    return [
        Person(file, track, number, np.array(places, np.int64), np.array(time, np.float64))
        for file, _, track, number, places, time in seen.iter_rows()
    ]


def by_number(people: Sequence[Person]) -> list[list[Person]]:
    """The series of one video, those of each person together, in order of appearance."""
    found: dict[int, list[Person]] = {}
    for person in people:
        found.setdefault(person.number, []).append(person)
    return list(found.values())


def unit_of(rows: pl.DataFrame | pl.LazyFrame) -> Column:
    """The column of the rows that says who is who: `PERSON` where people were told apart, else `TRACK`."""
    return PERSON if PERSON.name in rows.collect_schema() else TRACK


def is_smoothed(rows: pl.DataFrame | pl.LazyFrame, classes: Sequence[str]) -> bool:
    """Whether the rows have smoothed probabilities."""
    return set(series_names("smooth", classes)) <= set(rows.collect_schema())


def units_of(rows: pl.DataFrame | pl.LazyFrame) -> list[int]:
    """The action units that the rows have evidence columns for."""
    start = "evidence_AU"
    return [int(name.removeprefix(start)) for name in rows.collect_schema() if name.startswith(start)]


def series(rows: pl.DataFrame, names: Sequence[str]) -> Float64[np.ndarray, "n column"]:
    """Columns of the rows as numbers, NaN where they are null."""
    return rows.select(pl.col(name).cast(pl.Float64) for name in names).to_numpy().reshape(-1, len(names))


def usual_step(rows: pl.DataFrame) -> float:
    """Seconds from one frame of a video that was read to the next: the median; 0 if there is but one."""
    step = rows["time"].drop_nulls().unique().sort().diff().median()
    return float(step) if isinstance(step, float) else 0.0


def longest_gap(rows: pl.DataFrame) -> float:
    """Seconds between two readings of a person in one video over which a series still goes on.

    `AWAY`, and the usual step from frame to frame: what counts is for how long the person was missed, not how
    seldom frames were read.
    """
    return AWAY + usual_step(rows)


def _smoothed(
    time: Float64[np.ndarray, "n"],
    values: Float64[np.ndarray, "n class"],
    smoothing: Smoothing,
    gap: float,
) -> Float64[np.ndarray, "n class"]:
    if smoothing.kind == "gaussian":  # a column at a time: it takes several times the memory of its values
        columns = (
            gaussian(time, values[:, [k]], smoothing.seconds, longest_gap=gap) for k in range(values.shape[1])
        )
        return np.concatenate([*columns], axis=1)
    cutoff = 1 / (2 * pi * smoothing.seconds)
    filtered, _ = one_euro(time, values, min_cutoff=cutoff, beta=BETA, longest_gap=gap)
    return filtered / filtered.sum(axis=1, keepdims=True)
