"""Predictions after steps of post-processing: filtered over the time of their own video, or adjusted.

A video is what a sample's name says before its last slash, so `v_left` and `v` are two; the time of a frame
is its number divided by the frames a second. Numbers are processed and never answers: a class is the most
probable one afterwards, an action unit is shown from .5 on. Probabilities still sum to 1, values stay within
their range.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from facsight.core.errors import BadRecipe, BadTable
from facsight.core.labels import LabelSpace
from facsight.data.predictions import Predictions
from facsight.data.submission_formats import FRAME
from facsight.scoring.adjusting import adjusted, in_range
from facsight.scoring.steps import FILTERS, Step, Steps, check_fps, check_steps

#: Rows that are processed together, so that memory does not depend on how many there are: whole videos.
_TOGETHER = 200_000


@dataclass(frozen=True)
class Axis:
    """The frames of all videos one after the other on one axis of time, further apart than `longest`.

    `rows` are their places in the table, `time` in seconds, `parts` are slices of whole videos.
    """

    rows: Int64[np.ndarray, "frame"]
    time: Float64[np.ndarray, "frame"]
    parts: tuple[slice, ...]
    longest: float


def postprocess(
    found: Predictions, spaces: Sequence[LabelSpace], steps: Steps, *, axis: Axis | None = None
) -> Predictions:
    """Predictions after these steps; a row that was filled has `line` 0. What was done is told in `about`.

    `axis`: that of the same samples, where it is known. `BadRecipe` for steps that do not fit the label
    spaces, or frames a second that are lacking; `BadTable` where samples are no frames of videos, or classes
    that are to be filtered have no probabilities.
    """
    check_steps(steps.steps, spaces, "post-processing")
    if steps.needs_time and axis is None:
        axis = one_axis(found.table, steps.fps)
    table = found.table
    for space in spaces:
        own = [step for step in steps.steps if step.columns_of(space)]
        table = _after(table, space, own, axis, str(found.path)) if own else table
    names = [name for space in spaces for name in space.columns]
    filled = pl.col("line").is_null() & pl.all_horizontal(pl.col(names).is_not_null())
    count = int(table.select(filled.sum()).item())
    before = f"{found.about['postprocess']}; then " if "postprocess" in found.about else ""
    told = f"{before}{steps}" + (f" ({count} missing rows filled)" if count else "")
    return replace(
        found,
        table=table.with_columns(pl.when(filled).then(0).otherwise("line").alias("line")),
        rows=found.rows + count,
        about=dict(found.about) | {"postprocess": told},
    )


def one_axis(table: pl.DataFrame, fps: float | None) -> Axis:
    """The frames of every video of which something is predicted, in the order of their numbers.

    `BadTable` names a predicted sample that is no frame, or two of one video with the same number.
    """
    if fps is None:
        raise BadRecipe("filters over time need the frames a second: --fps 30")
    rate = check_fps(fps)
    part = pl.col("sample").str.extract_groups(FRAME).struct
    frames = table.lazy().select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
        part.field("video").cast(pl.Categorical),
        part.field("number").cast(pl.Int64, strict=False),
        pl.col("line").is_not_null().alias("given"),
    )
    frames = frames.filter(pl.col("given").any().over("video")).sort("video", "number", "row").collect()
    _check_frames(frames, table["sample"])
    codes = frames["video"].rle_id().to_numpy().astype(np.int64)
    time = frames["number"].to_numpy() / rate
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    spans = time[np.append(begins[1:], len(time)) - 1] - time[begins] if len(time) else time
    longest = float(spans.max(initial=0.0)) + 1.0
    moved = np.cumsum(np.append(0.0, spans + 2 * longest))[:-1] - time[begins]
    return Axis(frames["row"].to_numpy(), time + moved[codes], _parts(begins, len(time)), longest)


def filtered(values: np.ndarray, space: LabelSpace, step: Step, axis: Axis) -> np.ndarray:
    """Numbers of all samples, a column each, after a filter over time; see `numbers_of`."""
    named = range(values.shape[1])
    if space.kind != "classes":
        named = [space.columns.index(name) for name in step.columns_of(space)]
    columns = np.array(named)
    gap = min(step.options.get("longest_gap", inf), axis.longest)
    options = dict(step.options) | {"longest_gap": gap}
    after = values.copy()
    for part in axis.parts:
        rows = axis.rows[part]
        series = values[np.ix_(rows, columns)].astype(np.float64)
        after[np.ix_(rows, columns)] = FILTERS[step.name](axis.time[part], series, **options)
        after[rows] = in_range(after[rows], space)
    return after


def numbers_of(table: pl.DataFrame, space: LabelSpace) -> list[str]:
    """The columns of numbers that a space has in a table: probabilities of classes, or what it is called.

    Empty where there are answers only.
    """
    if space.kind != "classes":
        return list(space.columns)
    names = [name.replace("share_of_", "probability_of_") for name in space.shares]
    return names if set(names) <= set(table.columns) else []


def as_numbers(table: pl.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Columns of numbers side by side, NaN where there is none."""
    return np.column_stack([table[name].to_numpy() for name in names])


