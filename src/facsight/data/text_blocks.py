"""Tables of any size, a block of rows at a time, with the line of every row and everything that strays told.

A text file is read as bytes, a block of whole lines at a time, so that memory is bounded however large it is.
Every field stays text until somebody says what it should be. A Parquet file gives blocks of its own rows, and
`line` is then the number of the row.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from facsight.core.errors import BadTable, MissingData
from facsight.data.dataset import Deviation

#: Bytes of text and rows of Parquet that are held at once.
BLOCK_BYTES = 32 * 1024**2
BLOCK_ROWS = 500_000
#: A header longer than this is none: a file of one endless line.
LONGEST_HEADER = 1024**2
SEPARATORS = (",", ";", "\t", "|")
_NAMED = 4


@dataclass
class Findings:
    """What strays in one file: every kind once, with its count, its first line and a few more."""

    file: str
    kinds: dict[tuple[str, bool], tuple[int, list[tuple[int, str]]]] = field(default_factory=dict)

    def tell(
        self, message: str, rows: Sequence[tuple[int, str]], *, fatal: bool = True, count: int = 0
    ) -> None:
        """`rows` are lines and what was found there; `count`, where there are more than are given."""
        if not rows:
            return
        before, named = self.kinds.get((message, fatal), (0, []))
        self.kinds[message, fatal] = (before + (count or len(rows)), [*named, *rows][:_NAMED])

    def keep(self, table: pl.DataFrame, legal: pl.Expr, message: str, shows: str) -> pl.DataFrame:
        """The rows for which a condition holds (null does not); the others are told as fatal."""
        right = table.select(legal.fill_null(value=False).alias("right"))["right"]
        if right.all():
            return table
        odd = table.filter(~right).select("line", pl.col(shows).cast(pl.String).fill_null(""))
        self.tell(message, list(odd.head(_NAMED).iter_rows()), count=len(odd))
        return table.filter(right)

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """In the order of their first lines."""
        ordered = sorted(self.kinds.items(), key=lambda kind: kind[1][1][0][0])
        return tuple(
            Deviation(self.file, _worded(message, count, rows), rows[0][0] or None, fatal)
            for (message, fatal), (count, rows) in ordered
        )

    @property
    def fatal(self) -> tuple[Deviation, ...]:
        return tuple(deviation for deviation in self.deviations if deviation.fatal)


def _worded(message: str, count: int, rows: Sequence[tuple[int, str]]) -> str:
    found = f", found {rows[0][1]!r}" if rows[0][1] else ""
    if count == 1:
        return message + found
    others = ", ".join(str(line) for line, _ in rows[1:])
    more = f" (also lines {others}{' ...' if count > len(rows) else ''})" if others else ""
    return f"{message}{found}; {count} such rows, this is the first{more}"


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does; `MissingData` where there is no such file."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise MissingData(
            f"{path} cannot be read: {error.strerror}; expected a table of predictions"
        ) from error


def first_line(path: Path) -> str:
    """The first line of a text file, without its end; `BadTable` where it is no text or too long."""
    with path.open("rb") as file:
        raw = file.readline(LONGEST_HEADER)
    if len(raw) == LONGEST_HEADER:
        raise BadTable(f"{path}, line 1: expected a header, found more than a mebibyte without a line end")
    if b"\0" in raw:
        raise BadTable(
            f"{path}, line 1: expected text in UTF-8, found UTF-16 or no text at all; save it as UTF-8 CSV"
        )
    try:
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadTable(
            f"{path}, line 1: expected UTF-8, found byte {raw[error.start]:#04x}; save it as UTF-8"
        ) from error


def header(path: Path) -> list[str]:
    """The names in the first line; `BadTable` where it is separated by another sign than a comma."""
    line = first_line(path)
    names = [name.strip() for name in next(csv.reader([line]), [])]
    other = max(SEPARATORS, key=line.count)
    if len(names) < 2 and line.count(other):
        raise BadTable(
            f"{path}, line 1: expected columns separated by commas, found {line[:80]!r}, which looks "
            f"separated by {other!r}; write it as CSV with commas"
        )
    if len(names) < 2:
        raise BadTable(f"{path}, line 1: expected a header of at least two columns, found {line[:80]!r}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadTable(f"{path}, line 1: column {repeated[0]!r} is there {names.count(repeated[0])} times")
    return names


def text_blocks(
    path: Path, names: Sequence[str], findings: Findings, *, skip: int = 1
) -> Iterator[pl.DataFrame]:
    """Rows as text under `names`, and their `line`; rows of another number of fields are told and left out.

    `skip` lines at the beginning are not rows: 1 where there is a header.
    """
    with path.open("rb") as file:
        for _ in range(skip):
            file.readline()
        line, rest = skip + 1, b""
        while data := file.read(BLOCK_BYTES):
            whole, cut, begun = (rest + data).rpartition(b"\n")
            rest = begun
            if cut:
                yield _block(whole + cut, names, line, findings)
                line += whole.count(b"\n") + 1
        if rest.strip():
            yield _block(rest + b"\n", names, line, findings)


def parquet_header(path: Path) -> list[str]:
    """The names of a Parquet file's columns."""
    try:
        return list(pl.read_parquet_schema(path))
    except pl.exceptions.PolarsError as error:
        raise BadTable(f"{path} is damaged Parquet: {error}; write it again") from error


