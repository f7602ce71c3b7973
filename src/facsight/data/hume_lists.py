"""Clips of Hume: a list with an intensity of each emotion a clip, media named by the number of the clip."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from facsight.core.labels import LabelSpace
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import media_near
from facsight.data.label_columns import in_range


def intensities(
    table: pl.DataFrame, space: LabelSpace, headings: Sequence[str], file: str, found: list[Deviation]
) -> pl.DataFrame:
    """The columns of a space out of those under a list's own headings; rows of the test keep none."""
    named = table.rename(dict(zip(headings, space.columns, strict=True)))
    tests = named.filter(pl.col("split") == "test").with_columns(
        pl.lit(None, pl.Float32).alias(name) for name in space.columns
    )
    others = in_range(named.filter(pl.col("split") != "test"), space, file, found)
    return pl.concat([others, tests]).sort("line")


def with_media(
    table: pl.DataFrame, root: Path, endings: Sequence[tuple[str, ...]], file: str, found: list[Deviation]
) -> pl.DataFrame:
    """Adds `path` by the number of a clip: the first of these kinds of media that it has."""
    kinds = [media_near(root, kind) for kind in endings]
    paths = (
        pl.col("clip").replace_strict(kind, default=None, return_dtype=pl.String) for kind in kinds if kind
    )
    table = table.with_columns(pl.coalesce(pl.lit(None, pl.String), *paths).alias("path"))
    absent = table.filter(pl.col("path").is_null())
    tell(found, file, absent["line"], "no file of this clip", fatal=False)
    return table.drop("clip", "line")


def number_of(column: str) -> pl.Expr:
    """The five digits of a clip, from 7, 00007, 00007.mp4 or [00007]."""
    return pl.col(column).str.extract(r"(\d+)").str.zfill(5).alias("clip")
