"""What datasets of the RAF family share: names such as 0001.jpg, and pictures in one of two folders."""

from pathlib import Path

import polars as pl

from facsight.data.dataset import Deviation
from facsight.data.layout import first_there, names_in, where_there


def with_raf_pictures(
    table: pl.DataFrame, root: Path, homes: tuple[str, ...], pictures: str | None, found: list[Deviation]
) -> pl.DataFrame:
    """The table with the `path` of each `sample`, by `pictures`: "aligned", "original" or what is there."""
    kinds = (pictures,) if pictures else ("aligned", "original")
    folder = first_there(root, *(f"{home}/{kind}".lstrip("/") for kind in kinds for home in homes))
    if folder is None:
        told = f"there is no folder {' or '.join(kinds)}: no face has a picture"
        found.append(Deviation(".", told, fatal=False))
        return table.with_columns(pl.lit(None, pl.String).alias("path"))
    ending = "_aligned.jpg" if folder.endswith("aligned") else ".jpg"
    path = pl.lit(f"{folder}/") + pl.col("sample").str.strip_suffix(".jpg") + ending
    there = {f"{folder}/{name}" for name in names_in(root / folder)}
    return where_there(table.with_columns(path.alias("path")), there, found)