def parquet_blocks(path: Path, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The columns `names` of a Parquet file, and the number of every row as `line`."""
    table = pl.scan_parquet(path)
    try:
        total = table.select(pl.len()).collect().item()
        for start in range(0, total, BLOCK_ROWS):
            part = table.select(names).slice(start, BLOCK_ROWS).collect()
            yield part.with_columns(_lines(start + 1, len(part)))
    except pl.exceptions.PolarsError as error:
        raise BadTable(f"{path} is damaged Parquet: {error}; write it again") from error


def _block(data: bytes, names: Sequence[str], line: int, findings: Findings) -> pl.DataFrame:
    data = _as_utf8(data, line, findings)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    blank = data.startswith(b"\n") or b"\n\n" in data
    if not blank and b'"' not in data:
        table = _quickly(data, names, line)
        if table is not None:
            return table
    return _slowly(data.decode(), names, line, findings)


def _as_utf8(data: bytes, line: int, findings: Findings) -> bytes:
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError as error:
        where = line + data.count(b"\n", 0, error.start)
        findings.tell(
            "expected UTF-8 throughout, mixed encodings", [(where, f"byte {data[error.start]:#04x}")]
        )
        return data.decode(errors="replace").encode()
    return data


def _quickly(data: bytes, names: Sequence[str], line: int) -> pl.DataFrame | None:
    """The rows, if each has as many fields as there are names."""
    if data.count(b",") != data.count(b"\n") * (len(names) - 1):
        return None
    try:
        table = pl.read_csv(
            io.BytesIO(data),
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            quote_char=None,
        )
    except pl.exceptions.PolarsError:
        return None
    return table.with_columns(_lines(line, len(table))) if len(table) == data.count(b"\n") else None


def _slowly(text: str, names: Sequence[str], line: int, findings: Findings) -> pl.DataFrame:
    """The same, row by row, to find the rows that stray; and for tables with quoted fields."""
    rows, lines, odd, blank = [], [], [], []
    for begins, row in _csv_rows(text, line, findings):
        if not row:
            blank.append((begins, ""))
        elif len(row) != len(names):
            odd.append((begins, f"{len(row)}: {','.join(row)[:60]}"))
        else:
            rows.append(row)
            lines.append(begins)
    findings.tell(
        "expected no blank line", blank, fatal=bool(lines) and bool(blank) and blank[0][0] < lines[-1]
    )
    findings.tell(f"expected {len(names)} fields ({', '.join(names)[:120]})", odd)
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return table.with_columns(pl.Series("line", lines, dtype=pl.Int64))


def _csv_rows(text: str, line: int, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    begins = line
    try:
        for row in reader:
            yield begins, row
            begins = line + reader.line_num
    except csv.Error as error:
        findings.tell("expected quotes that close on their line", [(begins, str(error))])


def _lines(first: int, count: int) -> pl.Expr:
    return pl.int_range(first, first + count, dtype=pl.Int64).alias("line")
