"""Interlaced frames made whole: each of their two fields is of another moment, which combs what moves.

The filter (bwdif of libavfilter) looks at the frame before and the frame after. It gives a frame for each
one, with the time of its first field; frames that are not said to be interlaced are left as they are.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from fractions import Fraction

from av.error import BlockingIOError as NotYet
from av.error import EOFError as Ended
from av.filter import Graph
from av.video.frame import VideoFrame

#: The filter's clock, which nothing depends on.
_TICK = Fraction(1, 1000)
#: A frame with its time; None for one that was decoded with errors.
Timed = tuple[float, VideoFrame | None]


def deinterlaced(
    frames: Iterator[Timed], order: str | None, on_interlaced: Callable[[], None]
) -> Generator[Timed, None, None]:
    """The same frames, from the first interlaced one on, which is told, each after the next has been seen.

    `order`, "tff" or "bff", is which field comes first in every frame; None: frames say it themselves.
    """
    before, fields = None, None
    for time, frame in frames:
        if fields and frame and not fields.takes(frame):
            yield from fields.rest()
            before, fields = None, None
        if fields is None and frame and (order or frame.interlaced_frame):
            on_interlaced()
            fields = _Fields(frame, before, order)
        if fields is None:
            before = frame or before
            yield time, frame
        else:
            yield from fields.put(time, frame)
    if fields:
        yield from fields.rest()


class _Fields:
    """The filter, for frames of one size and format."""

    def __init__(self, frame: VideoFrame, before: VideoFrame | None, order: str | None):
        self._kind = _kind(frame)
        graph = Graph()
        self._source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=_TICK
        )
        sink = graph.add("buffersink")
        which = "all" if order else "interlaced"
        bwdif = graph.add("bwdif", mode="send_frame", parity=order or "auto", deint=which)
        graph.link_nodes(self._source, bwdif, sink).configure()
        self._graph = graph
        #: What was put in and has not come out: a time, and whether there is a frame. No time: given before.
        self._waiting: deque[tuple[float | None, bool]] = deque()
        if before and self.takes(before):
            self._waiting.append((None, True))
            self._source.push(before)

    def takes(self, frame: VideoFrame) -> bool:
        """Whether a frame is of the size and format that the filter was made for."""
        return _kind(frame) == self._kind

    def put(self, time: float, frame: VideoFrame | None) -> Iterator[Timed]:
        """Put in a frame; what can be given now."""
        self._waiting.append((time, frame is not None))
        if frame:
            self._source.push(frame)
        yield from self._ready()

    def rest(self) -> Iterator[Timed]:
        """What is left, when there is no frame to come."""
        self._source.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[Timed]:
        while self._waiting:
            time, there = self._waiting[0]
            try:
                frame = self._graph.vpull() if there else None
            except (NotYet, Ended):
                return
            self._waiting.popleft()
            if time is not None:
                yield time, frame


def _kind(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name
