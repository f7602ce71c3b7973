"""What a person's face usually looks like to the reader, and how far each reading lies above that.

Some faces at rest look sad, or smile. The usual probability of a class, and the usual share of attention on
an action unit, is the person's own median: over all frames, or over a stretch of the video in which the face
is known to be at rest. Where people were told apart (`analysis.same_person`), it is that of all their tracks
in the video.

The difference is taken in probabilities, not in log-odds. It has limits, a unit that everybody knows, and is
small where nothing happens; log-odds make more of 0.001 beside 0.0001, which is noise, than of 0.7 beside
0.3. The median itself is the same either way, as log-odds keep the order: whoever wants them takes them of
the table of baselines.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import polars as pl
from jaxtyping import Int64

from facsight.analysis.in_time import by_number, is_smoothed, people, series, unit_of, units_of
from facsight.analysis.time_columns import baseline_columns, schema, series_names
from facsight.core.errors import BadTimes

Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)

#: A median is taken of so many frames at least: a second of most videos. Fewer tell hardly more than one
#: does, alike as neighbours are.
LEAST_FRAMES = 25


def baselines(
    rows: pl.DataFrame, classes: Sequence[str], *, segment: tuple[float, float] | None = None
) -> pl.DataFrame:
    """A row for each person of one video: the medians of their raw readings, `usual_CLASS` and `usual_AUnn`.

    Over all frames of the person, or over those at `segment[0] <= time < segment[1]`, in seconds. A median of
    fewer than LEAST_FRAMES known values is null, and `reason` says so; it is null where nothing is missing.
    The columns are `time_columns.baseline_columns`. `BadTimes` for an empty segment.
    """
    start, end = segment or (-np.inf, np.inf)
    if not start < end:
        raise BadTimes(f"expected a neutral segment that ends after it starts, found {start} to {end} s")
    units = units_of(rows)
    evidence = [f"evidence_AU{unit:02d}" for unit in units]
    names = [*series_names("expression", classes), *evidence]
    columns = schema(baseline_columns(classes, units, unit_of(rows)))
    found = []
    for own in by_number(people(rows)):
        used = np.concatenate([one.places[(start <= one.time) & (one.time < end)] for one in own])
        counts, medians = zip(*(_median(rows, name, used) for name in names), strict=True)
        reason = _reason(len(used), dict(zip(units, counts[len(classes) :], strict=True)), segment)
        found.append((own[0].file, own[0].number, len(used), reason, *medians))
    return pl.DataFrame(found, schema=columns, orient="row")


def add_above(rows: Rows, usual: pl.DataFrame, classes: Sequence[str]) -> Rows:
    """The same rows of one video, in order, with `above_CLASS` and `above_AUnn`: readings less usual ones.

    `usual` is what `baselines` gave for the rows. Smoothed probabilities are compared where the rows have
    them, else raw ones; action units are never smoothed. Null where one of the two is not known, never 0.
    """
    prefix = "smooth" if is_smoothed(rows, classes) else "expression"
    units = [f"AU{unit:02d}" for unit in units_of(rows)]
    names = [name.removeprefix("above_") for name in series_names("above", classes)]
    sources = [*series_names(prefix, classes), *(f"evidence_{unit}" for unit in units)]
    return rows.with_columns(
        (pl.col(source) - _of_person(usual, f"usual_{name}")).alias(f"above_{name}")
        for source, name in zip(sources, [*names, *units], strict=True)
    )


def _median(rows: pl.DataFrame, name: str, places: Int64[np.ndarray, "n"]) -> tuple[int, float | None]:
    """How many values of a column are known at these places, and their median if they are enough."""
    values = series(rows, [name])[places, 0]
    known = values[np.isfinite(values)]
    return len(known), float(np.median(known)) if len(known) >= LEAST_FRAMES else None


def _of_person(usual: pl.DataFrame, name: str) -> pl.Expr:
    """The person's value of a column of `usual`, for each row; null for rows of nobody."""
    unit = unit_of(usual).name
    return pl.col(unit).replace_strict(usual[unit], usual[name], default=None, return_dtype=pl.Float64)


def _reason(frames: int, known: dict[int, int], segment: tuple[float, float] | None) -> str | None:
    where = f" between {segment[0]:g} and {segment[1]:g} s" if segment else ""
    if frames < LEAST_FRAMES:
        return f"seen in {frames} frames{where}; {LEAST_FRAMES} are needed"
    rare = [f"AU{unit}" for unit, count in known.items() if count < LEAST_FRAMES]
    return f"fewer than {LEAST_FRAMES} frames{where} have evidence of {', '.join(rare)}" if rare else None
