"""Any list of pictures, frames or clips with labels, as CSV or Parquet: facsight's own exchange format."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import LabelSpace, label_space
from facsight.data.csv_rows import csv_names, csv_rows
from facsight.data.dataset import SPLITS, Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import AFFECT, UNIT, decode, decode_words, in_range, spaces_in
from facsight.data.layout import files_named, need, where_there
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.sets.folder import SPLIT_WORDS, own_space
from facsight.data.text_rows import first_of_each

NAMES = ("manifest.parquet", "manifest.csv")
#: Under which key of its metadata a Parquet list says what it is, as JSON.
ABOUT = "facsight"
NUMBERS = ("frame", "start", "end", "left", "top", "right", "bottom")
TEXTS = ("sample", "split", "subject", "video", "text", "first")

CARD = Card(
    name="manifest",
    title="a list of files with labels",
    kind="photos",
    labels=(),
    people="as listed in the column subject",
    licence="that of the files",
    obtain="write it: one row a sample; `facsight prepare` writes one too",
    layout="""
manifest.csv or manifest.parquet              file,left,top,right,bottom,expression,subject,split
images/a.jpg                                  files are named relative to the folder of the manifest
""",
    paper="none: facsight's own form",
    certainty="`file` is needed. Known columns: sample, split (train, val, test), subject, video, frame, "
    "start, end (seconds), left, top, right, bottom (pixels), text, first (false for a near copy of another, "
    "which training leaves out), expression (words), share_of_..., "
    "valence and arousal (-1 to 1), AU01 ... (0 or 1). `labels` names label spaces instead. Other columns "
    "are not read.",
)


def about_list(root: Path) -> dict[str, Any]:
    """What a Parquet list says of itself in its metadata; nothing where it says nothing, or is none."""
    try:
        told = json.loads(pl.read_parquet_metadata(root / NAMES[0])[ABOUT])
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError):
        return {}
    return told if isinstance(told, dict) else {}


def own_options(root: Path) -> dict[str, Any]:
    """The reader's options that a prepared list gives itself: which label spaces its labels are of."""
    labels = about_list(root).get("labels")
    return {"labels": [str(name) for name in labels]} if labels else {}


def read(
    root: Path, found: list[Deviation], *, file: str | None = None, labels: Sequence[str] | str | None = None
) -> pl.DataFrame:
    """The rows of a list, in their order.

    `file`: the name of the list, if it is not `manifest.csv` or `manifest.parquet`. `labels`: the label
    spaces whose columns it has. Rows of one file are faces in it: each needs a box or frame, or a `sample`.
    """
    need(root, CARD, *([file] if file else []))
    name = file or next((name for name in NAMES if (root / name).is_file()), NAMES[1])
    need(root, CARD, name)
    asked = [labels] if isinstance(labels, str) else list(labels or ())
    spaces = [label_space(label) for label in asked]
    table = _rows(root, name, spaces, found)
    table = _with_labels(_with_places(table, name, found), spaces, name, found)
    table = _with_samples(table, name, found).rename({"file": "path"})
    return where_there(table, files_named(root, table["path"]), found, what="file").drop("line")


def _is_known(column: str, spaces: list[LabelSpace]) -> bool:
    named = {column for space in spaces for column in (*space.columns, *space.shares)}
    usual = set() if spaces else {"expression", *AFFECT}
    return column in {*TEXTS, *NUMBERS, *named, *usual} or bool(re.fullmatch(f"{UNIT}|share_of_\\w+", column))


def _rows(root: Path, name: str, spaces: list[LabelSpace], found: list[Deviation]) -> pl.DataFrame:
    """The known columns as text, and the number of the line, or of the row of a Parquet file."""
    if not name.endswith(".parquet"):
        known = [column for column in csv_names(root / name) if _is_known(column, spaces)]
        return csv_rows(root / name, root, found, ["file"], optional=known)
    try:
        lazy = pl.scan_parquet(root / name)
        names = lazy.collect_schema().names()
        if "file" not in names:
            raise BadLabels(f"{root / name}: expected a column file, found {', '.join(names)}")
        known = [column for column in names if column == "file" or _is_known(column, spaces)]
        table = lazy.select(pl.col(known).cast(pl.String)).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise MissingData(f"{root / name} is not a Parquet file of plain columns: {error}") from error
    return table.with_columns(pl.int_range(1, pl.len() + 1).alias("line"))


