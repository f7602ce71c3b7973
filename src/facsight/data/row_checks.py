"""Rows that are kept, and those that are told and left out."""

import polars as pl

from facsight.data.dataset import Deviation
from facsight.data.deviations import tell


def keep(
    table: pl.DataFrame, legal: pl.Expr, file: str, found: list[Deviation], expected: str, shows: str
) -> pl.DataFrame:
    """The rows for which a condition holds; the others are told, with what stands in the column `shows`."""
    kept = table.select(legal.fill_null(value=False).alias("kept"))["kept"]
    if not kept.all():
        odd = table.filter(~kept)
        tell(found, file, odd["line"], f"expected {expected}, found {odd[shows][0]!r}")
    return table.filter(kept)


def with_frames(
    table: pl.DataFrame, file: str, found: list[Deviation], *, column: str = "frame", first: int = 0
) -> pl.DataFrame:
    """A column of text as numbers of frames, which begin at `first`."""
    number = pl.col(column).cast(pl.Int32, strict=False)
    expected = f"the number of a frame, from {first}"
    return keep(table, number >= first, file, found, expected, column).with_columns(number)
