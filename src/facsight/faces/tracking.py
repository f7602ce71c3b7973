"""Which face of a frame is which face of the frames before: track numbers, without looking ahead.

A track knows where its face was last seen, how fast it moved, how large it was and how it is proportioned.
The faces of a frame get the tracks that together explain them best; what no track explains is a new face.

- Velocity is an Ornstein-Uhlenbeck process, so that a face that is hidden is expected to slow down, and its
  place is the less certain the longer it was not seen; a Kalman filter keeps both. Time is in seconds:
  frames may come at any rate, and at any distance from each other.
- Distances are in face sizes, the root of the area of the box.
- Proportions are a weak hint, for faces that cross: those of the eye corners and the nose, which hardly
  move with expression, after a similarity alignment, and mirrored halves averaged, which cancels most of
  what a turn of the head does. A face with a missing point is tracked by its box alone.

A number says that a face was followed, not who it is: someone who comes back later gets a new one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from facsight.core.errors import BadFaces
from facsight.core.landmarks import MIRROR, RIGID, RIGID_TEMPLATE
from facsight.faces.face import Face

#: How long a velocity lasts (s) and how fast faces usually move (face sizes a second, each direction).
MOMENTUM, SPEED = 2.0, 2.0
#: Standard deviations: of the box centre in one sighting (face sizes), of its size (log), of what that size
#: changes by within a second, or any longer time (log), of the proportions (sides of an aligned crop).
PLACE_NOISE, SIZE_NOISE, SIZE_CHANGE, SHAPE_NOISE = 0.08, 0.12, 0.4, 0.02
#: Proportions never count more than this (nats): a turned or half hidden head has others.
SHAPE_LIMIT = 4.0
#: From so many face sizes on, and from such a factor in size on, it is another face.
FARTHEST, LARGEST_FACTOR = 3.0, 2.0
#: What a new face costs (nats): so improbable is one a square face size.
NEW_FACE = 3.5
#: What a track that was seen once costs beside an older one (nats): false detections do not last.
UNPROVEN = 1.0
#: What a track remembers: its size over so many seconds, its proportions over so many sightings.
SIZE_MEMORY, SHAPE_MEMORY = 0.1, 20

_TEMPLATE = np.array([complex(x, y) for x, y in RIGID_TEMPLATE])
_TEMPLATE -= _TEMPLATE.mean()
_RIGID = list(RIGID)
_MIRRORED = [RIGID.index(MIRROR[point]) for point in RIGID]


@dataclass(frozen=True)
class _Sighting:
    """A face as a tracker sees it: centre and size in pixels, proportions as 13 points, x and y in turn."""

    place: tuple[float, float]
    size: float
    shape: tuple[float, ...] | None


@dataclass(frozen=True)
class _Track:
    """What is known of a face since it was last seen, at `seen` seconds.

    `place` and `velocity` are in pixels and pixels a second; `doubt` is the variance of the place in each
    direction, its covariance with the velocity, and the variance of the velocity, in face sizes and seconds.
    """

    number: int
    seen: float
    sightings: int
    place: tuple[float, float]
    velocity: tuple[float, float]
    doubt: tuple[float, float, float]
    size: float
    shape: tuple[float, ...] | None


class Tracker:
    """Gives each face of each frame of one video a track number: 1, 2, ..., never used twice.

    `patience` is how many seconds a track waits for its face to come back. `state` is what `state()` of
    another tracker gave: this one goes on where that one stood, number for number.

        tracker = Tracker()
        for time, pixels in frames:
            numbers = tracker.update(finder.find(pixels), time, cut=shots.is_cut(pixels))
    """

    def __init__(self, state: Mapping[str, Any] | None = None, *, patience: float = 1.5):
        state = state or {"time": None, "tracks": [], "given": 0}
        self._patience = patience
        self._time: float | None = state["time"]
        self._tracks = [_track_from(row) for row in state["tracks"]]
        self._given: int = state["given"]

    def update(self, faces: Sequence[Face], time: float, *, cut: bool = False) -> list[int]:
        """The track number of each face of the frame at `time` (s), in the order of `faces`.

        A `cut` says that the frame begins a new shot: all tracks end before it.
        `BadFaces` unless times increase and boxes are finite; the tracker is then as it was.
        """
        self._check_time(time)
        sightings = [_seen(face) for face in faces]
        waiting = [t for t in self._tracks if not cut and time - t.seen <= self._patience]
        ahead = [_predicted(track, time) for track in waiting]
        chosen = assign(_costs(ahead, sightings, time, self._time), NEW_FACE)
        seen = [
            self._new(sighting, time) if row is None else _corrected(ahead[row], sighting, time)
            for row, sighting in zip(chosen, sightings, strict=True)
        ]
        unseen = [track for row, track in enumerate(waiting) if row not in chosen]
        self._tracks, self._time = unseen + seen, time
        return [track.number for track in seen]

    def state(self) -> dict[str, Any]:
        """All that the tracker knows, as plain numbers and lists that survive JSON unchanged."""
        return {
            "time": self._time,
            "tracks": [_row(track) for track in self._tracks],
            "given": self._given,
        }

    def _check_time(self, time: float) -> None:
        if not math.isfinite(time):
            raise BadFaces(f"expected the time of a frame in seconds, found {time}")
        if self._time is not None and time <= self._time:
            raise BadFaces(
                f"expected a frame later than {self._time} s, found one at {time} s; "
                "give frames in order, and each video a tracker of its own"
            )

    def _new(self, sighting: _Sighting, time: float) -> _Track:
        self._given += 1
        return _Track(
            number=self._given,
            seen=time,
            sightings=1,
            place=sighting.place,
            velocity=(0.0, 0.0),
            doubt=(PLACE_NOISE**2, 0.0, SPEED**2),
            size=sighting.size,
            shape=sighting.shape,
        )


def assign(costs: Float64[np.ndarray, "face track"], unassigned: float) -> list[int | None]:
    """The track of each face, or None, such that the sum of costs is smallest: each track at most once.

    A face without a track costs `unassigned`; costs may be infinite.

    >>> assign(np.array([[1.0, 2.0], [1.5, 9.0], [1.2, 9.0]]), unassigned=5.0)
    [1, None, 0]
    """
    from scipy.optimize import linear_sum_assignment  # a fifth of a second that photos need not wait for

    faces, tracks = costs.shape
    alone = np.full((faces, faces), unassigned)
    table = np.concatenate([np.minimum(costs, unassigned + 1), alone], axis=1)
    return [column if column < tracks else None for column in linear_sum_assignment(table)[1].tolist()]


def _seen(face: Face) -> _Sighting:
    left, top, right, bottom = face.box
    if not all(map(math.isfinite, face.box)):
        raise BadFaces(f"expected a box of four finite numbers, found {face.box}; leave such a face out")
    size = math.sqrt(max(right - left, 1.0) * max(bottom - top, 1.0))
    return _Sighting(((left + right) / 2, (top + bottom) / 2), size, _shape(face.landmarks))


def _shape(landmarks: np.ndarray) -> tuple[float, ...] | None:
    """The rigid points, aligned to their template and averaged with their mirror image; None if one lacks."""
    points = landmarks[_RIGID].astype(np.float64) @ (1, 1j)
    points = points - points.mean()
    spread = np.vdot(points, points).real
    if not np.isfinite(spread) or spread == 0:
        return None
    aligned = points * (np.vdot(points, _TEMPLATE) / spread)
    half = (aligned - aligned[_MIRRORED].conj()) / 2
    return tuple(np.stack([half.real, half.imag], axis=-1).ravel().tolist())


def _predicted(track: _Track, time: float) -> _Track:
    """The track at a later time without a sighting; `seen` and `size` stay.

    The moments of an Ornstein-Uhlenbeck velocity and its integral: Uhlenbeck and Ornstein 1930, "On the
    theory of the Brownian motion", Physical Review 36; x = elapsed / MOMENTUM below.
    """
    x = (time - track.seen) / MOMENTUM
    kept = math.exp(-x)
    reach = MOMENTUM * (1 - kept)
    place, both, velocity = track.doubt
    wander = SPEED**2 * MOMENTUM**2 * max(0.0, 2 * x - 3 + 4 * kept - kept**2)
    return replace(
        track,
        place=_along(track.place, track.velocity, reach),
        velocity=_along((0.0, 0.0), track.velocity, kept),
        doubt=(
            place + 2 * reach * both + reach**2 * velocity + wander,
            kept * (both + reach * velocity) + SPEED**2 * MOMENTUM * (1 - kept) ** 2,
            kept**2 * velocity + SPEED**2 * (1 - kept**2),
        ),
    )


def _corrected(track: _Track, sighting: _Sighting, time: float) -> _Track:
    """A predicted track after its face was seen."""
    place, both, velocity = track.doubt
    spread = place + PLACE_NOISE**2
    miss = _along(sighting.place, track.place, -1.0)
    size_share = 1 - math.exp(-(time - track.seen) / SIZE_MEMORY)
    return _Track(
        number=track.number,
        seen=time,
        sightings=track.sightings + 1,
        place=_along(track.place, miss, place / spread),
        velocity=_along(track.velocity, miss, both / spread),
        doubt=(
            place * (1 - place / spread),
            both * (1 - place / spread),
            velocity - both * both / spread,
        ),
        size=track.size * (sighting.size / track.size) ** size_share,
        shape=_blended(track.shape, sighting.shape, _share(track.sightings + 1)),
    )


def _along(start: tuple[float, float], step: tuple[float, float], share: float) -> tuple[float, float]:
    return start[0] + share * step[0], start[1] + share * step[1]


def _share(sightings: int) -> float:
    """The weight of the last of so many sightings in the proportions."""
    return 1 / min(sightings, SHAPE_MEMORY)


def _blended(
    old: tuple[float, ...] | None, new: tuple[float, ...] | None, share: float
) -> tuple[float, ...] | None:
    if old is None or new is None:
        return new or old
    return tuple(a + share * (b - a) for a, b in zip(old, new, strict=True))


def _costs(
    tracks: Sequence[_Track], sightings: Sequence[_Sighting], time: float, last: float | None
) -> Float64[np.ndarray, "face track"]:
    """How little each track explains each face (nats, up to a constant); infinite for what cannot be.

    The negative logarithm of the Gaussian density of the place, in face sizes and with a deviation of one at
    most, so that patience and not doubt ends the wait of a face that stayed; plus that of the size, plus
    a handicap of new tracks, plus, for those that the last frame, at `last`, lacked, how much worse their
    proportions fit than the best: a face in sight is told by its place, which is surer.
    """
    size = np.array([track.size for track in tracks])
    elapsed = np.minimum(time - np.array([track.seen for track in tracks]), 1.0)
    spread = np.minimum(np.array([track.doubt[0] for track in tracks]) + PLACE_NOISE**2, 1.0)
    unproven = UNPROVEN * np.array([track.sightings == 1 for track in tracks])
    hidden = np.array([track.seen != last for track in tracks], dtype=bool)
    factor = np.log(np.array([s.size for s in sightings])[:, None] / size)
    miss = _places(sightings)[:, None] - _places(tracks)
    distance = np.hypot(miss[..., 0], miss[..., 1]) / size
    changeable = SIZE_NOISE**2 + SIZE_CHANGE**2 * elapsed
    costs = distance**2 / (2 * spread) + np.log(spread) + unproven
    costs += factor**2 / (2 * changeable) + np.log(changeable / SIZE_NOISE**2) / 2
    possible = (distance <= FARTHEST) & (abs(factor) <= math.log(LARGEST_FACTOR)) & (costs < NEW_FACE)
    return np.where(possible, costs + _mismatch(tracks, sightings, possible & hidden), np.inf)


def _mismatch(
    tracks: Sequence[_Track], sightings: Sequence[_Sighting], asked: Bool[np.ndarray, "face track"]
) -> Float64[np.ndarray, "face track"]:
    """How much worse the proportions fit than those of the best of the tracks in question; else 0."""
    shapes, known = _shapes(sightings), _shapes(tracks)
    doubt = np.array([1 + _share(track.sightings) for track in tracks])
    misfits = np.square(shapes[:, None] - known).sum(axis=-1) / (2 * SHAPE_NOISE**2 * doubt)
    comparable = asked & np.isfinite(misfits)
    best = np.where(comparable, misfits, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    excess = np.subtract(misfits, best, out=np.zeros_like(misfits), where=comparable)
    return np.minimum(excess, SHAPE_LIMIT)


def _places(rows: Sequence[_Track] | Sequence[_Sighting]) -> Float64[np.ndarray, "row 2"]:
    return np.array([row.place for row in rows]).reshape(len(rows), 2)


def _shapes(rows: Sequence[_Track] | Sequence[_Sighting]) -> Float64[np.ndarray, "row coordinate"]:
    """Proportions, a row each, NaN where they lack."""
    missing = (math.nan,) * (2 * len(RIGID))
    return np.array([row.shape or missing for row in rows]).reshape(len(rows), len(missing))


def _row(track: _Track) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in vars(track).items()}


def _track_from(row: Mapping[str, Any]) -> _Track:
    known: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in row.items()}
    return _Track(**known)
