"""Frames of a video in, readings with their evidence out: streamed, with tracks that go on after a stop."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from facsight.analysis.ahead import ahead, in_batches
from facsight.analysis.looking import Look, look_at
from facsight.analysis.reading import PhotoResult, Reading
from facsight.faces.face import FaceFinder
from facsight.faces.tracking import Tracker
from facsight.media.photo import Photo
from facsight.media.shots import Shots
from facsight.media.video import Frame, Position, Video

#: Frames whose faces share a pass through the network.
FRAMES_AT_ONCE = 16
#: Frames that are decoded, and frames that are looked at, before they are needed.
FRAMES_AHEAD = 8


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What came of one frame of a video.

    `at` has its number and time, `size` (height, width) upright; `shot` counts the cuts from 1; `tracks`
    gives each reading its person's number, the same as long as the person is seen, or nearly
    (`faces.tracking`).
    """

    at: Position
    size: tuple[int, int]
    shot: int
    readings: list[Reading]
    tracks: list[int]


@dataclass(frozen=True)
class Stop:
    """Where a video was left: what is needed to go on as if it never was. Plain data, for JSON."""

    number: int
    time: float
    shot: int
    shots: Mapping[str, Any]
    tracker: Mapping[str, Any]


class Follower:
    """Says which shot a frame belongs to, and which person each of its faces is."""

    def __init__(self, stop: Stop | None = None):
        self._shots = Shots(stop.shots if stop else None)
        self._tracker = Tracker(stop.tracker if stop else None)
        self._shot = stop.shot if stop else 1

    def follow(self, frame: Frame, look: Look) -> tuple[int, list[int]]:
        """The frame's shot and its faces' tracks; frames are given in their order."""
        cut = self._shots.is_cut(frame.pixels)
        self._shot += cut
        return self._shot, self._tracker.update(look.faces, frame.at.time, cut=cut)

    def stop_after(self, at: Position) -> Stop:
        """What to go on from after the frame `at`, the last that was followed."""
        return Stop(at.number, at.time, self._shot, self._shots.state(), self._tracker.state())


@dataclass(frozen=True, eq=False)
class _Seen:
    """A frame after the finder, without its pixels."""

    at: Position
    look: Look
    shot: int
    tracks: list[int]
    stop: Stop


def read_frames(
    video: Video,
    finder: FaceFinder,
    crop_size: int,
    read: Callable[[Sequence[Look]], list[PhotoResult]],
    *,
    every: int = 1,
    rate: float | None = None,
    stop: Stop | None = None,
) -> Iterator[tuple[list[FrameResult], Stop]]:
    """Batches of results in order, each with where one can go on after it.

    Decoding, the finder and `read` (the network) work at the same time. Memory does not grow with the length
    of the video. `every` and `rate` choose frames as `Video.frames` does.
    """
    frames = ahead(video.frames(every=every, rate=rate, after=_position(stop)), FRAMES_AHEAD)
    seen = ahead(_look(frames, finder, crop_size, Follower(stop)), FRAMES_AHEAD)
    with closing(seen):
        for some in in_batches(seen, FRAMES_AT_ONCE):
            results = read([one.look for one in some])
            yield (
                [
                    FrameResult(one.at, _size(one.look), one.shot, result.readings, one.tracks)
                    for one, result in zip(some, results, strict=True)
                ],
                some[-1].stop,
            )


def _position(stop: Stop | None) -> Position | None:
    return Position(stop.number, stop.time) if stop else None


def _look(frames: Iterator[Frame], finder: FaceFinder, crop_size: int, follower: Follower) -> Iterator[_Seen]:
    for frame in frames:
        look = look_at(Photo(frame.pixels, str(frame.at.number)), finder, crop_size)
        shot, tracks = follower.follow(frame, look)
        yield _Seen(frame.at, look, shot, tracks, follower.stop_after(frame.at))


def _size(look: Look) -> tuple[int, int]:
    assert look.size is not None  # a frame has pixels
    return look.size
