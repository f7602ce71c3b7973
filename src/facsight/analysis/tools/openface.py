"""OpenFace 2: its wiki's page "Output Format", its issue 966 (signs), and files that it wrote.

It puts a space before the names of columns and counts frames from 1, faces from 0, seconds as the number of
the frame over a rate. Where it lost the face (`success` 0) it writes numbers all the same. Angles are
rotations in the camera's axes: x to the right of the picture, y down, z away from the camera. Its tables of
single photos have a `face` from 0 in place of `frame`, `face_id`, `timestamp` and `success`.
"""

import re
from collections.abc import Sequence

import polars as pl

from facsight.analysis.columns import CONFIDENCE, POSE, Column, frame_columns, reading_columns
from facsight.analysis.tools.cells import Table
from facsight.analysis.tools.convention import (
    CENTRE_OF_FIRST_PIXEL,
    Arranged,
    Convention,
    Turn,
    own,
    points,
    turns,
)
from facsight.analysis.tools.ours import degrees, finished, only_where, own_columns, status
from facsight.analysis.tools.ours import points as our_points

#: Column names by which its tables are known.
TELLTALE = re.compile(r"success|pose_R[xyz]|gaze_[01]_[xyz]|gaze_angle_[xy]|AU\d\d_[rc]")

TURNS = (
    Turn("pose_Rx", "pitch", -1, "about the axis to the right: positive looks down"),
    Turn("pose_Ry", "yaw", 1, "about the axis down: positive turns towards the picture's left"),
    Turn("pose_Rz", "roll", -1, "about the axis away from the camera: positive is clockwise in the picture"),
)
_SUCCESS = Column("success", "integer", "", "0, 1", "1 where a face was found, 0 otherwise")
_ABOUT = (
    "names, units and signs of OpenFace 2 where it has the same quantity, facsight's names for the rest; "
    "empty cells, not zeros, where success is 0"
)
_OWN_NAMES = {"r": "intensity", "c": "presence"}


def arrange_photos(classes: Sequence[str], action_units: Sequence[int]) -> Convention:
    """Readings of photos: a row a face, photos counted as frames."""
    which: Arranged = (
        (Column("frame", "integer", "", "1 ...", "number of the photo, from 1"), pl.col("photo")),
        (
            Column("face_id", "integer", "", "0 ...", "face of the photo, from 0, largest first"),
            pl.col("face") - 1,
        ),
    )
    return Convention(_ABOUT, (*which, *_measured(), *_rest(reading_columns(classes, action_units), "face")))


def arrange_frames(classes: Sequence[str], action_units: Sequence[int]) -> Convention:
    """Readings of videos: a row a face and frame."""
    which: Arranged = (
        (
            Column("frame", "integer", "", "1 ...", "number of the frame in its video, from 1"),
            pl.col("frame") + 1,
        ),
        (
            Column(
                "face_id", "integer", "", "0 ...", "the person, as long as the face is followed: track - 1"
            ),
            pl.col("track") - 1,
        ),
        (
            Column("timestamp", "number", "second", "", "when the frame is shown, on the video's own clock"),
            pl.col("time"),
        ),
    )
    rest = _rest(frame_columns(classes, action_units), "frame", "time")
    return Convention(_ABOUT, (*which, *_measured(), *rest))


def _measured() -> Arranged:
    return (
        *own([CONFIDENCE]),
        (_SUCCESS, (pl.col("status") == "ok").cast(pl.Int32)),
        *turns(TURNS),
        *points(shift=CENTRE_OF_FIRST_PIXEL, origin="the centre of the first pixel"),
    )


def _rest(columns: Sequence[Column], *named: str) -> Arranged:
    return own(columns, but={*named, "confidence", *(column.name for column in POSE)})


def read(table: Table) -> pl.DataFrame:
    """A table of OpenFace in facsight's names: intensities, from 0 to 5, as `AU12_intensity`, and presence, 0
    or 1, as `AU12_presence`. The video is called like the table, which does not name it."""
    theirs = table.columns
    found = table.number("success") == 1 if "success" in theirs else pl.lit(True)
    measured = degrees(table, TURNS) | our_points(table)
    measured |= {"confidence": table.number("confidence")} if "confidence" in theirs else {}
    for name in theirs:
        if match := re.fullmatch(r"(AU\d\d)_([rc])", name):
            cell = table.number if match[2] == "r" else table.integer
            measured[f"{match[1]}_{_OWN_NAMES[match[2]]}"] = cell(name)
    columns = own_columns(table) | only_where(found, measured)
    columns |= {"frame": table.integer("frame") - 1} if "frame" in theirs else {}
    columns |= {"time": table.number("timestamp")} if "timestamp" in theirs else {}
    if not {"face", "face_id"} <= set(theirs):
        columns |= only_where(found, {"face": _face(table)})
    told = {"file": pl.lit(table.path.stem), "status": status(found)}
    return finished(table, told | columns)


def _face(table: Table) -> pl.Expr:
    """Number of the face from 1. Our own tables of videos have a `face` of ours beside `face_id`."""
    for name in ("face_id", "face"):
        if name in table.columns:
            return table.integer(name) + 1
    return pl.lit(1, pl.Int32)
