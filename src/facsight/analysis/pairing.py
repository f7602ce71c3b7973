"""Which face of one table is which face of another: the same file, the same moment, the same place.

Tables are those of `other_tables`. Files are the same where their names are, without folders and endings, or
where each table has one only. Moments are the same within half a frame of the table that has more of them; by
number of the frame where one of the tables has no times. Two faces of a moment are the same where each
overlaps the other most; where a table tells no place, those that are the only ones on both sides.
"""

import re
from collections.abc import Iterator

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from facsight.core.errors import BadTable
from facsight.media.photo import PHOTO_ENDINGS
from facsight.media.video import VIDEO_ENDINGS

#: Boxes of one face overlap at least so much (intersection over union): tools draw them differently large.
LEAST_OVERLAP = 0.1
_BOX = ("x0", "y0", "x1", "y1")
#: What a name may lack in a tool's table. Other points in names are their own.
_ENDING = rf"(?i)({'|'.join(map(re.escape, sorted(PHOTO_ENDINGS | VIDEO_ENDINGS)))})$"


def pair(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Row numbers of partners, in columns `ours` and `theirs`, in the order of ours; a row has one at most.

    `BadTable` where a name could mean several files.
    """
    one, other = (_places(table, _one_file(ours, theirs)) for table in (ours, theirs))
    _check_names(one, other)
    ways = _ways(one, other)
    candidates = pl.concat(
        [
            _joined(one, other, ways.filter(way="file"), ["name"]),
            _joined(one, other, ways.filter(way="frame"), ["name", "frame"]),
            _joined(
                _to_their_times(one, other, ways.filter(way="time")),
                other,
                ways.filter(way="time"),
                ["name", "time"],
            ),
        ]
    )
    return _partners(candidates).sort("ours")


def _one_file(ours: pl.DataFrame, theirs: pl.DataFrame) -> bool:
    return ours["file"].n_unique() <= 1 and theirs["file"].n_unique() <= 1


def _places(table: pl.DataFrame, one_file: bool) -> pl.DataFrame:
    """Where each row's face is: name of the file, frame, time, box (that of the points if there is none)."""
    name = pl.col("file").str.extract(r"([^/\\]*)$").str.replace(_ENDING, "")
    edges = {}
    for edge in _BOX:
        points = [column for column in table.columns if column.startswith(f"{edge[0]}_")]
        extreme = pl.min_horizontal if edge[1] == "0" else pl.max_horizontal
        edges[edge] = pl.coalesce(f"box_{edge}", extreme(points)) if points else pl.col(f"box_{edge}")
    return table.select(
        "file",
        "frame",
        "time",
        row=pl.int_range(pl.len()),
        seen=pl.col("status") == "ok",
        name=pl.lit("") if one_file else name,
        **edges,
    )


def _check_names(*sides: pl.DataFrame) -> None:
    shared = set(sides[0]["name"]) & set(sides[1]["name"])
    for side in sides:
        named = side.filter(pl.col("name").is_in(shared)).group_by("name", maintain_order=True)
        files = named.agg(pl.col("file").unique(maintain_order=True))
        for name, several in files.filter(pl.col("file").list.len() > 1).rows():
            raise BadTable(
                f"expected one file of the name {name!r} in a table, found {', '.join(several)}: "
                "compare them one by one, or rename one"
            )


def _ways(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """How moments are told apart in each common file ("file": each side has one; null: no common clock),
    and the smaller of their steps, in seconds."""
    both = _clocks(one).join(_clocks(other), on="name", suffix="_other")
    alone = (pl.col("moments") <= 1) & (pl.col("moments_other") <= 1)
    timed, framed = (pl.col(clock) & pl.col(f"{clock}_other") for clock in ("timed", "framed"))
    way = (
        pl.when(alone)
        .then(pl.lit("file"))
        .when(timed)
        .then(pl.lit("time"))
        .when(framed)
        .then(pl.lit("frame"))
    )
    return both.select("name", way=way, step=pl.min_horizontal("step", "step_other"))


def _clocks(side: pl.DataFrame) -> pl.DataFrame:
    return side.group_by("name").agg(
        moments=pl.struct("frame", "time").n_unique(),
        timed=pl.col("time").is_not_null().all() & (pl.col("time").n_unique() >= pl.col("frame").n_unique()),
        framed=pl.col("frame").is_not_null().all(),
        step=pl.col("time").unique().sort().diff().median(),
    )


def _to_their_times(one: pl.DataFrame, other: pl.DataFrame, ways: pl.DataFrame) -> pl.DataFrame:
    """Our rows with the other table's times of the same moments; those without such a moment are left out."""
    found = [
        pl.DataFrame(schema={"name": pl.String, "time": pl.Float64, "to": pl.Float64}),
        *_moments(one, other, ways),
    ]
    return one.join(pl.concat(found), on=["name", "time"]).with_columns(time=pl.col("to")).drop("to")


def _moments(one: pl.DataFrame, other: pl.DataFrame, ways: pl.DataFrame) -> Iterator[pl.DataFrame]:
    sides = [
        dict(
            side.join(ways, on="name", how="semi")
            .group_by("name")
            .agg(pl.col("time").unique().sort())
            .iter_rows()
        )
        for side in (one, other)
    ]
    for name, step in ways.select("name", "step").iter_rows():
        times = [np.array(side[name]) for side in sides]
        here, there = same_moments(*times, within=step / 2)
        yield pl.DataFrame({"name": name, "time": times[0][here], "to": times[1][there]})


def same_moments(
    one: Float64[np.ndarray, "n"], other: Float64[np.ndarray, "m"], *, within: float
) -> tuple[Int64[np.ndarray, "pair"], Int64[np.ndarray, "pair"]]:
    """Places in two rising series of times, in s, that are nearest to each other and at most `within` apart.

    >>> same_moments(np.array([0.0, 0.04, 0.08]), np.array([0.01, 0.07, 0.5]), within=0.02)
    (array([0, 2]), array([0, 1]))
    """
    there = _nearest(one, other)
    here = np.arange(len(one))
    mutual = (_nearest(other, one)[there] == here) & (np.abs(other[there] - one) <= within)
    return here[mutual], there[mutual]


def _nearest(times: np.ndarray, among: np.ndarray) -> np.ndarray:
    """For each time the place of the nearest of others, which rise."""
    after = np.searchsorted(among, times).clip(max=len(among) - 1)
    before = (after - 1).clip(min=0)
    return np.where(np.abs(among[after] - times) < np.abs(among[before] - times), after, before)


def _joined(one: pl.DataFrame, other: pl.DataFrame, ways: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """All faces of a moment beside all of the other table's, with how much they overlap (null: not known)."""
    sides = [
        side.filter("seen").join(ways, on="name", how="semi").select(*on, "row", *_BOX)
        for side in (one, other)
    ]
    beside = sides[0].join(sides[1], on=on, suffix="_other")
    return beside.select(ours="row", theirs="row_other", overlap=_overlap())


def _overlap() -> pl.Expr:
    """Intersection over union of the boxes of a row and its candidate."""
    width, height = (
        (
            pl.min_horizontal(f"{axis}1", f"{axis}1_other") - pl.max_horizontal(f"{axis}0", f"{axis}0_other")
        ).clip(0)
        for axis in "xy"
    )
    areas = [
        (pl.col(f"x1{s}") - pl.col(f"x0{s}")) * (pl.col(f"y1{s}") - pl.col(f"y0{s}")) for s in ("", "_other")
    ]
    union = areas[0] + areas[1] - width * height
    return pl.when(union > 0).then(width * height / union)


def _partners(candidates: pl.DataFrame) -> pl.DataFrame:
    overlap = pl.col("overlap")
    most = (overlap == overlap.max().over("ours")) & (overlap == overlap.max().over("theirs"))
    alone = (pl.len().over("ours") == 1) & (pl.len().over("theirs") == 1)
    same = pl.when(overlap.is_null()).then(alone).otherwise(most & (overlap >= LEAST_OVERLAP))
    found = candidates.filter(same).select("ours", "theirs")
    return found.unique("ours", keep="first", maintain_order=True).unique(
        "theirs", keep="first", maintain_order=True
    )