def _after(
    table: pl.DataFrame, space: LabelSpace, steps: Sequence[Step], axis: Axis | None, where: str
) -> pl.DataFrame:
    """The table with the numbers of one space processed, and its answers made from them."""
    names = numbers_of(table, space)
    if not names:
        return _filled_answers(table, space, steps, axis, where)
    values = as_numbers(table, names)
    for step in steps:
        if step.name in FILTERS:
            assert axis is not None
            values = filtered(values, space, step, axis)
        else:
            values = adjusted(values, space, step)
    made = [pl.Series(name, column) for name, column in zip(names, values.T, strict=True)]
    table = table.with_columns(*(series.fill_nan(None) for series in made))
    if space.kind != "classes":
        return table
    known = np.isfinite(values).all(axis=1)
    return table.with_columns(_answers(np.nan_to_num(values).argmax(axis=1), known, space))


def _filled_answers(
    table: pl.DataFrame, space: LabelSpace, steps: Sequence[Step], axis: Axis | None, where: str
) -> pl.DataFrame:
    """Classes without probabilities can be taken from the nearest frame, and nothing else."""
    if any(step.name != "fill" for step in steps):
        raise BadTable(
            f"{where} has only answers for {space.column}: expected a probability of every class of "
            f"{space.name} ({', '.join(space.classes)}), which can be filtered and weighed; or name the "
            "`columns` that the step is for"
        )
    assert axis is not None
    codes = table[space.column].to_physical().cast(pl.Float64).to_numpy()[:, None].copy()
    for step in steps:
        gap = min(step.options.get("longest_gap", inf), axis.longest)
        for part in axis.parts:
            rows = axis.rows[part]
            codes[rows] = FILTERS["fill"](axis.time[part], codes[rows], longest_gap=gap, method="nearest")
    known = np.isfinite(codes[:, 0])
    return table.with_columns(_answers(np.nan_to_num(codes[:, 0]).astype(np.int64), known, space))


def _answers(places: np.ndarray, known: np.ndarray, space: LabelSpace) -> pl.Series:
    classes = pl.Enum(space.classes)
    words = pl.Series(space.column, places).replace_strict(
        range(len(space)), space.classes, return_dtype=classes
    )
    return (
        words.to_frame().select(pl.when(pl.Series(known)).then(space.column).alias(space.column)).to_series()
    )


def _check_frames(frames: pl.DataFrame, samples: pl.Series) -> None:
    odd = frames.filter(pl.col("given") & pl.col("number").is_null())
    if len(odd):
        raise BadTable(
            f"filters over time need samples that are frames of videos, video/00012.jpg; {len(odd)} "
            f"predicted ones are none, the first is {samples[odd['row'][0]]!r}"
        )
    again = frames.filter(
        (pl.col("video") == pl.col("video").shift()) & (pl.col("number") == pl.col("number").shift())
    )
    if len(again):
        raise BadTable(
            f"two samples are frame {again['number'][0]} of {again['video'][0]}, one of them "
            f"{samples[again['row'][0]]!r}: a video has every frame once"
        )


def _parts(begins: np.ndarray, frames: int) -> tuple[slice, ...]:
    """Whole videos together, about `_TOGETHER` rows each."""
    if not frames:
        return ()
    kept, start = [], 0
    for begin in [*begins[1:].tolist(), frames]:
        if begin - start >= _TOGETHER or begin == frames:
            kept.append(slice(start, begin))
            start = begin
    return tuple(kept)
