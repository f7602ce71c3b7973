"""Ratings of a recording over time: a row a moment, in seconds from the start."""

from collections.abc import Sequence

import polars as pl

from facsight.data.dataset import Deviation
from facsight.data.deviations import tell


def joined(ratings: dict[str, tuple[str, pl.DataFrame]], found: list[Deviation]) -> pl.DataFrame:
    """One table of the traces of a recording, each of them a file of its own.

    `ratings` has for a quantity its file and its rows: `line`, `time` as text and the quantity. Moments that
    one file has and another has not are told, and left out.
    """
    (first, (file, table)), *others = ratings.items()
    for name, (other, rows) in others:
        for where, lacks, one, two in ((file, name, table, rows), (other, first, rows, table)):
            tell(found, where, one.join(two, on="time", how="anti")["line"], f"a moment without {lacks}")
        table = table.join(rows.select("time", name), on="time", how="inner", maintain_order="left")
    return table


def at_moments(table: pl.DataFrame, recording: str, file: str, found: list[Deviation]) -> pl.DataFrame:
    """Adds `start` and the `sample`, `<recording>/<time>`, by the text column `time`; it must not go back."""
    time = pl.col("time").cast(pl.Float64, strict=False)
    wrong = table.filter(~(time.is_finite() & (time >= 0)).fill_null(value=False))
    tell(found, file, wrong["line"], "expected seconds from the start")
    table = table.join(wrong, on="line", how="anti", maintain_order="left").with_columns(time.alias("start"))
    back = table.filter(pl.col("start").diff() <= 0)
    tell(found, file, back["line"], "expected a later moment than before")
    table = table.join(back, on="line", how="anti", maintain_order="left")
    return table.with_columns(
        pl.concat_str(pl.lit(f"{recording}/"), pl.col("time")).alias("sample"),
        pl.lit(recording).alias("video"),
    )


def rated(table: pl.DataFrame, raters: Sequence[str], name: str) -> pl.DataFrame:
    """The mean of several raters' columns of text, as a column of text."""
    numbers = (pl.col(rater).cast(pl.Float64, strict=False) for rater in raters)
    whole = pl.all_horizontal(pl.col(rater).cast(pl.Float64, strict=False).is_not_null() for rater in raters)
    mean = pl.mean_horizontal(*numbers)
    return table.with_columns(pl.when(whole).then(mean).cast(pl.String).alias(name))
