"""A camera in, readings with their evidence out, as it happens: always of the newest frame.

A thread takes every frame as it comes and keeps the newest; the others are dropped and counted. So a reading
is never older than what it takes to read a frame, and to receive one, however slow the reader is.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from time import monotonic

from facsight.analysis.ahead import newest
from facsight.analysis.frames import Eye, FrameResult
from facsight.analysis.reader import Reader
from facsight.core.errors import BadMedia
from facsight.media.camera import CameraFrame, open_camera
from facsight.media.source import find_source

#: Seconds without a frame after which a camera or stream is given up: longer than a stream may take to begin.
SILENCE = 25.0


@dataclass(frozen=True, eq=False)
class LiveResult(FrameResult):
    """What came of one frame. Dropped frames have numbers, too: those that lack among the results.

    `latency` is the time from its receipt to its reading, in seconds; `dropped` counts the frames so far that
    came and were not looked at.
    """

    latency: float
    dropped: int

    @property
    def time(self) -> float:
        """Seconds since the first frame that was received."""
        return self.at.time


def watch(reader: Reader, source: str | int) -> Generator[LiveResult, None, None]:
    """Readings of a camera, a network stream, or a file played at its own pace (`media.camera`), in order.

    It ends when the source does, or when the caller closes it. `BadMedia` says why a source cannot be opened
    or why it stopped, after the results before it. Nothing is kept.

    >>> for result in watch(Reader(), 0):  # doctest: +SKIP
    ...     print(f"{result.time:.2f}", [reading.label for reading in result.readings])
    """
    eye = Eye(reader.finder, reader.crop_size, unit_size=reader.unit_size)
    with closing(_arriving(source)) as frames:
        for frame, dropped in frames:
            seen = eye.see(frame)
            (read,) = reader.read_looks([seen.look])
            result = seen.read_as(read)
            yield LiveResult(**vars(result), latency=monotonic() - frame.received, dropped=dropped)


def _arriving(source: str | int) -> Generator[tuple[CameraFrame, int], None, None]:
    """The newest frames, and how many were dropped; a source that hangs in the system is given up."""
    where = find_source(source)
    patience = None if where.kind == "file" else SILENCE
    with closing(newest(_frames(source), patience)) as frames:
        try:
            yield from frames
        except TimeoutError as error:
            raise BadMedia(
                f"{where.name!r} has given no picture for {SILENCE:g} s; check that it is on, and not in use "
                "by another program, or restart it"
            ) from error


def _frames(source: str | int) -> Iterator[CameraFrame]:
    with open_camera(source) as frames:
        yield from frames
