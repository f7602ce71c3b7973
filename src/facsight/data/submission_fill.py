"""Predictions completed to the list of a challenge: what is missing is filled within its video, and counted.

Values and probabilities are interpolated over the numbers of frames; classes and action units, which are
names, are taken from a neighbour. Before the first and after the last predicted frame, that one is repeated.
Nothing passes from one video, or one of two persons in it, to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import polars as pl

from facsight.core.errors import BadTable
from facsight.core.labels import LabelSpace

#: Which predicted frame gives its class: the nearer one (the earlier of two as near), or the one before.
Method: TypeAlias = Literal["nearest", "forward"]
#: What to do about a video, or a clip, without any prediction.
Absent: TypeAlias = Literal["refuse", "typical"]


@dataclass(frozen=True)
class Completed:
    """Predictions of every listed sample, once each, and how many were filled in which video.

    `filled` has `video`, `rows`, and how many of them were filled before the first predicted frame (`head`),
    between two (`gap`), after the last (`tail`), or because nothing was predicted of the video (`whole`).
    """

    table: pl.DataFrame
    filled: pl.DataFrame

    @property
    def count(self) -> int:
        return int(self.filled.select(pl.sum_horizontal("head", "gap", "tail", "whole").sum()).item() or 0)


def complete(
    table: pl.DataFrame,
    listed: pl.DataFrame,
    spaces: Sequence[LabelSpace],
    *,
    method: Method = "nearest",
    absent: Absent = "refuse",
) -> Completed:
    """Predictions (`sample` and the columns of `spaces`, null where missing) of every sample of a list.

    `listed` has `sample`, `video` and `number`. `absent` "typical" gives a video without any prediction the
    commonest class and the mean value of all others. `BadTable` names such a video otherwise.
    """
    columns = [name for name in table.columns if name not in ("sample", "line")]
    once = listed.unique("sample", keep="first").sort("video", "number")
    rows = once.join(table.select("sample", *columns), on="sample", how="left", maintain_order="left")
    rows = rows.with_columns(pl.all_horizontal(pl.col(columns).is_not_null()).alias("known"))
    if not rows["known"].any():
        raise BadTable("expected predictions of listed samples, found none; do the samples' names agree?")
    if rows["known"].all():
        return Completed(_in_order(rows, listed), _report([]))
    ways = _ways(rows.filter("known"), columns, spaces)
    parts, counted = [], []
    for (video,), part in rows.group_by("video", maintain_order=True):
        known = part["known"].to_numpy()
        parts.append(_within(part, ways, method) if known.any() else _absent(part, rows, ways, absent))
        counted.append((video, len(part), *_where(known)))
    whole = _decided(pl.concat(parts), spaces)
    return Completed(_in_order(whole, listed), _report(counted))


def _in_order(rows: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    ordered = listed.select("sample").unique(maintain_order=True)
    whole = ordered.join(rows, on="sample", how="left", maintain_order="left")
    return whole.drop("known", "number", "video")


def _ways(known: pl.DataFrame, columns: Sequence[str], spaces: Sequence[LabelSpace]) -> dict[str, str]:
    """How each column is filled: "interpolate", or "take" from a neighbour."""
    units = {name for space in spaces if space.kind == "units" for name in space.columns}
    ways = {}
    for name in columns:
        is_name = not known.schema[name].is_numeric()
        is_decision = name in units and known[name].is_in([0.0, 1.0]).all()
        ways[name] = "take" if is_name or is_decision else "interpolate"
    return ways


def _within(part: pl.DataFrame, ways: dict[str, str], method: Method) -> pl.DataFrame:
    """The rows of one video, in the order of its frames, from those that are known."""
    known = part["known"].to_numpy()
    if known.all():
        return part
    places = part["number"].to_numpy().astype(np.float64)
    there = np.flatnonzero(known)
    before = np.searchsorted(there, np.arange(len(part)), side="right") - 1
    earlier, later = there[before.clip(0)], there[(before + 1).clip(max=len(there) - 1)]
    earlier = np.where(before < 0, later, earlier)
    if method == "nearest":
        nearer = np.abs(places[later] - places) < np.abs(places - places[earlier])
        source = np.where(known, np.arange(len(part)), np.where(nearer, later, earlier))
    else:
        source = np.where(known, np.arange(len(part)), earlier)
    filled = {}
    for name, way in ways.items():
        if way == "take":
            filled[name] = part[name].gather(source)
        else:
            values = part[name].to_numpy()
            line = np.interp(places, places[known], values[known].astype(np.float64))
            filled[name] = pl.Series(name, line).cast(part.schema[name])
    return part.with_columns(**filled)


def _absent(part: pl.DataFrame, rows: pl.DataFrame, ways: dict[str, str], absent: Absent) -> pl.DataFrame:
    """A video of which nothing is known."""
    if absent == "refuse":
        raise BadTable(
            f"nothing is predicted of {part['video'][0]!r} ({len(part)} rows): there is no neighbour to fill "
            "from; predict it, or give such videos the commonest class and mean value with --absent typical"
        )
    known = rows.filter("known")
    typical = {
        name: known[name].mode().sort()[0] if way == "take" else known[name].mean()
        for name, way in ways.items()
    }
    return part.with_columns(
        pl.lit(value, dtype=part.schema[name]).alias(name) for name, value in typical.items()
    )


def _where(known: np.ndarray) -> tuple[int, int, int, int]:
    """How many rows are missing at the head, in gaps, at the tail, or altogether."""
    if not known.any():
        return 0, 0, 0, len(known)
    head, tail = int(known.argmax()), int(known[::-1].argmax())
    return head, int((~known).sum()) - head - tail, tail, 0


def _decided(table: pl.DataFrame, spaces: Sequence[LabelSpace]) -> pl.DataFrame:
    """Classes by the largest of the probabilities, where these were filled; what was predicted stays."""
    for space in spaces:
        chances = [name.replace("share_of_", "probability_of_") for name in space.shares]
        if space.kind == "classes" and set(chances) <= set(table.columns):
            largest = table.select(chances).to_numpy().argmax(axis=1)
            words = pl.Series([space.classes[k] for k in largest]).cast(pl.Enum(space.classes))
            table = table.with_columns(
                pl.when("known").then(space.column).otherwise(words).alias(space.column)
            )
    return table


def _report(counted: Sequence[tuple]) -> pl.DataFrame:
    counts = ("rows", "head", "gap", "tail", "whole")
    schema = {"video": pl.String} | dict.fromkeys(counts, pl.Int64)
    made = pl.DataFrame(list(counted), schema=schema, orient="row")
    return made.filter(pl.sum_horizontal("head", "gap", "tail", "whole") > 0)
