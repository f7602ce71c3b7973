"""The first sheet of an Excel workbook (.xlsx) as rows of text: label lists of datasets come so."""

import csv
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.parsers import expat

import polars as pl

from facsight.core.errors import BadLabels
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell
from facsight.data.text_rows import file_lines

#: Bytes of a part of a workbook once unpacked. A list of labels is far smaller; a bomb is larger.
LARGEST = 64 * 1024**2

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def workbook_rows(path: Path) -> tuple[list[list[str]], list[int]]:
    """The filled rows and their numbers (from 1); whole numbers are written `12`, not `12.0`.

    `BadLabels` where the file is no workbook.
    """
    try:
        with zipfile.ZipFile(path) as book:
            names = set(book.namelist())
            sheet = min((n for n in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n)), default=SHEET)
            strings = _strings(_part(book, STRINGS)) if STRINGS in names else []
            return _rows(_part(book, sheet), strings)
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError, OSError, expat.ExpatError) as error:
        raise BadLabels(f"{path} is no Excel workbook (.xlsx): {error}; save it as .xlsx or .csv") from error


def _part(book: zipfile.ZipFile, name: str) -> bytes:
    if book.getinfo(name).file_size > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST} bytes")
    with book.open(name) as part:
        return part.read(LARGEST + 1)


def _parse(data: bytes, **handlers: Any) -> None:
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("it declares entities")

    parser.EntityDeclHandler = refuse
    parser.buffer_text = True
    for name, handler in handlers.items():
        setattr(parser, name, handler)
    parser.Parse(data, True)


def _strings(data: bytes) -> list[str]:
    """The texts that cells refer to by number; a text may be made of several runs."""
    texts: list[str] = []
    inside: list[str] = []

    def start(tag: str, _: dict[str, str]) -> None:
        inside.append(_local(tag))
        if inside[-1] == "si":
            texts.append("")

    def text(part: str) -> None:
        if inside[-1:] == ["t"] and "rPh" not in inside:
            texts[-1] += part

    _parse(
        data, StartElementHandler=start, EndElementHandler=lambda _: inside.pop(), CharacterDataHandler=text
    )
    return texts


def _rows(data: bytes, strings: list[str]) -> tuple[list[list[str]], list[int]]:
    cells: dict[int, dict[int, str]] = {}
    inside: list[str] = []
    place, kind = (0, 0), ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal place, kind
        inside.append(_local(tag))
        if inside[-1] == "row":
            place = (int(attributes.get("r", place[0] + 1)), -1)
        elif inside[-1] == "c":
            place = (place[0], _column(attributes["r"]) if "r" in attributes else place[1] + 1)
            kind = attributes.get("t", "n")

    def text(part: str) -> None:
        if inside[-1:] in (["v"], ["t"]):
            row = cells.setdefault(place[0], {})
            row[place[1]] = row.get(place[1], "") + part

    def end(_: str) -> None:
        if inside.pop() == "c" and place[1] in cells.get(place[0], {}):
            cells[place[0]][place[1]] = _value(cells[place[0]][place[1]], kind, strings)

    _parse(data, StartElementHandler=start, EndElementHandler=end, CharacterDataHandler=text)
    width = 1 + max((column for row in cells.values() for column in row), default=-1)
    numbers = sorted(cells)
    return [[cells[n].get(column, "") for column in range(width)] for n in numbers], numbers


def _local(tag: str) -> str:
    """The name of an element without the prefix that some programs write."""
    return tag.rpartition(":")[2]


def _column(name: str) -> int:
    """
    >>> _column("A1"), _column("AB12")
    (0, 27)
    """
    number = 0
    for letter in re.sub(r"[^A-Z]", "", name.upper()):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _value(written: str, kind: str, strings: list[str]) -> str:
    if kind == "s":
        return strings[int(written)]
    if kind == "n" and re.fullmatch(r"-?\d+\.0+", written):
        return written.partition(".")[0]
    return written


def sheet_of(root: Path, file: str, found: list[Deviation], columns: Sequence[str]) -> pl.DataFrame:
    """The table of a sheet, from a workbook or a CSV saved from one, below the row that names `columns`.

    Text under the names of the columns, without quotes around them, and the number of each row as `line`.
    `BadLabels` where no row names all; a row of a CSV with another number of fields is told and left out.
    """
    rows, lines = workbook_rows(root / file) if file.lower().endswith(".xlsx") else _saved(root, file, found)
    plain = [[name.strip().strip("'\"").strip() for name in row] for row in rows]
    top = next((i for i, row in enumerate(plain) if set(columns) <= set(row)), None)
    if top is None:
        raise BadLabels(_no_header(plain, file, columns))
    names = plain[top]
    header = [n if n and n not in names[:i] else f"column {i + 1}" for i, n in enumerate(names)]
    kept = [(line, *row) for line, row in zip(lines[top + 1 :], plain[top + 1 :], strict=True) if any(row)]
    wrong = [row[0] for row in kept if len(row) != len(header) + 1]
    tell(found, file, wrong, f"expected {len(header)} fields")
    whole = [row for row in kept if len(row) == len(header) + 1]
    return pl.DataFrame(whole, schema={"line": pl.Int64, **dict.fromkeys(header, pl.String)}, orient="row")


def _saved(root: Path, file: str, found: list[Deviation]) -> tuple[list[list[str]], list[int]]:
    try:
        rows = list(csv.reader(file_lines(root / file, root, found)))
    except csv.Error as error:
        raise BadLabels(f"{file} cannot be read as a table: {error}") from error
    return rows, list(range(1, len(rows) + 1))


def _no_header(rows: list[list[str]], file: str, columns: Sequence[str]) -> str:
    first = next((row for row in rows if any(row)), [])
    absent = [name for name in columns if name not in first]
    return (
        f"{file}: expected a row with the columns {', '.join(columns)}, lacks {', '.join(absent)}; the "
        f"first row is {', '.join(first[:12]) or 'empty'}"
    )
