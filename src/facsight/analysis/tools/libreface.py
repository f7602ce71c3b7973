"""LibreFace: the source and the documentation of its Python package.

One face a picture, and of its expression only the name. `frame_time_in_ms` holds seconds in the present
version, milliseconds in older ones. Points of the mesh are shares of a picture whose size the table does not
tell, so they are left out. Its head angles come from a formula that flattens the head (a pose is fitted to
points that are turned already, times 360): simulated on our mean head, pitch and yaw follow the head at about
half its turn, yaw with the other sign, pitch with an offset; roll does not follow it, and is left out.
"""

import re

import polars as pl

from facsight.analysis.tools.cells import Table
from facsight.analysis.tools.ours import finished, only_where, own_columns, status
from facsight.core.labels import canonical

#: Column names by which its tables are known.
TELLTALE = re.compile(r"facial_expression|frame_time_in_ms|lm_mp_\d+_[xyz]|au_\d+(_intensity)?")

#: Frames farther apart than this are not so many seconds, but milliseconds apart.
LONGEST_STEP = 1.0


def read(table: Table) -> pl.DataFrame:
    """A table of LibreFace in facsight's names: `AU12_intensity`, said to be from 0 to 5, as it is, and
    presence, 0 or 1, as `AU12_presence`. The video is called like the table, which does not name it."""
    theirs = table.columns
    measured = {
        ours: table.number(ours) * sign for ours, sign in (("pitch", 1), ("yaw", -1)) if ours in theirs
    }
    for name in theirs:
        if match := re.fullmatch(r"au_(\d+)(_intensity)?", name):
            cell, what = (table.number, "intensity") if match[2] else (table.integer, "presence")
            measured[f"AU{int(match[1]):02d}_{what}"] = cell(name)
    measured |= {"label": table.text("facial_expression")} if "facial_expression" in theirs else {}
    found = pl.any_horizontal(pl.lit(False), *(column.is_not_null() for column in measured.values()))
    columns = own_columns(table) | measured | only_where(found, {"face": pl.lit(1, pl.Int32)})
    columns |= {"file": pl.lit(table.path.stem), "roll": pl.lit(None, pl.Float64)}
    columns |= {"frame": table.integer("frame_idx")} if "frame_idx" in theirs else {}
    columns |= {"time": _seconds(table)} if "frame_time_in_ms" in theirs else {}
    columns["status"] = status(found)
    frame = finished(table, columns)
    spelt = frame["label"].drop_nulls().unique()
    return frame.with_columns(pl.col("label").replace_strict({word: canonical(word) for word in spelt}))


def _seconds(table: Table) -> pl.Expr:
    time = table.number("frame_time_in_ms")
    frames = table.number("frame_idx").diff() if "frame_idx" in table.columns else pl.lit(1.0)
    return pl.when((time.diff() / frames).median() > LONGEST_STEP).then(time / 1000).otherwise(time)
