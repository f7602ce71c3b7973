"""Lists of action units as coders write them: `4+L10`, `1+2+5`, `AU4, AU7B`."""

import re

import polars as pl

from facsight.core.labels import LabelSpace
from facsight.data.dataset import Deviation
from facsight.data.deviations import tell

#: A number with the side before it and the intensity (A to E) behind it; `?` is a coder's doubt.
UNIT = re.compile(r"(?:AU|AD)?\s*([LRTBUW])?\s*(\d+)\s*([A-E])?\??", re.IGNORECASE)


def units_of(text: str) -> frozenset[int] | None:
    """The action units of a list, whatever their side and intensity; None where nothing was coded.

    >>> sorted(units_of("4+L10")), units_of("null"), units_of("?")
    ([4, 10], None, None)
    """
    parts = [part for part in re.split(r"[+,;\s]+", text.strip()) if part]
    matches = [UNIT.fullmatch(part) for part in parts]
    if not matches or not all(matches):
        return None
    return frozenset(int(match[2]) for match in matches if match)


def with_units(
    table: pl.DataFrame, space: LabelSpace, file: str, found: list[Deviation], *, lists: str = "units"
) -> pl.DataFrame:
    """The table with the columns of a space of units instead of the column `lists`.

    A unit that is not in the list was not seen. Rows whose list cannot be read have null everywhere. Units
    that the space does not have are told, as they are lost.
    """
    coded = [units_of(text or "") for text in table[lists]]
    known = {int(name.removeprefix("AU")) for name in space.classes}
    for unit in sorted({unit for units in coded if units for unit in units} - known):
        lines = [line for line, units in zip(table["line"], coded, strict=True) if units and unit in units]
        tell(found, file, lines, f"unit {unit} is not one of {space.name}: it is left out", fatal=False)
    columns = {
        name: [None if units is None else int(int(name.removeprefix("AU")) in units) for units in coded]
        for name in space.classes
    }
    return table.drop(lists).with_columns(pl.Series(n, c, dtype=pl.Int8) for n, c in columns.items())
