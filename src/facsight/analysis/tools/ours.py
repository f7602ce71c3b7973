"""From other tools' tables to facsight's names, units, signs and origin: the pieces, and our own tables."""

import re
from collections.abc import Mapping, Sequence
from math import pi

import polars as pl

from facsight.analysis.columns import frame_columns, landmark_columns, reading_columns
from facsight.analysis.tools.cells import Table
from facsight.analysis.tools.convention import CENTRE_OF_FIRST_PIXEL, Turn
from facsight.core.errors import BadTable
from facsight.core.labels import ALIASES, EXPRESSIONS, canonical

#: What every table has, in this order, null where the tool does not tell it.
CORE = {
    "file": pl.String,
    "frame": pl.Int32,
    "time": pl.Float64,
    "face": pl.Int32,
    "status": pl.String,
    "confidence": pl.Float64,
    **dict.fromkeys(("box_x0", "box_y0", "box_x1", "box_y1", "yaw", "pitch", "roll"), pl.Float64),
    "label": pl.String,
}
_KINDS = {
    column.name: column.kind for columns in (reading_columns, frame_columns) for column in columns((), ())
}
_NUMBERS = re.compile(
    r"expression_\w+|evidence_AU\d\d|AU\d\d_(intensity|probability)|valence|arousal|[xy]_\d+"
)
_INTEGERS = re.compile(r"AU\d\d_presence")
#: Probabilities may leave [0, 1] by so much: tables are rounded. Above `PERCENT` they are no shares.
ROUNDING, PERCENT = 0.01, 1.5


def read_own(table: Table) -> pl.DataFrame:
    """A table under facsight's own names, as it is; the 68 points of a Parquet file as `x_0` to `y_67`."""
    columns = own_columns(table)
    if "landmarks" in table.columns:
        for place, column in enumerate(landmark_columns()):
            where = 2 * (place % 68) + place // 68
            columns[column.name] = pl.col("landmarks").list.get(where, null_on_oob=True).cast(pl.Float64)
    return finished(table, columns)


def own_columns(table: Table) -> dict[str, pl.Expr]:
    """The columns that have a facsight name and so its meaning: of other tools' tables, those we wrote."""
    return {name: _cell(table, name, kind) for name in table.columns if (kind := _kind(name))}


def _kind(name: str) -> str | None:
    if _NUMBERS.fullmatch(name):
        return "number"
    return "integer" if _INTEGERS.fullmatch(name) else _KINDS.get(name)


def _cell(table: Table, name: str, kind: str) -> pl.Expr:
    return {"text": table.text, "integer": table.integer, "number": table.number}[kind](name)


def finished(table: Table, columns: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """The columns, those of `CORE` first and all of them there; expressions are shares from 0 to 1.

    `BadTable` where expressions are neither shares nor per cent.
    """
    missing = {name: pl.lit(None, kind) for name, kind in CORE.items() if name not in columns}
    frame = table.read(missing | dict(columns))
    expressions = [name for name in frame.columns if name.startswith("expression_")]
    if any((frame[name] > PERCENT).any() for name in expressions):
        frame = frame.with_columns(pl.col(expressions) / 100)
    for name in expressions:
        if not frame[name].drop_nulls().is_between(-ROUNDING, 1 + ROUNDING).all():
            raise BadTable(
                f"expected probabilities from 0 to 1, or per cent, for {name} in {table.path}, found "
                f"{frame[name].min()} to {frame[name].max()}"
            )
    others = [name for name in frame.columns if name not in CORE]
    return frame.select(*CORE, *others)


def degrees(table: Table, turns: Sequence[Turn]) -> dict[str, pl.Expr]:
    """Head angles that are written in radians, with our names and signs."""
    return {
        turn.ours: table.number(turn.name) * (turn.sign * 180 / pi)
        for turn in turns
        if turn.name in table.columns
    }


def points(table: Table) -> dict[str, pl.Expr]:
    """The 68 points of a tool that counts from the centre of the first pixel, counted from the corner."""
    names = [column.name for column in landmark_columns()]
    return {name: table.number(name) - CENTRE_OF_FIRST_PIXEL for name in names if name in table.columns}


def expressions(table: Table) -> dict[str, pl.Expr]:
    """Columns named after an expression, in any spelling, and the likeliest as `label` if there is none."""
    spelt = [name for name in table.columns if name.lower() in ALIASES or name.lower() in EXPRESSIONS]
    names = [canonical(name) for name in spelt]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadTable(f"{table.path} has several columns for {', '.join(sorted(twice))}: {', '.join(spelt)}")
    values = {name: table.number(old) for name, old in zip(names, spelt, strict=True)}
    columns = {f"expression_{name}": value for name, value in values.items()}
    if values and "label" not in table.columns:
        most = pl.max_horizontal(values.values())
        likeliest = (pl.when(value == most).then(pl.lit(name)) for name, value in values.items())
        columns["label"] = pl.coalesce(likeliest)
    return columns


def status(found: pl.Expr) -> pl.Expr:
    """Our words for whether a face was found."""
    return pl.when(found).then(pl.lit("ok")).otherwise(pl.lit("no_face"))


def only_where(found: pl.Expr, columns: Mapping[str, pl.Expr]) -> dict[str, pl.Expr]:
    """The columns, null where no face was found: what is written there was not measured."""
    return {name: pl.when(found).then(column) for name, column in columns.items()}
