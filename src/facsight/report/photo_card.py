"""One photo of the page: the picture with its faces marked, and per face what was read and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facsight.analysis.cautions import CAUTIONS
from facsight.analysis.looking import place
from facsight.analysis.wording import percent, unit_name
from facsight.core.errors import FacsightError
from facsight.media.photo import read_photo
from facsight.report.own_units import own_units
from facsight.report.pictures import FACE_SIDE, attention_picture, data_uri, shrunk, unit_picture

Row = Mapping[str, Any]

#: Up to this many faces their boxes carry the expression; more would hide each other, and carry numbers.
NAMED = 4

#: Short words for the marks beside a face's heading.
SHORT = {
    "uncertain": "uncertain",
    "profile": "head turned away",
    "upside_down": "not upright",
    "tiny": "very small face",
    "cut": "cut by the border",
    "no_landmarks": "no landmarks",
    "elsewhere": "attention elsewhere",
    "misfit": "fits another expression better",
}
assert SHORT.keys() == CAUTIONS.keys()


def photo_card(
    rows: Sequence[Row],
    folder: Path,
    classes: Sequence[str],
    *,
    pictures: bool,
    units: Mapping[int, float | None] | None = None,
) -> dict[str, Any]:
    """What the template needs to show one photo; `rows` are its faces, `folder` is where its name starts.

    `units` are those with a head of their own, and their thresholds.
    """
    first = rows[0]
    width, height = first["photo_width"], first["photo_height"]
    photo, note = _original(folder / first["path"], (height, width)) if pictures else (None, "")
    card = {
        "name": Path(first["file"]).name,
        "folder": "" if Path(first["file"]).parent == Path() else f"{Path(first['file']).parent}/",
        "size": f"{width} × {height} pixels",
        "picture": None,
        "note": note,
        "boxes": [_box(row, width, height, named=len(rows) <= NAMED) for row in rows],
        "faces": [_face_card(row, photo, classes, units or {}) for row in rows],
    }
    if photo is not None:
        small = shrunk(photo)
        card |= {"picture": data_uri(small), "shown_width": small.shape[1], "shown_height": small.shape[0]}
    return card


def _original(path: Path, size: tuple[int, int]) -> tuple[np.ndarray | None, str]:
    """The photo as it was read, or why it cannot be shown."""
    try:
        pixels = read_photo(path).pixels
    except FacsightError:
        return None, "The photo is not shown: it is no longer where it was read from."
    if pixels.shape[:2] != size:
        return None, "The photo is not shown: it has changed since it was read."
    return pixels, ""


def _box(row: Row, width: int, height: int, *, named: bool) -> dict[str, Any]:
    """The face's box in per cent of the photo, cut at its borders."""
    left, right = (min(max(row[end] / width, 0.0), 1.0) * 100 for end in ("box_x0", "box_x1"))
    top, bottom = (min(max(row[end] / height, 0.0), 1.0) * 100 for end in ("box_y0", "box_y1"))
    numbers = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return {
        **{name: f"{value:.2f}" for name, value in numbers.items()},
        "inside": top < 6,
        "tag": f"{row['face']} {row['label']}" if named else str(row["face"]),
    }


def _face_card(
    row: Row, photo: np.ndarray | None, classes: Sequence[str], units: Mapping[int, float | None]
) -> dict[str, Any]:
    face = _face(row, photo)
    shares = {name: row[f"expression_{name.replace(' ', '_')}"] for name in classes}
    return {
        "number": row["face"],
        "label": row["label"],
        "percent": percent(shares[row["label"]]),
        "sentence": row["sentence"],
        "cautions": [SHORT[name] for name in row["cautions"].split()],
        "pictures": _pictures(row, face),
        "own_units": own_units(row, face, units),
        "bars": [
            {
                "name": name,
                "share": share,
                "value": percent(share),
                "chosen": name == row["label"],
                "rest": False,
            }
            for name, share in sorted(shares.items(), key=lambda pair: -pair[1])
        ],
        "units": _unit_bars(row),
        "facts": _facts(row),
    }


def _unit_bars(row: Row) -> list[dict[str, Any]]:
    units = {
        int(name.removeprefix("evidence_AU")): share
        for name, share in row.items()
        if name.startswith("evidence_AU") and share is not None
    }
    bars = [
        {"name": unit_name(unit), "share": share, "value": percent(share), "chosen": False, "rest": False}
        for unit, share in sorted(units.items(), key=lambda pair: -pair[1])
    ]
    if bars:
        rest, floor = row["evidence_elsewhere"], row["evidence_elsewhere_floor"]
        bars.append(
            {
                "name": f"elsewhere (at best {percent(floor)})",
                "share": rest,
                "value": percent(rest),
                "chosen": False,
                "rest": True,
            }
        )
    return bars


def _face(row: Row, photo: np.ndarray | None) -> np.ndarray | None:
    """The aligned face; None where the photo is not shown."""
    if photo is None:
        return None
    landmarks = np.array(row["landmarks"], dtype=np.float32).reshape(68, 2)
    box = (row["box_x0"], row["box_y0"], row["box_x1"], row["box_y1"])
    return place(landmarks, box, FACE_SIDE).crop(photo)


def _pictures(row: Row, face: np.ndarray | None) -> list[dict[str, str]]:
    """The aligned face and the two maps in its frame; the maps alone where the photo is not shown."""
    shown = [] if face is None else [(face, "The face, turned upright", "The face as the reader sees it")]
    attention = _map(row, "attention")
    shown.append((attention_picture(face, attention), "Where the reader looked", "Attention over the face"))
    if row["au_map"] is not None:
        title = f"Where the action units of {row['label']} act"
        shown.append((unit_picture(face, _map(row, "au_map")), title, title))
    return [{"data": data_uri(picture), "caption": caption, "alt": alt} for picture, caption, alt in shown]


def _map(row: Row, name: str) -> np.ndarray:
    return np.array(row[name], dtype=np.float32).reshape(-1, row["map_width"])


def _facts(row: Row) -> list[dict[str, str]]:
    facts = [("Uncertainty", f"{row['uncertainty']:.2f}", "0 sure, 1 no idea")]
    if row["evidence_agreement"] is not None:
        better = row["evidence_rank"] - 1
        rank = f"{better or 'no'} other expression{'s fit' if better > 1 else ' fits'} better"
        facts.append(
            ("Agreement", f"{row['evidence_agreement']:.2f}", f"of attention and action-unit map; {rank}")
        )
    if row["yaw"] is not None:
        facts.append(("Head", _head(row), ""))
    facts.append(("Face finder", percent(row["confidence"]), "sure that this is a face"))
    return [{"name": name, "value": value, "meaning": meaning} for name, value, meaning in facts]


def _head(row: Row) -> str:
    """The head pose in words that need no sign convention."""
    turns = (
        ("turned", row["yaw"], "to the person's right", "to the person's left"),
        ("looking", row["pitch"], "up", "down"),
        ("tilted", row["roll"], "to the person's right shoulder", "to the person's left shoulder"),
    )
    told = [
        f"{verb} {abs(angle):.0f}° {plus if angle > 0 else minus}"
        for verb, angle, plus, minus in turns
        if abs(angle) >= 3
    ]
    return ", ".join(told) or "straight into the camera"
