"""A table that some program wrote: its columns by clean names, its cells as expressions, read when asked for.

Programs put spaces before names, a byte order mark before the first, semicolons between cells and commas into
numbers; they write a missing number as nothing, as "nan" or as "-nan(ind)", and a name twice.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from facsight.core.errors import BadTable, MissingData

#: How programs write that there is no number, in lower case.
MISSING = (
    "",
    "nan",
    "-nan",
    "na",
    "n/a",
    "none",
    "null",
    "nan(ind)",
    "-nan(ind)",
    "1.#ind",
    "-1.#ind",
    "1.#qnan",
)
#: A first line longer than this is no line of names.
LONGEST_HEADER = 2**20


@dataclass(frozen=True)
class Table:
    """Where a table lies, its rows, the names of its columns, and what stands before a number's decimals if
    all cells are text (those of a CSV file)."""

    path: Path
    rows: pl.LazyFrame
    columns: Sequence[str]
    decimal: str | None = None

    def text(self, name: str) -> pl.Expr:
        """A column without the spaces around its words; nothing, and "nan", are null."""
        words = pl.col(name).cast(pl.String).str.strip_chars()
        return pl.when(~words.str.to_lowercase().is_in(["", "nan"])).then(words)

    def number(self, name: str) -> pl.Expr:
        """A column as finite numbers; null where there is none (see `MISSING`)."""
        values = pl.col(name)
        if self.decimal:
            words = values.str.strip_chars().str.replace(self.decimal, ".", literal=True)
            values = pl.when(~words.str.to_lowercase().is_in(MISSING)).then(words)
        values = values.cast(pl.Float64)
        return pl.when(values.is_finite()).then(values)

    def integer(self, name: str) -> pl.Expr:
        """A column as whole numbers, also where they are written as 1080.0."""
        return self.number(name).cast(pl.Int32)

    def read(self, columns: Mapping[str, pl.Expr]) -> pl.DataFrame:
        """The columns, by name; lines without any cell are no rows.

        `BadTable` where a cell is not what its column promises.
        """
        used = sorted({root for column in columns.values() for root in column.meta.root_names()})
        rows = self.rows.filter(pl.any_horizontal(pl.col(used).is_not_null()))
        try:
            return rows.with_columns(**columns).select(list(columns)).collect()
        except PolarsError as error:
            reason = str(error).strip().split("\n")[0]
            raise BadTable(f"{self.path} has a cell that its column cannot hold: {reason}") from error


def open_table(path: Path) -> Table:
    """A CSV or Parquet file, not read yet; `MissingData` where there is none, `BadTable` where it is none."""
    if not path.is_file():
        raise MissingData(f"expected a table at {path}, found {'a folder' if path.is_dir() else 'nothing'}")
    if path.suffix.lower() == ".parquet":
        try:
            rows = pl.scan_parquet(path, glob=False)
            return Table(path, rows, rows.collect_schema().names())
        except PolarsError as error:
            raise BadTable(f"{path} is no Parquet file, or a damaged one: {error}") from error
    names, separator = _header(path)
    rows = pl.scan_csv(
        path,
        separator=separator,
        infer_schema=False,
        with_column_names=lambda found: [str(place) for place in range(len(found))],
        encoding="utf8-lossy",
        glob=False,
    )
    return Table(path, *_named(rows, names, path), "," if separator == ";" else ".")


def _header(path: Path) -> tuple[list[str], str]:
    """The names in the first line, and what separates them."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_HEADER).decode("utf-8-sig", errors="replace")
    if not line.strip():
        raise BadTable(f"{path} is empty: expected a CSV file whose first line names its columns")
    if "\0" in line:
        raise BadTable(f"{path} is no text: expected a CSV file in UTF-8, or a Parquet file named .parquet")
    separator = max(",;\t", key=line.count)
    cells = next(csv.reader([line.rstrip("\r\n")], delimiter=separator))
    return [cell.strip() for cell in cells], separator


def _named(rows: pl.LazyFrame, names: list[str], path: Path) -> tuple[pl.LazyFrame, list[str]]:
    """Columns under their names, and these; without those that have none, and without repetitions."""
    places = defaultdict(list)
    for place, name in enumerate(names):
        if name:
            places[name].append(pl.col(str(place)))
    differing = {
        name: pl.any_horizontal(columns[0].ne_missing(other) for other in columns[1:]).any()
        for name, columns in places.items()
        if len(columns) > 1
    }
    try:
        found = rows.select(**differing).collect() if differing else pl.DataFrame()
    except PolarsError as error:
        raise BadTable(f"{path} has rows that do not fit its first line: {error}") from error
    if twice := [column.name for column in found if column[0]]:
        raise BadTable(f"{path} has two different columns of the name {twice[0]!r}; take one of them out")
    return rows.select(**{name: columns[0] for name, columns in places.items()}), list(places)
