"""Pictures as they come: from a camera, a network stream, or a file that stands in for a camera.

- A camera is given by its number, by a device such as `/dev/video2`, or, on macOS and Windows, by its name.
- Of a network address only the protocols that it needs may be used: what it sends on to elsewhere is not
  followed. Of an address only the host is ever shown (`media.source`).
- A file is played at its own pace, and read as `media.video` reads it.
- Times count from the first frame, on the source's own clock as long as that keeps step with ours.
- A frame is received when it has been decoded: what camera, network and decoder took before is not known.
- Frames that cannot be decoded are left out; they have no number.
"""

import errno
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import monotonic, sleep

import av
from av.container import InputContainer
from av.error import ExitError, FFmpegError
from av.format import Flags
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from facsight.core.errors import BadMedia
from facsight.media.footage import Footage, Frame
from facsight.media.source import Source, find_source, those_there
from facsight.media.track import Position, moving_stream, words_of
from facsight.media.video import open_video, upright

#: Seconds within which a network address has to answer, and to send more.
ANSWER_WITHIN = 10.0
#: From so many seconds on that a source's clock is off from ours, it is set anew.
CLOCKS_APART = 10.0
#: Seconds between the times of two frames, at least.
TICK = 1e-3
#: A stream that announces its length is whole if no more than this (s) is missing.
_GRACE = 1.0

_GONE = (errno.ENOENT, errno.ENXIO)
_BLIND = (errno.ENODEV, errno.ENOTTY, errno.EINVAL)


@dataclass(frozen=True, eq=False)
class CameraFrame(Frame):
    """A frame, with its time in seconds since the first one, and when it was received (`time.monotonic`)."""

    received: float


@contextmanager
def open_camera(source: str | int) -> Iterator[Iterator[CameraFrame]]:
    """The frames of a camera, a network stream or a file, upright, as they come.

    `BadMedia` says why it cannot be opened (not there, in use, not allowed, no answer, no video), and, from
    the frames, why they stopped. A file ends with its last frame, and so does a stream that announced its
    length; any other end is an error.
    """
    where = find_source(source)
    if where.kind == "file":
        with open_video(where.place) as video, closing(_paced(video)) as frames:
            yield frames
        return
    with _opened(where) as container:
        stream = moving_stream(container, repr(where.name))
        stream.thread_type = "SLICE"  # threads that take a frame each hold back as many frames
        with closing(_received(container, stream, where.name)) as frames:
            yield frames


class SourceClock:
    """Seconds since the first frame, by the source's own clock; each is later than the one before.

    Where that clock says nothing, goes back, or is `CLOCKS_APART` off from ours, ours tells how much time has
    passed since the frame before, and the source's is set anew.
    """

    def __init__(self):
        self._time: float | None = None
        self._received = self._zero = 0.0
        self._stamp_zero: float | None = None

    def time(self, stamp: float | None, received: float) -> float:
        """The time of a frame that the source stamped so (s, or not at all), received at this moment (s)."""
        told = None if stamp is None or self._stamp_zero is None else stamp - self._stamp_zero
        if told is None or not self._believed(told, received):
            told = 0.0 if self._time is None else self._time + max(received - self._received, TICK)
            self._zero = received - told
            self._stamp_zero = None if stamp is None else stamp - told
        self._time, self._received = told, received
        return told

    def _believed(self, told: float, received: float) -> bool:
        later = self._time is None or told >= self._time + TICK
        return later and abs(told - (received - self._zero)) <= CLOCKS_APART


def _paced(video: Footage) -> Generator[CameraFrame, None, None]:
    first = begun = None
    for frame in video.frames():
        if first is None or begun is None:
            first, begun = frame.at.time, monotonic()
        time = frame.at.time - first
        sleep(max(0.0, begun + time - monotonic()))
        yield CameraFrame(Position(frame.at.number, time), frame.pixels, monotonic())


def _opened(where: Source) -> InputContainer:
    begun = monotonic()
    try:
        return av.open(
            where.place,
            "r",
            format=where.format,
            options=dict(where.options),
            timeout=ANSWER_WITHIN,
            metadata_errors="replace",
        )
    except (FFmpegError, ValueError) as error:
        problem = error
    # not within the handler, and without its error: that shows the address with its password
    if where.kind == "camera":
        raise _no_camera(where.name, problem)
    raise _no_stream(where.name, problem, monotonic() - begun)


def _no_camera(name: str, error: Exception) -> BadMedia:
    code = getattr(error, "errno", None)
    if code in _GONE:
        return BadMedia(f"expected a camera at {name!r}, found nothing; {those_there()}")
    if code in _BLIND:
        return BadMedia(f"{name!r} is there, but is no camera that gives pictures; {those_there()}")
    if code in (errno.EACCES, errno.EPERM):
        return BadMedia(
            f"the camera {name!r} may not be used by this user; allow it in the system's settings "
            "(on Linux, join the group 'video' and log in again)"
        )
    if code == errno.EBUSY:
        return BadMedia(f"the camera {name!r} is in use by another program; close that one first")
    return BadMedia(
        f"the camera {name!r} cannot be opened ({words_of(error)}); check that it is plugged in, that no "
        f"other program uses it, and that this one may; {those_there()}"
    )


def _no_stream(name: str, error: Exception, waited: float) -> BadMedia:
    if isinstance(error, ExitError) or waited >= ANSWER_WITHIN:
        return BadMedia(
            f"{name!r} did not answer within {ANSWER_WITHIN:g} s; check that it is switched on and can be "
            "reached from here"
        )
    return BadMedia(
        f"{name!r} cannot be opened as a stream ({words_of(error)}); check the whole address, with its name "
        "and password, and that it does not send on to another kind of address"
    )


def _received(
    container: InputContainer, stream: VideoStream, name: str
) -> Generator[CameraFrame, None, None]:
    clock, number, time, ending = SourceClock(), 0, 0.0, "it was ended there"
    # pictures one after the other, such as MJPEG: their times are only counted, at an assumed rate
    timed = not container.format.flags & Flags.no_timestamps.value
    try:
        for picture in _pictures(container, stream):
            received = monotonic()
            time = clock.time(picture.time if timed else None, received)
            yield CameraFrame(Position(number, time), upright(picture), received)
            number += 1
    except ExitError:
        ending = f"nothing came for {ANSWER_WITHIN:g} s"
    except FFmpegError as error:
        ending = words_of(error)
    if number and container.duration and time >= container.duration / av.time_base - _GRACE:
        return
    raise BadMedia(
        f"{name!r} stopped after {number} frames, {time:.1f} s ({ending}); check its connection, and "
        "start again"
    )


def _pictures(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in _packets(container, stream):
        try:
            pictures = stream.decode(packet)
        except FFmpegError:
            continue  # something was lost on the way; the next key frame mends it
        yield from (picture for picture in pictures if not picture.is_corrupt)


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    while True:
        try:
            yield from container.demux(stream)
            return
        except BlockingIOError:
            continue  # a camera that has nothing yet
