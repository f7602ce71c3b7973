"""Tables with a header, as they are found: quoted fields, titles above the header, rows of odd lengths."""

import csv
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from facsight.core.errors import BadLabels
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell
from facsight.data.text_rows import file_lines


def csv_of(
    root: Path, file: str, found: list[Deviation], columns: Sequence[str], *, separator: str = ","
) -> pl.DataFrame:
    """The rows below the header as text, under its names, and the line where each begins as `line`.

    `columns` must be there; `BadLabels` names those that are not. A row with another number of fields is told
    and left out.
    """
    rows, lines, begins = [], [], 1
    reader = csv.reader((f"{line}\n" for line in file_lines(root / file, root, found)), delimiter=separator)
    try:
        for row in reader:
            rows.append(row)
            lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        tell(found, file, [begins], f"expected a row of a table, reading ends here: {error}")
    return headed(rows, lines, file, found, columns)


def headed(
    rows: list[list[str]], lines: list[int], file: str, found: list[Deviation], columns: Sequence[str]
) -> pl.DataFrame:
    """The table below the first row that names all of `columns`; blank rows are skipped."""
    plain = [[_plain(name) for name in row] for row in rows]
    top = next((i for i, row in enumerate(plain) if set(columns) <= set(row)), None)
    if top is None:
        raise BadLabels(_no_header(plain, file, columns))
    header = _distinct(plain[top])
    kept = [(line, row) for line, row in zip(lines[top + 1 :], rows[top + 1 :], strict=True) if any(row)]
    for count in sorted({len(row) for _, row in kept} - {len(header)}):
        wrong = [line for line, row in kept if len(row) == count]
        tell(found, file, wrong, f"expected {len(header)} fields, found {count}")
    whole = [(line, *row) for line, row in kept if len(row) == len(header)]
    schema = {"line": pl.Int64, **dict.fromkeys(header, pl.String)}
    return pl.DataFrame(whole, schema=schema, orient="row").with_columns(pl.col(pl.String).str.strip_chars())


def _plain(name: str) -> str:
    """The name of a column without the quotes and blanks around it."""
    return name.strip().strip("'\"").strip()


def _distinct(names: list[str]) -> list[str]:
    """Column names; those that are empty, or stand there already, by their position."""
    return [
        f"column {i + 1}" if not name or name == "line" or name in names[:i] else name
        for i, name in enumerate(names)
    ]


def _no_header(rows: list[list[str]], file: str, columns: Sequence[str]) -> str:
    first = next((row for row in rows if any(row)), [])
    absent = [name for name in columns if name not in first]
    return (
        f"{file}: expected a header with the columns {', '.join(columns)}, lacks {', '.join(absent)}; the "
        f"first row is {', '.join(first[:12]) or 'empty'}. Is it another release, or divided by another sign?"
    )
