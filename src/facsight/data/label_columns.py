"""The columns of a table that hold the labels of a space, and labels out of a dataset's own codes."""

import re
from typing import Any

import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell

#: Columns of action units, and of affect, where a table says nothing else of itself.
UNIT = r"AU\d\d"
AFFECT = ("valence", "arousal", "dominance")


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
    table = table.drop(codes).with_columns(labels.alias(space.column))
    return table.filter(~strange.fill_null(True))


def in_range(
    table: pl.DataFrame, space: LabelSpace, file: str, found: list[Deviation], *, blank: bool = False
) -> pl.DataFrame:
    """The table with the columns of units, levels or values as numbers, invalid marks null.

    A row with something that is no number, or outside the range of the space, is told and left out; with
    nothing in a column as well, unless it may be `blank`.
    """
    low, high = (0.0, 1.0) if space.kind == "units" else (space.low, space.high)
    marks = [float(mark) for mark in space.invalid]
    read = table.with_columns(
        pl.col(name).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False).alias(name)
        for name in space.columns
    )
    legal = pl.all().is_in([low, high]) if space.kind == "units" else pl.all().is_between(low, high)
    fit = read.select(space.columns).select((legal | pl.all().is_in(marks)).fill_null(False))
    if blank:
        absent = table.select(pl.col(space.columns).is_null())
        fit = fit.with_columns(fit[name] | absent[name] for name in space.columns)
    good = fit.select(pl.all_horizontal(pl.all()).alias("good"))["good"]
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


def decode_words(
    table: pl.DataFrame, space: LabelSpace, file: str, found: list[Deviation], *, words: str = "word"
) -> pl.DataFrame:
    """The table with the column of a space of classes from a column of words, in any spelling it knows.

    An empty word and invalid marks become null. A row with a word that the space does not know is told and
    left out.
    """
    written = table[words].str.strip_chars()
    marks = {"", *(str(mark) for mark in space.invalid)}
    meant: dict[str, str | None] = {}
    for word in written.drop_nulls().unique(maintain_order=True):
        try:
            meant[word] = None if word in marks else space.classes[space.index(word)]
        except BadLabels as error:
            tell(found, file, table["line"].filter(written == word), str(error))
    fits = written.is_null() | written.is_in(list(meant))
    labels = written.replace_strict(meant, default=None, return_dtype=pl.Enum(space.classes))
    return table.drop(words).with_columns(labels.alias(space.column)).filter(fits)


def spaces_in(table: pl.DataFrame, name: str) -> tuple[LabelSpace, ...]:
    """The label spaces of a table whose card names none: its words, action units, valence and arousal."""
    spaces = [
        LabelSpace(name, tuple(kind.categories), column=column)
        for column, kind in table.schema.items()
        if isinstance(kind, pl.Enum) and column != "split"
    ]
    units = tuple(column for column in table.columns if re.fullmatch(UNIT, column))
    values = tuple(column for column in AFFECT if column in table.columns)
    if units:
        spaces.append(LabelSpace(f"{name}_units", units, kind="units"))
    if values:
        spaces.append(LabelSpace(f"{name}_values", values, kind="values", low=-1.0, high=1.0))
    return tuple(spaces)
