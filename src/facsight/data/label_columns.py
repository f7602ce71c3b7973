"""The columns of a table that hold the labels of a space, and labels out of a dataset's own codes."""

from typing import Any

import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell


def column_types(space: LabelSpace) -> dict[str, Any]:
    """The columns of a space and their polars types.

    >>> column_types(LabelSpace("mine", ("valence", "arousal"), kind="values", low=-1.0, high=1.0))
    {'valence': Float32, 'arousal': Float32}
    """
    if space.kind == "classes":
        return {space.column: pl.Enum(space.classes)}
    of_kind = pl.Int8() if space.kind == "units" else pl.Float32()
    return dict.fromkeys(space.columns, of_kind)


def decode(
    table: pl.DataFrame, space: LabelSpace, file: str, found: list[Deviation], *, codes: str = "code"
) -> pl.DataFrame:
    """The table with the column of a space of classes instead of the column `codes` of a dataset's own codes.

    Invalid marks become null. A row with a code that the space does not have is told, by its column `line`,
    and left out.
    """
    pairs = zip(space.codes, space.classes, strict=True)
    meant = {str(code): name for code, name in pairs} | {str(code): None for code in space.invalid}
    written = table[codes].cast(pl.String).str.strip_chars().alias(codes)
    known = ", ".join(str(code) for code in (*space.codes, *space.invalid))
    strange = ~written.is_in(list(meant))
    for value in written.filter(strange).unique(maintain_order=True):
        lines = table["line"].filter(written == value)
        tell(found, file, lines, f"expected a label of {space.name} ({known}), found {value!r}")
    labels = written.replace_strict(meant, default=None, return_dtype=pl.Enum(space.classes))
    return table.with_columns(labels.alias(space.column)).filter(~strange.fill_null(True)).drop(codes)


def decode_words(
    table: pl.DataFrame, space: LabelSpace, file: str, found: list[Deviation], *, words: str = "word"
) -> pl.DataFrame:
    """As `decode`, for a column of a dataset's own words, such as Happy; an empty one is no label."""
    written = table[words].str.strip_chars()
    listed = written.drop_nulls().unique(maintain_order=True).to_list()
    meant = {word: name for word in listed if (name := _class_of(word, space))}
    strange = ~written.is_in([*meant, "", *space.invalid]) & written.is_not_null()
    for word in written.filter(strange).unique(maintain_order=True):
        known = f"a word for {', '.join(space.classes)}"
        tell(found, file, table["line"].filter(written == word), f"expected {known}, found {word!r}")
    labels = written.replace_strict(meant, default=None, return_dtype=pl.Enum(space.classes))
    return table.drop(words).with_columns(labels.alias(space.column)).filter(~strange)


def _class_of(word: str, space: LabelSpace) -> str | None:
    try:
        return space.classes[space.index(word)]
    except BadLabels:
        return None


def in_range(table: pl.DataFrame, space: LabelSpace, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The table with the columns of units, levels or values as numbers, invalid marks null.

    A row with something that is no number, or outside the range of the space, is told and left out.
    """
    low, high = (0.0, 1.0) if space.kind == "units" else (space.low, space.high)
    marks = [float(mark) for mark in space.invalid]
    read = table.with_columns(
        pl.col(name).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False).alias(name)
        for name in space.columns
    )
    legal = pl.all().is_in([low, high]) if space.kind == "units" else pl.all().is_between(low, high)
    columns = read.select(space.columns)
    fit = pl.all_horizontal((legal | pl.all().is_in(marks)).fill_null(False))
    good = columns.select(fit.alias("good"))["good"]
    if not good.all():
        tell(
            found,
            file,
            table["line"].filter(~good),
            f"expected {', '.join(space.columns)} from {low:g} to {high:g}, found "
            f"{', '.join(str(value) for value in table.filter(~good).select(space.columns).row(0))}",
        )
    types = column_types(space)
    return read.filter(good).with_columns(
        pl.when(~pl.col(name).is_in(marks)).then(pl.col(name)).cast(types[name]).alias(name)
        for name in space.columns
    )
