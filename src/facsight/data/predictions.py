"""Predictions of any tool, brought into the order of a list of samples; every row that strays is told.

A table is CSV or Parquet (`data/prediction_columns` says which columns tell what). It is read a block at a
time, and only what belongs to a listed sample is kept: memory depends on the list and not on the file.
Samples are matched by their whole name: an id that begins another one, or differs by `_left` or `_right`, is
another.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors

from facsight.core.errors import BadOutput, BadTable
from facsight.core.labels import LabelSpace, label_space
from facsight.core.saving import whole_file
from facsight.data.gathering import Gathered
from facsight.data.prediction_columns import Columns, find_columns
from facsight.data.text_blocks import (
    Findings,
    header,
    is_parquet,
    parquet_blocks,
    parquet_header,
    text_blocks,
)


@dataclass(frozen=True)
class Predictions:
    """What a file says of the listed samples, in the order of the list.

    `table` has `sample`, `line` (null: no row), for a space of classes its column and, where the file has
    them, `probability_of_...` of every class, and a column for every value, action unit or intensity.
    `line` is 0 where a row was filled in later. `unknown` are rows of samples that the list lacks. `about` is
    what the file says of itself: its Parquet metadata, or a JSON file of the same name with `.json` after it.
    """

    path: Path
    table: pl.DataFrame
    columns: Columns
    rows: int
    findings: Findings
    unknown: int = 0
    unknown_named: tuple[tuple[int, str], ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> pl.Series:
        """The listed samples that have no row."""
        return self.table.filter(pl.col("line").is_null())["sample"]

    def refuse_strays(self) -> None:
        """`BadTable` with every kind of row that cannot be used."""
        fatal = self.findings.fatal
        if fatal:
            raise BadTable("predictions cannot be used:\n" + "\n".join(f"  {one}" for one in fatal))


def read_predictions(
    path: str | Path, samples: pl.Series, spaces: Sequence[LabelSpace], *, codes: str | None = None
) -> Predictions:
    """Read a file of predictions of `spaces` for a list of distinct samples.

    `codes`: the label space whose numbers (or letters) the file's answers are; without it answers are words.
    `BadTable`: columns are missing, or the file is no such table; single rows are told in `findings`.
    """
    path = Path(path)
    parquet = is_parquet(path)
    names = parquet_header(path) if parquet else header(path)
    columns = find_columns(names, spaces, str(path) if parquet else f"{path}, line 1")
    findings = Findings(path.name)
    blocks = parquet_blocks(path, columns.used) if parquet else text_blocks(path, names, findings)
    return gather(path, blocks, columns, samples, spaces, findings, codes=codes, about=_about(path, parquet))


def gather(
    path: Path,
    blocks: Iterator[pl.DataFrame],
    columns: Columns,
    samples: pl.Series,
    spaces: Sequence[LabelSpace],
    findings: Findings,
    *,
    codes: str | None = None,
    repeated: bool = False,
    about: Mapping[str, Any] | None = None,
) -> Predictions:
    """Blocks of rows as predictions of listed samples; where `repeated`, one may come several times."""
    own = label_space(codes) if codes else None
    found = Gathered(samples, spaces, columns, findings, own, repeated)
    for block in blocks:
        found.add(block)
    return Predictions(
        path=path,
        table=found.table(),
        columns=columns,
        rows=found.rows,
        findings=findings,
        unknown=found.unknown,
        unknown_named=tuple(found.unknown_named),
        about=about or {},
    )


def write_predictions(path: Path, table: pl.DataFrame, about: Mapping[str, Any]) -> None:
    """Write predictions as `read_predictions` reads them, with what the file says of itself.

    Parquet has it as metadata, CSV as a JSON file of the same name with `.json` after it. `table` is that of
    `Predictions`; samples without a row are left out. `BadOutput` for another ending.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise BadOutput(f"{path}: expected a name that ends in .csv or .parquet")
    if "line" in table.columns:
        table = table.filter(pl.col("line").is_not_null()).drop("line")
    words = table.with_columns(selectors.enum().cast(pl.String))
    said = {key: str(value) for key, value in about.items()}
    with whole_file(path) as partial:
        if path.suffix == ".parquet":
            words.lazy().sink_parquet(partial, metadata=said)
        else:
            words.write_csv(partial)
    if path.suffix == ".csv":
        with whole_file(path.with_name(path.name + ".json")) as partial:
            partial.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _about(path: Path, parquet: bool) -> dict[str, Any]:
    """What a file says of itself."""
    beside = path.with_name(path.name + ".json")
    if beside.is_file():
        try:
            found = json.loads(beside.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadTable(f"{beside} is no JSON: {error}") from error
        return found if isinstance(found, dict) else {}
    if not parquet:
        return {}
    metadata = pl.read_parquet_metadata(path)
    return {key: value for key, value in metadata.items() if key != "ARROW:schema"}
