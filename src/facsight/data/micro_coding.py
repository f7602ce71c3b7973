"""What the datasets of micro-expressions share: a sheet of coded clips, and a folder of pictures for each.

A clip is `path`, the folder of its pictures; `onset`, `apex` and `offset` are numbers of frames as the names
of the pictures have them. An apex that coders did not see is null.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from facsight.core.labels import LabelSpace, label_space
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import decode_words
from facsight.data.row_checks import keep, with_frames
from facsight.data.text_rows import first_of_each
from facsight.data.unit_lists import with_units
from facsight.data.workbook import sheet_of

UNITS = label_space("micro_units")


def coded_clips(
    root: Path, file: str, found: list[Deviation], names: Mapping[str, str], space: LabelSpace
) -> pl.DataFrame:
    """The sheet as subject, clip, onset, apex, offset, units and expression, by its `names` for them."""
    table = sheet_of(root, file, found, list(names.values()))
    table = table.select("line", *(pl.col(theirs).alias(ours) for ours, theirs in names.items()))
    for column in ("subject", "clip"):
        plain = pl.col(column).str.contains(r"^[\w.-]*\w$")  # it becomes the name of a folder
        table = keep(table, plain, file, found, f"the name of a {column}", column)
    for column in ("onset", "offset"):
        table = with_frames(table, file, found, column=column)
    order = pl.col("onset") <= pl.col("offset")
    table = keep(table, order, file, found, "an onset before the offset", "onset")
    table = table.with_columns(pl.col("apex").cast(pl.Int32, strict=False))
    between = pl.col("apex").is_between("onset", "offset").fill_null(value=True)
    odd = table.filter(~between)["line"]
    tell(found, file, odd, "expected the apex between onset and offset", fatal=False)
    table = with_units(table, UNITS, file, found, lists="units")
    return decode_words(table, space, file, found, words="emotion")


def with_folders(
    table: pl.DataFrame, root: Path, home: str | None, file: str, found: list[Deviation]
) -> pl.DataFrame:
    """The table with the folder of each clip as `path`, from `sample` below `home`; without `line`."""
    table = first_of_each(table, "sample", file, found)
    if home is None:
        found.append(Deviation(file, "there are no pictures of any clip", fatal=False))
        path = pl.Series("path", [None] * len(table), dtype=pl.String)
    else:
        paths = (f"{home}/{sample}".lstrip("/") for sample in table["sample"])
        path = pl.Series("path", [p if (root / p).is_dir() else None for p in paths], dtype=pl.String)
        absent = table["line"].filter(path.is_null())
        tell(found, file, absent, "there is no folder of pictures of this clip", fatal=False)
    return table.with_columns(path, pl.col("sample").alias("video")).drop("line", "clip")


def home_of(root: Path, names: Sequence[str], subjects: Sequence[str]) -> str | None:
    """The first folder of several that holds one of the subjects' folders."""
    return next(
        (name for name in names if any((root / name / subject).is_dir() for subject in subjects)), None
    )
