"""Labels from a file of one's own instead of a dataset's folder."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from facsight.core.errors import BadLabels, BadTable, MissingData
from facsight.core.labels import LabelSpace, label_space
from facsight.data.label_columns import column_types
from facsight.data.prediction_columns import Columns, find_columns
from facsight.data.protocol import Protocol
from facsight.data.text_blocks import (
    Findings,
    header,
    is_parquet,
    parquet_blocks,
    parquet_header,
    text_blocks,
)
from facsight.scoring.truth import Truth, default_split, finished

_ABOUT = ("subject", "video", "split")


def truth_from_file(
    protocol: Protocol, path: str | Path, *, split: str | None = None, codes: str | None = None
) -> Truth:
    """The labels of a CSV or Parquet file, whose columns are found as those of predictions are.

    Empty fields and a label space's marks for no label (-5, -1) are no labels. Columns `subject`, `video`
    and `split`, where there are any, say whose the rows are and which of them count. `codes` is the label
    space whose numbers the classes are. `BadTable` tells every row that cannot be read.
    """
    path = Path(path)
    parquet = is_parquet(path)
    names = parquet_header(path) if parquet else header(path)
    columns = find_columns(names, protocol.spaces, str(path))
    kept = [*columns.used, *(name for name in _ABOUT if name in names)]
    findings = Findings(path.name)
    blocks = list(parquet_blocks(path, kept) if parquet else text_blocks(path, names, findings))
    if not blocks:
        raise MissingData(f"{path} has no rows: expected a label for every sample")
    table = _labels(pl.concat(blocks), columns, protocol.spaces, findings, codes)
    if findings.fatal:
        raise BadTable("labels cannot be used:\n" + "\n".join(f"  {one}" for one in findings.fatal))
    part = (split or default_split(protocol)) if "split" in names else ""
    counts = pl.col("split").cast(pl.String).eq_missing(part) if part else pl.lit(value=True)
    table = table.with_columns(counts.alias("counts"))
    opened = part in ("test", protocol.score) if part else bool(protocol.score) and not protocol.withheld
    return finished(protocol, table, str(path), part or "all", opened, ())


def _labels(
    table: pl.DataFrame, columns: Columns, spaces: Sequence[LabelSpace], findings: Findings, codes: str | None
) -> pl.DataFrame:
    table = table.with_columns(pl.col(columns.sample).cast(pl.String).str.strip_chars().alias("sample"))
    table = findings.keep(table, pl.col("sample").is_first_distinct(), "expected every sample once", "sample")
    for space in spaces:
        if space.kind == "classes":
            table = _classes(table, columns, space, findings, label_space(codes) if codes else None)
        else:
            table = _numbers(table, columns, space, findings)
    return table


def _classes(
    table: pl.DataFrame, columns: Columns, space: LabelSpace, findings: Findings, codes: LabelSpace | None
) -> pl.DataFrame:
    if space.column not in columns.answers:
        raise BadTable(f"{findings.file}: expected labels of {space.name} in a column `{space.column}`")
    written = table.with_columns(
        pl.col(columns.answers[space.column]).cast(pl.String).str.strip_chars().alias("said")
    )
    meant = {word: _meaning(word, space, codes) for word in written["said"].drop_nulls().unique().to_list()}
    known = {word: name for word, name in meant.items() if name != ""}
    advice = "" if codes else "; for numbers say whose with --codes"
    expected = f"expected a class of {(codes or space).name}{advice}"
    legal = pl.col("said").is_in(list(known)) | pl.col("said").is_null()
    kept = findings.keep(written, legal, expected, "said")
    word = pl.col("said").replace_strict(known or {"": None}, default=None, return_dtype=pl.String)
    return kept.with_columns(word.cast(pl.Enum(space.classes)).alias(space.column)).drop("said")


def _meaning(word: str, space: LabelSpace, codes: LabelSpace | None) -> str | None:
    """The class of a word or code, None for no label, empty where it means nothing."""
    named: str | None = word
    marks = {str(mark) for mark in (codes or space).invalid}
    if word == "" or word in marks:
        return None
    try:
        if codes is not None:
            code = next((code for code in codes.codes if str(code) == word), word)
            named = codes.from_code(code)
        return None if named is None else space.classes[space.index(named)]
    except BadLabels:
        return ""


def _numbers(table: pl.DataFrame, columns: Columns, space: LabelSpace, findings: Findings) -> pl.DataFrame:
    low, high = (0.0, 1.0) if space.kind == "units" else (space.low or 0.0, space.high or 0.0)
    marks = [float(mark) for mark in space.invalid]
    types = column_types(space)
    for ours in space.columns:
        theirs = columns.numbers[ours]
        written = pl.col(theirs)
        empty = written.is_null()
        if table.schema[theirs] == pl.String:
            written = written.str.strip_chars()
            empty = empty | (written == "")
        value = written.cast(pl.Float64, strict=False)
        empty = empty | value.is_in(marks)
        legal = empty | value.is_between(low, high)
        table = findings.keep(
            table, legal, f"expected {theirs} from {low:g} to {high:g}, or no label", theirs
        )
        number = pl.when(~empty).then(value)
        table = table.with_columns(number.cast(types[ours]).alias(ours))
    return table