def _with_places(table: pl.DataFrame, name: str, found: list[Deviation]) -> pl.DataFrame:
    """Files, splits and numbers as they should be; rows with others are told and left out."""
    file = pl.col("file")
    leaves = file.str.starts_with("/") | file.str.contains(r"(^|[/\\\\])\.\.([/\\\\]|$)|^[A-Za-z]:")
    table = _refuse(table, file.is_null(), "expected the name of a file, found nothing", name, found)
    table = _refuse(table, leaves, "expected a file below the folder of the list", name, found)
    if "split" in table.columns:
        words = pl.col("split").str.to_lowercase()
        odd = pl.col("split").is_not_null() & ~words.is_in(list(SPLIT_WORDS))
        table = _refuse(table, odd, f"expected a split ({', '.join(SPLITS)})", name, found)
        table = table.with_columns(words.replace_strict(SPLIT_WORDS, default=None).alias("split"))
    if "first" in table.columns:
        table = table.with_columns(pl.col("first").str.to_lowercase().ne_missing("false"))
    for column in (column for column in table.columns if column in NUMBERS):
        number = pl.col(column).cast(pl.Float64, strict=False)
        odd = pl.col(column).is_not_null() & ~number.is_finite().fill_null(False)
        table = _refuse(table, odd, f"expected a number as {column}", name, found).with_columns(number)
    return table


def _with_labels(
    table: pl.DataFrame, spaces: list[LabelSpace], name: str, found: list[Deviation]
) -> pl.DataFrame:
    if not spaces:
        if "expression" in table.columns:
            spaces = [own_space(table["expression"].drop_nulls().unique().to_list())]
        spaces = spaces + list(spaces_in(table, CARD.name))
    for space in spaces:
        absent = [column for column in space.columns if column not in table.columns]
        if absent:
            raise BadLabels(f"{name} has no column {absent[0]!r}, which labels of {space.name} stand in")
        if space.kind != "classes":
            table = in_range(table, space, name, found, blank=True)
        elif space.codes and table[space.column].is_in([str(code) for code in space.codes]).any():
            table = decode(table, space, name, found, codes=space.column)
        else:
            table = decode_words(table, space, name, found, words=space.column)
    shares = [column for column in table.columns if column.startswith("share_of_")]
    for column in shares:
        number = pl.col(column).cast(pl.Float32, strict=False)
        odd = pl.col(column).is_not_null() & ~number.is_between(0, 1).fill_null(False)
        table = _refuse(table, odd, f"expected a share from 0 to 1 as {column}", name, found).with_columns(
            number
        )
    return table


def _with_samples(table: pl.DataFrame, name: str, found: list[Deviation]) -> pl.DataFrame:
    """Named by the column `sample`, or by the file, with a number behind it for a second row of a file."""
    if "sample" in table.columns:
        table = _refuse(table, pl.col("sample").is_null(), "expected the name of a sample", name, found)
        return first_of_each(table, "sample", name, found)
    what = ["file", *(column for column in NUMBERS if column in table.columns)]
    key = pl.concat_str(pl.col(what).cast(pl.String), separator=" ", ignore_nulls=True).alias("row")
    table = first_of_each(table.with_columns(key), "row", name, found).drop("row")
    number = pl.int_range(1, pl.len() + 1).over("file")
    again = pl.format("{}#{}", "file", number)
    return table.with_columns(pl.when(number > 1).then(again).otherwise("file").alias("sample"))


def _refuse(
    table: pl.DataFrame, odd: pl.Expr, message: str, name: str, found: list[Deviation]
) -> pl.DataFrame:
    wrong = table.select(odd.fill_null(False).alias("wrong"))["wrong"]
    tell(found, name, table["line"].filter(wrong), message)
    return table.filter(~wrong)


def mock(root: Path, *, seed: int = 0) -> None:
    """12 drawn faces of four people with a box, units and affect each; a file missing, a row twice."""
    words = ["happiness", "anger", "neutral"] * 4
    faces = mock_faces(words, seed=seed, size=96, persons=[k // 3 for k in range(12)])
    lines = ["file,subject,split,left,top,right,bottom,expression,valence,arousal,AU12"]
    for number, (word, face) in enumerate(zip(words, faces, strict=True)):
        split = ("train", "train", "val", "test")[number // 3]
        happy = int(word == "happiness")
        affect = f"{happy - (word == 'anger')},{0.5 * (word != 'neutral')},{happy}"
        lines.append(f"images/{number}.jpg,person {number // 3},{split},8,8,88,88,{word},{affect}")
        if number != 4:
            write_picture(root / f"images/{number}.jpg", face)
    write_lines(root / "manifest.csv", [*lines, lines[1]], end="\r\n", last="\r\n")
