"""Frames of a video in, readings with their evidence out: streamed, with tracks that go on after a stop."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from facsight.analysis.ahead import ahead, in_batches
from facsight.analysis.looking import Look, cut_out
from facsight.analysis.reading import PhotoResult, Reading
from facsight.faces.face import FaceFinder
from facsight.faces.following import Follower
from facsight.faces.steady import Steadier
from facsight.faces.tracking import Tracker
from facsight.media.footage import Footage, Frame
from facsight.media.photo import Photo
from facsight.media.shots import Shots
from facsight.media.track import Position

#: Frames whose faces share a pass through the network.
FRAMES_AT_ONCE = 16
#: Frames that are decoded, and batches that are looked at, before they are needed.
FRAMES_AHEAD, BATCHES_AHEAD = 8, 1


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
    follower: Mapping[str, Any]
    tracker: Mapping[str, Any]
    steadier: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame after the finder, without its pixels; `also` has its faces cut out in other sizes."""

    at: Position
    look: Look
    shot: int
    tracks: list[int]
    also: Mapping[int, Look] = field(default_factory=dict)

    def read_as(self, result: PhotoResult) -> FrameResult:
        """What came of the frame, once its faces have been read."""
        assert self.look.size is not None  # a frame has pixels
        return FrameResult(self.at, self.look.size, self.shot, result.readings, self.tracks)


class Eye:
    """Looks at the frames of a video in their order: which shot, which faces, which persons.

    Faces are cut out with `crop_size` pixels a side, for a network of action units with `unit_size`, and
    `also` in other sizes.
    """

    def __init__(
        self,
        finder: FaceFinder,
        crop_size: int,
        stop: Stop | None = None,
        *,
        steady: bool = False,
        unit_size: int | None = None,
        also: Sequence[int] = (),
    ):
        self._crop_size, self._unit_size, self._steady, self._also = crop_size, unit_size, steady, also
        self._shots = Shots(stop.shots if stop else None)
        self._follower = Follower(finder, stop.follower if stop else None)
        self._tracker = Tracker(stop.tracker if stop else None)
        self._steadier = Steadier(stop.steadier if stop else None)
        self._shot = stop.shot if stop else 1

    def see(self, frame: Frame) -> Seen:
        """The next frame; `BadFaces` unless it is later than the one before."""
        cut = self._shots.is_cut(frame.pixels)
        self._shot += cut
        faces = self._follower.find(frame.pixels, frame.at.time, cut=cut)
        tracks = self._tracker.update(faces, frame.at.time, cut=cut)
        if self._steady:
            faces = self._steadier.steady(faces, tracks, frame.at.time)
        photo = Photo(frame.pixels, str(frame.at.number))
        look = cut_out(photo, faces, self._crop_size, self._unit_size)
        others = {size: cut_out(photo, faces, size) for size in self._also}
        return Seen(frame.at, look, self._shot, tracks, others)

    def stop_after(self, at: Position) -> Stop:
        """What to go on from after the frame `at`, the last that was seen."""
        parts = self._shots, self._follower, self._tracker, self._steadier
        return Stop(at.number, at.time, self._shot, *(part.state() for part in parts))


def read_frames(
    video: Footage,
    finder: FaceFinder,
    crop_size: int,
    read: Callable[[Sequence[Look]], list[PhotoResult]],
    *,
    unit_size: int | None = None,
    every: int = 1,
    rate: float | None = None,
    steady: bool = False,
    stop: Stop | None = None,
) -> Iterator[tuple[list[FrameResult], Stop]]:
    """Batches of results in order, each with where one can go on after it.

    Decoding, the finder and `read` (the network) work at the same time. Memory does not grow with the length
    of the video. `every` and `rate` choose frames as `Video.frames` does; `steady` takes the tremble out of
    the landmarks (`faces.steady`) before faces are cut out by them.
    """
    eye = Eye(finder, crop_size, stop, steady=steady, unit_size=unit_size)
    with closing(look_along(video, eye, every=every, rate=rate, after=_position(stop))) as batches:
        for seen, last in batches:
            results = read([one.look for one in seen])
            frames = [one.read_as(result) for one, result in zip(seen, results, strict=True)]
            yield frames, last


def look_along(
    video: Footage,
    eye: Eye,
    *,
    every: int = 1,
    rate: float | None = None,
    after: Position | None = None,
) -> Generator[tuple[list[Seen], Stop], None, None]:
    """Batches of frames that the eye has seen, in order, each with where one can go on after it.

    Decoding and looking happen in a thread each, a little ahead of who asks.
    """
    frames = ahead(video.frames(every=every, rate=rate, after=after), FRAMES_AHEAD)
    with closing(ahead(_look(frames, eye), BATCHES_AHEAD)) as batches:
        yield from batches


def _position(stop: Stop | None) -> Position | None:
    return Position(stop.number, stop.time) if stop else None


def _look(frames: Generator[Frame, None, None], eye: Eye) -> Iterator[tuple[list[Seen], Stop]]:
    with closing(frames):
        for some in in_batches(frames, FRAMES_AT_ONCE):
            seen = [eye.see(frame) for frame in some]
            yield seen, eye.stop_after(seen[-1].at)
