"""Where to look in a photo, so that one detector finds large, small, cut, close-up and upside-down faces.

A detector sees a small picture (128 or 192 pixels a side), on which a face must be neither tiny nor larger
than the picture. So it is shown several views, and only as many as the photo needs:

1. the whole photo, with a frame if the photo is small enough to be a cut-out face;
2. four overlapping parts, and their parts, wherever the faces seen are small or none was likely;
3. if there is still none: the whole photo framed (a face larger than the photo), then turned by quarters;
4. each doubtful face alone, as it was seen and turned by quarters: a detector also finds a wrong, upright
   face in an upside-down one, but is less sure of it; and chance likenesses seldom look like a face twice.

A photo of one clear face needs one look. A face may be missed that is both tiny and turned over, or so tiny
that nothing is seen in the whole photo nor in its parts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from facsight.faces.view import View, square_around, whole

#: What a detector is shown, in pixels along the longer side: enough for its own 128 or 192.
SHOWN_SIDE = 384
#: A photo whose longer side is at most this may be a cut-out face: it gets a frame.
CUT_OUT_SIDE = 256
FRAME = 0.35
#: Parts of this side or less, in photo pixels, are not divided further.
SMALLEST_PART = 224
PART, DEEPEST = 0.56, 3
#: Below this confidence a detection is not taken as a sign that the detector sees what there is.
LIKELY = 0.5
SAME_FACE_OVERLAP, PART_OF_FACE = 0.4, 0.7


@dataclass(frozen=True, eq=False)
class Detection:
    """A face as a detector sees it: box `(left, top, right, bottom)`, confidence from 0 to 1, and points.

    The first two points are the subject's right eye (left in an upright picture) and the left one; a detector
    that has five goes on with the tip of the nose and the right and left corner of the mouth.
    """

    box: Float[np.ndarray, "4"]
    confidence: float
    points: Float[np.ndarray, "point 2"]

    @property
    def centre(self) -> Float[np.ndarray, "2"]:
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def side(self) -> float:
        return float((self.box[2:] - self.box[:2]).max())

    @property
    def roll(self) -> float:
        """Clockwise angle of the line through the eyes, in radians."""
        x, y = self.points[1] - self.points[0]
        return float(np.arctan2(y, x))


@dataclass(frozen=True)
class Sight:
    """How far a detector can be trusted, measured on upright and turned photos.

    - `clear`: upright faces nearly always score more, upside-down ones less
    - `small`: detections below this share of the picture's longer side may have smaller neighbours unseen
    - `bonus`: an upside-down face must score this much better than an upright one in its place: it is rarer
    - `turns`: by how many quarters a doubtful face is turned: those that its points do not follow
    - `levels`: how often a photo is divided while nothing likely is seen in it
    """

    clear: float
    small: float
    bonus: float
    turns: tuple[int, ...]
    levels: int


@runtime_checkable
class Detector(Protocol):
    """Finds faces in one picture, in that picture's pixels."""

    sight: Sight

    def __call__(self, picture: UInt8[np.ndarray, "height width 3"], /) -> list[Detection]: ...


Look = Callable[[View], list[Detection]]


def search(photo: UInt8[np.ndarray, "height width 3"], detect: Detector) -> list[Detection]:
    """Every face that the detector finds in some view of the photo, once each, surest first."""
    look = partial(_look, photo, detect)
    view, start = whole(photo), _first_view(photo)
    seen = look(start)
    if not _any_likely(seen) or _any_small(seen, start, detect.sight):
        seen = _look_closer(look, detect.sight, start, seen)
    for other in _last_resorts(start, view):
        if _any_likely(seen):
            break
        seen = seen + look(other)
    certain = [
        face if face.confidence >= detect.sight.clear else _second_look(look, detect.sight, photo, face)
        for face in without_repeats(seen)
    ]
    return without_repeats(certain)


def glance(photo: UInt8[np.ndarray, "height width 3"], detect: Detector) -> bool:
    """Whether the first look alone shows a likely face: quick, and blind to small and to turned ones."""
    return _any_likely(_look(photo, detect, _first_view(photo)))


def look_again(photo: UInt8[np.ndarray, "height width 3"], detect: Detector, face: Detection) -> float:
    """The confidence in a face that is looked at alone, turned upright; 0 where none is seen in its place."""
    seen = _look(photo, detect, _around(photo, face))
    return max((one.confidence for one in seen if same_place(one.box, face.box)), default=0.0)


def _first_view(photo: np.ndarray) -> View:
    view = whole(photo)
    return view.framed(FRAME) if view.long_side <= CUT_OUT_SIDE else view


