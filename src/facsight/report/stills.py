"""Faces cut from a video at chosen moments, with where the reader looked; or drawn from their landmarks."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float32

from facsight.analysis.looking import place
from facsight.analysis.seen_again import frames_again
from facsight.core.errors import FacsightError
from facsight.core.landmarks import (
    INNER_LIPS,
    JAW,
    LEFT_BROW,
    LEFT_EYE,
    NOSE_BASE,
    NOSE_BRIDGE,
    OUTER_LIPS,
    POINT_COUNT,
    RIGHT_BROW,
    RIGHT_EYE,
)
from facsight.report.pictures import attention_picture, data_uri

#: Side of a face, in pixels; the page shows it at two thirds, for screens that are finer than that.
SIDE = 144
_OPEN_LINES = (JAW, LEFT_BROW, RIGHT_BROW, NOSE_BRIDGE, NOSE_BASE)
_RINGS = (LEFT_EYE, RIGHT_EYE, OUTER_LIPS, INNER_LIPS)

Row = Mapping[str, Any]
#: What makes of a row and the pixels of its frame what is shown.
Draw = Callable[[Row, np.ndarray], Any]


def stills(
    video: Path,
    frames: pl.DataFrame,
    rows: Sequence[Row],
    sequence: float | None = None,
    draw: Draw | None = None,
) -> tuple[dict[tuple[int, int], Any], str]:
    """What is drawn of each row's (track, frame), and a line that says why some are missing, or nothing.

    A row has the columns of the table; `draw` makes of it, and of the pixels of its frame, what is shown:
    the face and where the reader looked, unless something else is asked.
    """
    draw = draw or _face_and_attention
    found: dict[tuple[int, int], Any] = {}
    try:
        for number, pixels in frames_again(video, frames, [row["frame"] for row in rows], sequence):
            for row in rows:
                if row["frame"] == number and (row["frame_height"], row["frame_width"]) == pixels.shape[:2]:
                    found[row["track"], number] = draw(row, pixels)
    except FacsightError:
        return found, "No faces are shown: the video is not where it was read from, or cannot be read now."
    if len(found) < len(rows):
        return found, "Some faces are not shown: the video has changed since it was read."
    return found, ""


def _face_and_attention(row: Row, pixels: np.ndarray) -> list[dict[str, str]]:
    """The face, and where the reader looked: over the face where landmarks bring it upright."""
    landmarks, box = landmarks_of(row), (row["box_x0"], row["box_y0"], row["box_x1"], row["box_y1"])
    face = place(landmarks, box, SIDE).crop(pixels)
    shown = [(face, "the face")]
    if row.get("attention") is not None:
        values = np.array(row["attention"], dtype=np.float32).reshape(12, 12)
        aligned = bool(np.isfinite(landmarks).all())
        shown.append((attention_picture(face if aligned else None, values), "where the reader looked"))
    return [{"data": data_uri(picture, 80), "alt": alt} for picture, alt in shown]


def landmarks_of(row: Row) -> Float32[np.ndarray, "68 2"]:
    """The 68 points of a row, whichever way the table holds them; NaN where it does not."""
    if row.get("landmarks") is not None:
        return np.array(row["landmarks"], dtype=np.float32).reshape(POINT_COUNT, 2)
    points = [[row.get(f"{axis}_{point}") for axis in "xy"] for point in range(POINT_COUNT)]
    return np.array(points, dtype=np.float32)  # None becomes NaN


def drawn_face(row: Row) -> list[str]:
    """The landmarks of a row, turned upright, as SVG paths in a square of 100; none where one is missing."""
    landmarks = landmarks_of(row)
    if not np.isfinite(landmarks).all():
        return []
    upright = place(landmarks, (0.0, 0.0, 1.0, 1.0), 100).to_crop(landmarks)
    lines = [(part, "") for part in _OPEN_LINES] + [(part, "z") for part in _RINGS]
    return ["M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in upright[list(part)]) + end for part, end in lines]
