"""Text files of labels as they are found: any line end, blank lines, mixed encodings, fields too many."""

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from facsight.core.errors import MissingData
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell


def file_lines(path: Path, root: Path, found: list[Deviation]) -> list[str]:
    """The lines of a text file without line ends; Windows-1252 where it is not UTF-8, which is told."""
    file = path.relative_to(root).as_posix()
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingData(f"there is no {path}") from error
    except OSError as error:
        found.append(Deviation(file, f"cannot be read: {error.strerror}"))
        return []
    ends = re.compile(rb"\r\n|\r|\n") if b"\r" in raw else re.compile(b"\n")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError:
        return _line_by_line(ends.split(raw.removeprefix(b"\xef\xbb\xbf")), file, found)


def _line_by_line(raw: list[bytes], file: str, found: list[Deviation]) -> list[str]:
    lines, strange = [], []
    for number, line in enumerate(raw, start=1):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252", errors="replace"))
            strange.append(number)
    tell(found, file, strange, "is not UTF-8; read as Windows-1252", fatal=False)
    return lines


def text_rows(
    path: Path,
    root: Path,
    found: list[Deviation],
    names: Sequence[str],
    *,
    separator: str | None = None,
    skip: int = 0,
) -> pl.DataFrame:
    """The fields of each line as text, under `names`, and its number as `line`, without `skip` header lines.

    Fields are divided by `separator`, or by blanks where it is None; they are not quoted. A line with another
    number of fields is told and left out; a blank one is told unless it is the last.
    """
    file = path.relative_to(root).as_posix()
    lines = pl.Series("raw", file_lines(path, root, found), dtype=pl.String).str.strip_chars()
    table = pl.DataFrame({"line": pl.int_range(1, len(lines) + 1, eager=True), "raw": lines}).slice(skip)
    filled = table.filter(pl.col("raw") != "")
    last = filled["line"].max() if len(filled) else 0
    tell(found, file, _lines(table, (pl.col("raw") == "") & (pl.col("line") < last)), "is blank", fatal=False)
    text = pl.col("raw") if separator else pl.col("raw").str.replace_all(r"\s+", " ")
    split = filled.with_columns(text.str.split(separator or " ").alias("fields"))
    odd = pl.col("fields").list.len() != len(names)
    for count in split.filter(odd)["fields"].list.len().unique().sort():
        wrong = _lines(split, pl.col("fields").list.len() == count)
        tell(found, file, wrong, f"expected {len(names)} fields ({', '.join(names)}), found {count}")
    fields = (pl.col("fields").list.get(k).str.strip_chars().alias(name) for k, name in enumerate(names))
    return split.filter(~odd).select("line", *fields)


def first_of_each(table: pl.DataFrame, key: str, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The table without rows whose `key` stands in an earlier one; they are told by their column `line`."""
    again = ~table[key].is_first_distinct()
    if again.any():
        first = table[key].filter(again)[0]
        tell(
            found,
            file,
            table["line"].filter(again),
            f"{key} {first!r} stands here again; the first is kept",
            fatal=False,
        )
    return table.filter(~again)


def _lines(table: pl.DataFrame, condition: pl.Expr) -> list[int]:
    return table.filter(condition)["line"].to_list()