def _look(photo: np.ndarray, detect: Detector, view: View) -> list[Detection]:
    """What the detector sees in a view, in photo pixels."""
    view = view.shrunk_to(SHOWN_SIDE)
    return [_in_photo(seen, view) for seen in detect(view.pixels(photo))]


def _any_likely(seen: list[Detection]) -> bool:
    return any(face.confidence >= LIKELY for face in seen)


def _any_small(seen: list[Detection], view: View, sight: Sight) -> bool:
    return any(face.side < sight.small * view.long_side for face in seen)


def _in_photo(seen: Detection, view: View) -> Detection:
    corners = view.to_photo(seen.box.reshape(2, 2))
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return Detection(box, seen.confidence, view.to_photo(seen.points))


def _look_closer(
    look: Look, sight: Sight, view: View, seen: list[Detection], *, level: int = 1
) -> list[Detection]:
    """What was seen in a view, and in its parts, and in theirs wherever faces are small."""
    if level > DEEPEST or view.long_side <= SMALLEST_PART:
        return seen
    for part in _parts(view):
        inside = [face for face in look(part) if not _is_cut(face, part, view)]
        if _any_small(inside, part, sight) or (not _any_likely(inside) and level < sight.levels):
            inside = _look_closer(look, sight, part, inside, level=level + 1)
        seen = seen + inside
    return seen


def _parts(view: View) -> Iterator[View]:
    """Four overlapping rectangles that cover the view."""
    width, height = round(PART * (view.right - view.left)), round(PART * (view.bottom - view.top))
    for top in (view.top, view.bottom - height):
        for left in (view.left, view.right - width):
            yield View(left, top, left + width, top + height)


def _is_cut(face: Detection, part: View, view: View) -> bool:
    """Whether a face reaches over an inner border of the part: another part has it whole."""
    left, top, right, bottom = face.box
    return bool(
        (left < part.left and part.left > view.left)
        or (top < part.top and part.top > view.top)
        or (right > part.right and part.right < view.right)
        or (bottom > part.bottom and part.bottom < view.bottom)
    )


def _second_look(look: Look, sight: Sight, photo: np.ndarray, face: Detection) -> Detection:
    """A doubtful face after looks at it alone: as it was or turned, with the mean of both confidences."""
    alone = _around(photo, face)
    upright, *turned = (
        max(
            (seen for seen in look(alone.turned(quarters)) if same_place(seen.box, face.box)),
            key=lambda seen: seen.confidence,
            default=replace(face, confidence=0.0),
        )
        for quarters in (0, *sight.turns)
    )
    other = max(turned, key=lambda seen: seen.confidence)
    seen_again = upright.confidence > 0
    best = other if seen_again and other.confidence > upright.confidence + sight.bonus else upright
    return replace(best, confidence=(face.confidence + best.confidence) / 2)


def _last_resorts(start: View, view: View) -> Iterator[View]:
    """What to look at when nothing was seen: nearer the frame, then upside down and on either side."""
    framed = view.framed(FRAME)
    if start != framed:
        yield framed
    yield from (framed.turned(quarters) for quarters in (2, 1, 3))


def _around(photo: np.ndarray, face: Detection) -> View:
    """A face with its surroundings, turned so that it stands upright if it was seen rightly."""
    height, width = photo.shape[:2]
    x, y = np.clip(face.centre, 0, (width, height)).tolist()
    return square_around((x, y), 2.2 * face.side).turned(round(face.roll / (np.pi / 2)))


def without_repeats(found: list[Detection]) -> list[Detection]:
    """The surest of all detections that mean the same face: boxes that overlap or lie in one another."""
    kept: list[Detection] = []
    for face in sorted(found, key=lambda face: face.confidence, reverse=True):
        if not any(same_place(face.box, other.box) for other in kept):
            kept.append(face)
    return kept


def same_place(one: Float[np.ndarray, "4"], other: Float[np.ndarray, "4"]) -> bool:
    """Whether two boxes overlap by 0.4 of their union, or by 0.7 of the smaller one."""
    left, top, right, bottom = one.tolist()
    other_left, other_top, other_right, other_bottom = other.tolist()
    width = max(0.0, min(right, other_right) - max(left, other_left))
    shared = width * max(0.0, min(bottom, other_bottom) - max(top, other_top))
    areas = (right - left) * (bottom - top), (other_right - other_left) * (other_bottom - other_top)
    return shared > SAME_FACE_OVERLAP * (sum(areas) - shared) or shared > PART_OF_FACE * min(areas)
