"""Tables in CSV files, checked line by line where they are not as they should be.

A file is read by polars, in parts, the wanted columns only. What polars refuses (a line with too many fields,
bytes that are not UTF-8, an open quote) is read again line by line, so that every fault has its line.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from facsight.core.errors import BadLabels, MissingData
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
#: A first line is no longer than this; what has no line end before is no table.
LONGEST_HEADER = 1 << 20
#: A file is looked through in parts of so many bytes.
PART = 1 << 24


def csv_rows(
    path: Path,
    root: Path,
    found: list[Deviation],
    needed: Sequence[str],
    *,
    optional: Sequence[str] | None = (),
    header: Sequence[str] = (),
    separator: str = ",",
) -> pl.DataFrame:
    """The columns `needed` and those `optional` that are there (None: all), as text, and the line's number.

    Names of columns are taken without blanks around them. An empty field is null. `header` are the columns
    of a file whose first line does not name them, which is told. `BadLabels` for a file without the needed
    columns, with what else divides its fields if that is it.
    """
    first = _first_line(path)
    names = _fields(first, separator)
    headless = bool(header) and len(header) == len(names) and not set(needed) & set(names)
    if headless:
        names = list(header)
        found.append(
            Deviation(path.relative_to(root).as_posix(), "does not name its columns", 1, fatal=False)
        )
    else:
        _check_header(path, first, names, separator, needed)
    wanted = [name for name in names if name in needed or optional is None or name in optional]
    file = _File(path, separator, tuple(names), headless)
    table = _quickly(file, wanted)
    if table is None or not _is_even(file, len(table)):
        table = _without_blank(_line_by_line(file, wanted, root, found))
    return table


def csv_of(
    root: Path, file: str, found: list[Deviation], columns: Sequence[str], *, separator: str = ","
) -> pl.DataFrame:
    """All columns of a table of the dataset, `columns` among them; empty fields are empty text."""
    table = csv_rows(root / file, root, found, columns, optional=None, separator=separator)
    return table.with_columns(pl.col(pl.String).fill_null(""))


def csv_names(path: Path, *, separator: str = ",") -> list[str]:
    """The columns that the first line of a CSV file names."""
    return _fields(_first_line(path), separator)


@dataclass(frozen=True)
class _File:
    path: Path
    separator: str
    names: tuple[str, ...]
    headless: bool


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            first = file.readline(LONGEST_HEADER)
    except FileNotFoundError as error:
        raise MissingData(f"there is no {path}") from error
    except OSError as error:
        raise MissingData(f"{path} cannot be read: {error.strerror}") from error
    return first.decode("utf-8-sig", errors="replace").strip("\r\n")


def _check_header(path: Path, first: str, names: list[str], separator: str, needed: Sequence[str]) -> None:
    absent = [name for name in needed if name not in names]
    for other, spoken in SEPARATORS.items():
        if absent and other != separator and set(needed) <= set(_fields(first, other)):
            expected = SEPARATORS.get(separator, repr(separator))
            raise BadLabels(f"{path}, line 1: expected {expected} between fields, found {spoken}")
    if absent:
        raise BadLabels(
            f"{path}, line 1: expected the columns {', '.join(needed)}, found {first[:200]!r} "
            f"(without {', '.join(absent)})"
        )
    if twice := {name for name in names if name in needed and names.count(name) > 1}:
        raise BadLabels(f"{path}, line 1: there are two columns {', '.join(sorted(twice))}")


def _fields(line: str, separator: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]


def _quickly(file: _File, wanted: list[str]) -> pl.DataFrame | None:
    """By polars; None where it refuses the file."""
    if len(set(file.names)) < len(file.names):
        return None
    try:
        lazy = pl.scan_csv(
            file.path,
            separator=file.separator,
            has_header=not file.headless,
            new_columns=list(file.names),
            infer_schema=False,
            row_index_name=" line",
            row_index_offset=1 if file.headless else 2,
        )
        line = pl.col(" line").cast(pl.Int64).alias("line")
        return _without_blank(lazy.select(line, *_stripped(wanted)).collect(engine="streaming"))
    except pl.exceptions.PolarsError:
        return None


def _is_even(file: _File, rows: int) -> bool:
    """Whether so many rows have as many separators as the header each: polars skips what it need not read.

    Where fields are quoted this cannot be told by counting, but whether each row is a line can: else the
    numbers of lines would be wrong.
    """
    counts = dict.fromkeys((file.separator.encode(), b'"', b"\n"), 0)
    last = b""
    with file.path.open("rb") as raw:
        while part := raw.read(PART):
            last = part[-1:]
            for mark in counts:
                counts[mark] += part.count(mark)
    separators, quotes, lines = counts.values()
    records = rows + (not file.headless)
    return lines + (last != b"\n") == records if quotes else separators == records * (len(file.names) - 1)


def _without_blank(table: pl.DataFrame) -> pl.DataFrame:
    values = [name for name in table.columns if name != "line"]
    return table.filter(~pl.all_horizontal(pl.col(values).is_null()))


def _stripped(names: list[str]) -> Iterator[pl.Expr]:
    for name in names:
        text = pl.col(name).str.strip_chars()
        yield pl.when(text != "").then(text).alias(name)


def _line_by_line(file: _File, wanted: list[str], root: Path, found: list[Deviation]) -> pl.DataFrame:
    name = file.path.relative_to(root).as_posix()
    places = [file.names.index(column) for column in wanted]
    lines: list[int] = []
    values: list[list[str]] = [[] for _ in wanted]
    wrong: dict[int, list[int]] = {}
    strange: list[int] = []
    with file.path.open("rb") as raw:
        rows = csv.reader(_decoded(raw, strange), delimiter=file.separator)
        if not file.headless:
            next(rows, None)
        begins = rows.line_num + 1
        try:
            for fields in rows:
                line, begins = begins, rows.line_num + 1
                if len(fields) != len(file.names):
                    wrong.setdefault(len(fields), []).append(line)
                    continue
                lines.append(line)
                for column, place in zip(values, places, strict=True):
                    column.append(fields[place])
        except csv.Error as error:
            found.append(Deviation(name, f"cannot be read from here on: {error}", begins))
    tell(found, name, strange, "is not UTF-8; read as Windows-1252", fatal=False)
    for count, there in wrong.items():
        if count:
            tell(found, name, there, f"expected {len(file.names)} fields, found {count}")
    table = pl.DataFrame([pl.Series("line", lines, dtype=pl.Int64)]).with_columns(
        pl.Series(column, there, dtype=pl.String) for column, there in zip(wanted, values, strict=True)
    )
    return table.select("line", *_stripped(wanted))


def _decoded(raw: Iterable[bytes], strange: list[int]) -> Iterator[str]:
    for number, line in enumerate(raw, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").replace("\0", "")
        except UnicodeDecodeError:
            strange.append(number)
            yield line.decode("cp1252", errors="replace").replace("\0", "")
