"""Which samples hang together: of one person, one video, near copies of one picture, or several of these."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facsight.core.errors import BadFolds, did_you_mean

#: Columns that no two sides of a split may share, wherever a table knows them.
KEPT_APART = ("subject", "video", "near_copies")
#: What to do with a row that does not say whose it is.
Unknown = Literal["refuse", "alone", "together", "drop"]
_ADVICE = (
    "say what they are: unknown='alone' (each is of somebody else), 'together' (they may all be of one) or "
    "'drop' (in no fold)"
)
_NAMED = 5
#: A column of our own among the table's.
_PART = "(part)"


def media(video: pl.Expr) -> pl.Expr:
    """The media file of an annotation id: Aff-Wild2 marks two persons of one file `_left` and `_right`.

    >>> pl.select(media(pl.lit("10-60-1280x720_right"))).item()
    '10-60-1280x720'
    """
    return video.str.replace("_(left|right)$", "")


def known_columns(table: pl.DataFrame) -> tuple[str, ...]:
    """Those of `KEPT_APART` that the table has, with a value in some row."""
    return tuple(
        name for name in KEPT_APART if name in table.columns and table[name].null_count() < len(table)
    )


def apart_columns(table: pl.DataFrame, apart: str | Sequence[str] | None) -> tuple[str, ...]:
    """The columns to keep apart: those asked for, which the table must have, or all that it knows."""
    if apart is None:
        return known_columns(table)
    asked = (apart,) if isinstance(apart, str) else tuple(apart)
    for name in asked:
        if name not in table.columns:
            raise BadFolds(f"expected a column {name!r} to keep apart: {did_you_mean(name, table.columns)}")
    return asked


def owner(column: str) -> pl.Expr:
    """What of a column must stay on one side, as text: for a video its file; empty text is no value."""
    text = pl.col(column).cast(pl.String)
    text = media(text) if column == "video" else text
    return pl.when(text != "").then(text).alias(column)


def keys(table: pl.DataFrame, apart: Sequence[str]) -> pl.DataFrame:
    """`sample`, and for every column of `apart` whose it is."""
    return check_samples(table).select("sample", *(owner(name) for name in apart if name != "sample"))


def check_samples(table: pl.DataFrame) -> pl.DataFrame:
    """The table, if every row has a `sample` of its own; `BadFolds` names what is repeated."""
    if "sample" not in table.columns or table.schema["sample"] != pl.String:
        found = table.schema.get("sample", "no such column")
        raise BadFolds(f"expected a column 'sample' of text, an id a row; found {found}")
    empty = int((table["sample"].is_null() | (table["sample"] == "")).sum())
    if empty:
        raise BadFolds(f"expected an id in the column 'sample' of every row, found {empty} rows without")
    repeated = table["sample"].filter(table["sample"].is_duplicated()).unique().sort()
    if len(repeated):
        raise BadFolds(f"every sample may be listed once, these are listed again: {listed(repeated)}")
    return table


def group_samples(
    table: pl.DataFrame, apart: str | Sequence[str] | None = None, *, unknown: Unknown = "refuse"
) -> pl.DataFrame:
    """`sample` and `group`: samples that share a value of any `apart` column are in one group.

    `apart`: one or several columns; by default all of `KEPT_APART` that the table knows; "sample" puts each
    sample into its own group. A group is called after its values of the first column. `unknown` decides on
    rows without a value in an `apart` column; dropped ones have no group.

    >>> pairs = pl.DataFrame({"sample": ["1", "2", "3"], "subject": ["a", "b", "c"],
    ...                       "video": ["x_left", "x_right", "y"]})
    >>> group_samples(pairs)["group"].to_list()
    ['a + b', 'a + b', 'c']
    """
    columns = apart_columns(table, apart)
    if not columns:
        raise BadFolds(
            f"expected rows that name a {', '.join(KEPT_APART)}, found none that does; apart='sample' takes "
            "every sample for independent of the others"
        )
    linked = keys(table, columns)
    missing = linked.select(pl.any_horizontal(pl.all().is_null())).to_series()
    if unknown == "refuse" and missing.any():
        raise BadFolds(_whose(linked, missing))
    if unknown == "together":
        linked = linked.with_columns(pl.exclude("sample").fill_null("(unknown)"))
    columns = [name for name in linked.columns if name != "sample"]
    linked = linked.with_columns(pl.Series(_PART, _components(linked, columns)))
    names = linked.group_by(_PART).agg(_name(columns).alias("group"))
    groups = linked.join(names, on=_PART, how="left", maintain_order="left").select("sample", "group")
    if unknown == "drop":
        groups = groups.with_columns(pl.when(~missing).then("group").alias("group"))
    return groups


def listed(names: pl.Series | Sequence[str]) -> str:
    """The first few names, quoted, and how many more there are."""
    shown = ", ".join(repr(name) for name in list(names[:_NAMED]))
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _whose(linked: pl.DataFrame, missing: pl.Series) -> str:
    gaps = [name for name in linked.columns if linked[name].null_count()]
    return (
        f"{int(missing.sum())} of {len(linked)} rows do not say their {' or '.join(gaps)}: "
        f"{listed(linked['sample'].filter(missing))}; {_ADVICE}"
    )


def _components(linked: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """A number a row; rows of a number are joined by chains of shared values."""
    rows, nodes, count = [], [], len(linked)
    for name in columns:
        codes = linked[name].rank("dense")
        present = codes.is_not_null().to_numpy()
        rows.append(np.flatnonzero(present))
        nodes.append(codes.drop_nulls().to_numpy().astype(np.int64) - 1 + count)
        count += linked[name].n_unique()
    row, node = (np.concatenate([np.empty(0, np.int64), *ends]) for ends in (rows, nodes))
    graph = coo_array((np.ones(len(row), np.bool_), (row, node)), shape=(count, count))
    return connected_components(graph, directed=False)[1][: len(linked)]


def _name(columns: Sequence[str]) -> pl.Expr:
    """What a group is called: its values of the first column that it has any of."""
    values = [pl.col(name).drop_nulls().unique().sort() for name in (*columns, "sample")]
    texts = [
        pl.when(value.len() > 3)
        .then(pl.format("{} + {} more", value.first(), value.len() - 1))
        .otherwise(value.implode().list.join(" + "))
        for value in values
    ]
    return pl.coalesce(pl.when(value.len() > 0).then(text) for value, text in zip(values, texts, strict=True))
