"""Column names of other tools, for analysis scripts that already exist.

A tool's own names are used for what it measures in the same way, converted to its units, origin and signs.
What facsight does not measure (gaze, AU intensities and presence, depth in millimetres) is absent, not made
up; what the tool has no name for follows under facsight's names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi

import polars as pl

from facsight.analysis.columns import (
    AGREEMENT,
    BOX,
    CAUTION,
    CONFIDENCE,
    ELSEWHERE,
    FACE,
    FILE,
    FLOOR,
    LABEL,
    PHOTO_SIZE,
    RANK,
    REASON,
    SENTENCE,
    STATUS,
    UNCERTAINTY,
    VISIBLE,
    Column,
    expression_columns,
    frame_columns,
    landmark_columns,
    reading_columns,
    unit_columns,
)
from facsight.core.errors import UnknownName, did_you_mean

Arranged = tuple[tuple[Column, pl.Expr], ...]


@dataclass(frozen=True)
class Convention:
    """What the table is called, and its columns with how each is made from the record."""

    about: str
    columns: Arranged


def arrange(
    name: str, classes: Sequence[str], action_units: Sequence[int], *, landmarks: bool = False
) -> Convention:
    """The columns of a convention: "facsight", "openface" or "pyfeat" (those two always have landmarks)."""
    if name not in CONVENTIONS:
        raise UnknownName(f"there is no column convention {name!r}: {did_you_mean(name, CONVENTIONS)}")
    return CONVENTIONS[name](classes, action_units, landmarks)


def arrange_frames(
    classes: Sequence[str], action_units: Sequence[int], *, landmarks: bool = False
) -> Convention:
    """The columns of a table of videos, under facsight's own names."""
    points = _landmarks(shift=0.0, origin="the frame's corner") if landmarks else ()
    return Convention(
        "facsight's own names; pixels count from the frame's corner (the centre of the first pixel is 0.5)",
        (*_own(*frame_columns(classes, action_units)), *points),
    )


def _facsight(classes: Sequence[str], action_units: Sequence[int], landmarks: bool) -> Convention:
    points = _landmarks(shift=0.0, origin="the photo's corner") if landmarks else ()
    return Convention(
        "facsight's own names; pixels count from the photo's corner (the centre of the first pixel is 0.5)",
        (*_own(*reading_columns(classes, action_units)), *points),
    )


def _openface(classes: Sequence[str], action_units: Sequence[int], _: bool) -> Convention:
    success = Column("success", "integer", "", "0, 1", "1 where a face was found, 0 otherwise")
    return Convention(
        "names, units and signs of OpenFace 2 where it has the same quantity, facsight's names for the rest; "
        "empty cells, not zeros, where success is 0",
        (
            (Column("frame", "integer", "", "1 ...", "number of the photo, from 1"), pl.col("photo")),
            (
                Column("face_id", "integer", "", "0 ...", "face of the photo, from 0, largest first"),
                pl.col("face") - 1,
            ),
            *_own(CONFIDENCE),
            (success, (pl.col("status") == "ok").cast(pl.Int32)),
            *_turns(
                ("pose_Rx", "pitch", -1, "about the axis to the right: positive looks down"),
                ("pose_Ry", "yaw", 1, "about the axis down: positive turns towards the picture's left"),
                (
                    "pose_Rz",
                    "roll",
                    -1,
                    "about the axis away from the camera: positive is clockwise in the picture",
                ),
            ),
            *_landmarks(shift=-0.5, origin="the centre of the first pixel"),
            *_own(FILE, STATUS, REASON, *PHOTO_SIZE, *BOX, VISIBLE),
            *_own(*expression_columns(classes)),
            *_own(
                LABEL,
                UNCERTAINTY,
                *unit_columns(action_units),
                ELSEWHERE,
                FLOOR,
                AGREEMENT,
                RANK,
                CAUTION,
                SENTENCE,
            ),
        ),
    )


def _pyfeat(classes: Sequence[str], action_units: Sequence[int], _: bool) -> Convention:
    emotions = tuple(
        (Column(c, "number", "probability", "0 to 1", f"calibrated probability of {c}"), pl.col(own.name))
        for c, own in zip(classes, expression_columns(classes), strict=True)
    )
    return Convention(
        "names, units and signs of py-feat where it has the same quantity (emotions under its lower-case "
        "nouns, with contempt, which it lacks, so that they sum to 1), facsight's names for the rest",
        (
            (Column("input", "text", "", "", "the photo"), pl.col("file")),
            (Column("frame", "integer", "", "0 ...", "number of the photo, from 0"), pl.col("photo") - 1),
            *_box("FaceRectX", "left edge of the box", pl.col("box_x0")),
            *_box("FaceRectY", "top edge of the box", pl.col("box_y0")),
            *_box("FaceRectWidth", "width of the box", pl.col("box_x1") - pl.col("box_x0")),
            *_box("FaceRectHeight", "height of the box", pl.col("box_y1") - pl.col("box_y0")),
            (Column("FaceScore", "number", "", "0 to 1", CONFIDENCE.meaning), pl.col("confidence")),
            *_landmarks(shift=-0.5, origin="the centre of the first pixel"),
            *_turns(
                ("Pitch", "pitch", 1, "positive looks up"),
                ("Roll", "roll", 1, "positive tilts towards the person's right"),
                ("Yaw", "yaw", 1, "positive turns towards the person's right"),
            ),
            *emotions,
            (
                Column("FrameHeight", "integer", "pixel", "1 ...", "height of the photo"),
                pl.col("photo_height"),
            ),
            (Column("FrameWidth", "integer", "pixel", "1 ...", "width of the photo"), pl.col("photo_width")),
            *_own(
                FACE,
                STATUS,
                REASON,
                VISIBLE,
                LABEL,
                UNCERTAINTY,
                *unit_columns(action_units),
                ELSEWHERE,
                FLOOR,
            ),
            *_own(AGREEMENT, RANK, CAUTION, SENTENCE),
        ),
    )


CONVENTIONS: dict[str, Callable[[Sequence[str], Sequence[int], bool], Convention]] = {
    "facsight": _facsight,
    "openface": _openface,
    "pyfeat": _pyfeat,
}


def _own(*columns: Column) -> Arranged:
    return tuple((column, pl.col(column.name)) for column in columns)


def _turns(*turns: tuple[str, str, int, str]) -> Arranged:
    """Head angles in radians: the tool's name, ours, the sign between them, what it means."""
    return tuple(
        (
            Column(name, "number", "radian", "-pi to pi", f"head turn {meaning}"),
            pl.col(own) * (sign * pi / 180),
        )
        for name, own, sign, meaning in turns
    )


def _landmarks(*, shift: float, origin: str) -> Arranged:
    return tuple(
        (
            Column(c.name, c.kind, c.unit, c.range, f"{c.meaning}; the origin is {origin}"),
            pl.col("landmarks").list.get(2 * (place % 68) + place // 68, null_on_oob=True) + shift,
        )
        for place, c in enumerate(landmark_columns())
    )


def _box(name: str, meaning: str, value: pl.Expr) -> Arranged:
    return ((Column(name, "number", "pixel", "may lie outside the photo", meaning), value),)
