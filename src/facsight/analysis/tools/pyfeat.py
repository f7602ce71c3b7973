"""py-feat, the tables of its first and of its second detector: its source, and files that both wrote.

The first names emotions by lower-case nouns, the second by capitalised words (Happy, Sad). Angles are in
radians, in old tables in degrees, and no column says which. Its source calls a raised head positive; in the
tables of the second detector a lowered one is (ten videos, against the mesh of the same rows: r = -0.97).
A frame without a face is a row without numbers. `approx_time` is cut to whole seconds.
"""

import re
from collections.abc import Sequence
from math import pi

import polars as pl

from facsight.analysis.columns import (
    BOX,
    CONFIDENCE,
    POSE,
    Column,
    expression_columns,
    frame_columns,
    reading_columns,
)
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
from facsight.analysis.tools.ours import degrees, expressions, finished, only_where, own_columns, status
from facsight.analysis.tools.ours import points as our_points

#: Column names by which its tables are known, and those of its second detector.
TELLTALE = re.compile(r"FaceRect(X|Y|Width|Height)|FaceScore")
_SECOND = re.compile(r"Neutral|Happy|Sad|Surprise|Fear|Disgust|Anger|mesh_[xyz]_\d+")

TURNS = (
    Turn("Pitch", "pitch", 1, "positive looks up"),
    Turn("Roll", "roll", 1, "positive tilts towards the person's right"),
    Turn("Yaw", "yaw", 1, "positive turns towards the person's right"),
)
_TURNS_OF_SECOND = (Turn("Pitch", "pitch", -1, "positive looks down"), *TURNS[1:])
#: Angles are in degrees where more than this share of the rows has a pitch or yaw that would be more than a
#: quarter turn in radians.
DEGREES_FROM = 0.1
_ABOUT = (
    "names, units and signs of py-feat where it has the same quantity (emotions under its lower-case "
    "nouns, with contempt, which it lacks, so that they sum to 1), facsight's names for the rest"
)


def arrange_photos(classes: Sequence[str], action_units: Sequence[int]) -> Convention:
    """Readings of photos: a row a face, photos counted as frames."""
    which: Arranged = (
        (Column("input", "text", "", "", "the photo"), pl.col("file")),
        (Column("frame", "integer", "", "0 ...", "number of the photo, from 0"), pl.col("photo") - 1),
    )
    rest = _rest(reading_columns(classes, action_units), classes)
    return Convention(_ABOUT, (*which, *_measured(classes, "photo"), *rest))


def arrange_frames(classes: Sequence[str], action_units: Sequence[int]) -> Convention:
    """Readings of videos: a row a face and frame."""
    seconds = pl.col("time").clip(lower_bound=0).floor().cast(pl.Int64)
    clock = pl.format("{}:{}", *(_two_digits(part) for part in (seconds // 60, seconds % 60)))
    which: Arranged = (
        (Column("input", "text", "", "", "the video"), pl.col("file")),
        (
            Column("frame", "integer", "", "0 ...", "number of the frame in its video, from 0"),
            pl.col("frame"),
        ),
        (Column("approx_time", "text", "", "00:00 ...", "minutes and whole seconds; exact in time"), clock),
    )
    rest = _rest(frame_columns(classes, action_units), classes)
    return Convention(_ABOUT, (*which, *_measured(classes, "frame"), *rest))


def _two_digits(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.zfill(2)


def _measured(classes: Sequence[str], picture: str) -> Arranged:
    return (
        *_box("FaceRectX", "left edge of the box", pl.col("box_x0")),
        *_box("FaceRectY", "top edge of the box", pl.col("box_y0")),
        *_box("FaceRectWidth", "width of the box", pl.col("box_x1") - pl.col("box_x0")),
        *_box("FaceRectHeight", "height of the box", pl.col("box_y1") - pl.col("box_y0")),
        (Column("FaceScore", "number", "", "0 to 1", CONFIDENCE.meaning), pl.col("confidence")),
        *points(shift=CENTRE_OF_FIRST_PIXEL, origin="the centre of the first pixel"),
        *turns(TURNS),
        *(
            (
                Column(c, "number", "probability", "0 to 1", f"calibrated probability of {c}"),
                pl.col(ours.name),
            )
            for c, ours in zip(classes, expression_columns(classes), strict=True)
        ),
        *(
            (
                Column(f"Frame{side.title()}", "integer", "pixel", "1 ...", f"{side} of the {picture}"),
                pl.col(f"{picture}_{side}"),
            )
            for side in ("height", "width")
        ),
    )


def _box(name: str, meaning: str, value: pl.Expr) -> Arranged:
    return ((Column(name, "number", "pixel", "may lie outside the photo", meaning), value),)


def _rest(columns: Sequence[Column], classes: Sequence[str]) -> Arranged:
    named = {"file", "frame", "confidence", "photo_width", "photo_height", "frame_width", "frame_height"}
    named |= {column.name for column in (*BOX, *POSE, *expression_columns(classes))}
    return own(columns, but=named)


def read(table: Table) -> pl.DataFrame:
    """A table of py-feat in facsight's names: its action units, from 0 to 1, as `AU12_probability`.

    There is no time but in our own tables: `approx_time` would put all frames of a second into one moment.
    """
    theirs = table.columns
    found = table.number("FaceRectX").is_not_null() if "FaceRectX" in theirs else pl.lit(True)
    measured = _our_box(table) | our_points(table) | expressions(table) | _our_turns(table)
    measured |= {"confidence": table.number("FaceScore")} if "FaceScore" in theirs else {}
    measured |= {
        f"{name}_probability": table.number(name) for name in theirs if re.fullmatch(r"AU\d\d", name)
    }
    measured |= {name: table.number(name) for name in ("valence", "arousal") if name in theirs}
    columns = own_columns(table) | only_where(found, measured)
    columns |= {"frame": table.integer("frame")} if "frame" in theirs else {}
    columns["file"] = table.text("input") if "input" in theirs else pl.lit(table.path.stem)
    for side in ("Width", "Height"):
        columns |= (
            {f"frame_{side.lower()}": table.integer(f"Frame{side}")} if f"Frame{side}" in theirs else {}
        )
    frame = finished(table, {"status": status(found)} | columns)
    return frame if "face" in theirs else frame.with_columns(face=_largest_first())


def _our_box(table: Table) -> dict[str, pl.Expr]:
    names = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")
    if not all(name in table.columns for name in names):
        return {}
    x, y, width, height = (table.number(name) for name in names)
    return {"box_x0": x, "box_y0": y, "box_x1": x + width, "box_y1": y + height}


def _our_turns(table: Table) -> dict[str, pl.Expr]:
    second = any(_SECOND.fullmatch(name) for name in table.columns)
    inner = degrees(table, _TURNS_OF_SECOND if second else TURNS)
    sideways = [table.number(name).abs() for name in ("Pitch", "Yaw") if name in table.columns]
    if not sideways:
        return inner
    too_far = (pl.max_horizontal(sideways) > pi / 2).mean() > DEGREES_FROM
    return {name: pl.when(too_far).then(turn * (pi / 180)).otherwise(turn) for name, turn in inner.items()}


def _largest_first() -> pl.Expr:
    area = (pl.col("box_x1") - pl.col("box_x0")) * (pl.col("box_y1") - pl.col("box_y0"))
    known = pl.when(pl.col("status") == "ok").then(area.fill_null(0))
    return known.rank("ordinal", descending=True).over("file", "frame").cast(pl.Int32)
