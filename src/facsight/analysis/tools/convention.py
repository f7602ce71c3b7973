"""What a naming convention is, and the pieces that conventions are put together from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import pi

import polars as pl

from facsight.analysis.columns import Column, landmark_columns

Arranged = tuple[tuple[Column, pl.Expr], ...]

#: From our pixels, which count from the picture's corner, to those of tools that count from the centre of the
#: first pixel.
CENTRE_OF_FIRST_PIXEL = -0.5


@dataclass(frozen=True)
class Turn:
    """A tool's head angle in radians: its name, ours, the sign between them, and what positive means."""

    name: str
    ours: str
    sign: int
    meaning: str


@dataclass(frozen=True)
class Convention:
    """What the table is called, and its columns with how each is made from the record."""

    about: str
    columns: Arranged


def own(columns: Sequence[Column], *, but: Collection[str] = ()) -> Arranged:
    """Columns under facsight's names, without those in `but`, which the tool has under its own."""
    return tuple((column, pl.col(column.name)) for column in columns if column.name not in but)


def turns(turns: Sequence[Turn]) -> Arranged:
    """Head angles in radians."""
    return tuple(
        (
            Column(turn.name, "number", "radian", "-pi to pi", f"head turn {turn.meaning}"),
            pl.col(turn.ours) * (turn.sign * pi / 180),
        )
        for turn in turns
    )


def points(*, shift: float, origin: str) -> Arranged:
    """The 68 points, x first."""
    return tuple(
        (
            Column(c.name, c.kind, c.unit, c.range, f"{c.meaning}; the origin is {origin}"),
            pl.col("landmarks").list.get(2 * (place % 68) + place // 68, null_on_oob=True) + shift,
        )
        for place, c in enumerate(landmark_columns())
    )
