"""One run through the video track of a file: packets in, frames with their times out, damage told."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from facsight.core.errors import BadMedia, NoPictures
from facsight.media.clock import seconds_of
from facsight.media.fields import deinterlaced
from facsight.media.file import unreadable
from facsight.media.signature import looks_like

#: Larger frames are refused: decoded, they need 3 bytes a pixel, and as much again for a moment.
MAX_PIXELS = 8192 * 8192

#: How far before a position a key frame is looked for, seconds, before the whole video is decoded.
_STEPS_BACK = (0.0, 1.0, 10.0)
#: Failures to read in a row, without anything read between, after which the rest is given up.
_FAILURES = 10

_Tell = Callable[[float | None, str], None]
_Frames = Generator[tuple[float, VideoFrame | None], None, None]

#: Codecs that show frames in another order than AVI stores them, without saying when.
_UNTIMED_IN_AVI = ("h264", "hevc")
#: Codecs whose frames do not say that they are interlaced: the container does, and which field is first.
_SILENT_CODECS = ("ffv1",)
_ORDERS = {2: "tff", 3: "bff", 4: "bff", 5: "tff"}
#: After a jump in an MPEG program stream, frames may have the times of others for a while.
_UNSEEKABLE = ("mpeg",)
_WHOLE = (PictureType.I, PictureType.NONE)
#: What a file names is never opened.
_OPTIONS = {"protocol_whitelist": "none"}
#: What is noted of a track with such frames.
INTERLACED = "it is interlaced: each frame is made whole from its two fields (bwdif)"
#: Frames a second, where a file says nothing.
USUAL_RATE = 25
_SUCH_AS = {"video": "MP4, MOV, MKV, WebM or AVI", "sound": "WAV, FLAC, MP3 or M4A, or a video with sound"}
_NOT_MOVING = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
_PICTURE_BRANDS = ("avif", "heic", "heix", "mif1")


@dataclass(frozen=True)
class Position:
    """Which frame: its number from 0, and its time in seconds on the clock of all tracks of the file."""

    number: int
    time: float


@dataclass(frozen=True)
class Damage:
    """What could not be decoded: after the good frame at this time (seconds), or at the start."""

    after: float | None
    reason: str


class Unsure(Exception):
    """Several threads met damage, or may have: one thread has to look again."""


class _Elsewhere(Exception):
    """Reading did not land at or before the position that was looked for."""


class _Bytes:
    """A file without a name, so that the content alone decides what it is."""

    def __init__(self, file):
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def words_of(error: Exception) -> str:
    """What a decoder says went wrong, without the name of what it read."""
    return getattr(error, "strerror", None) or type(error).__name__


@contextmanager
def open_container(name: str, kind: str = "video") -> Iterator[InputContainer]:
    """A media file, opened for what its content is; `kind` is what was expected, in a word: video, sound."""
    with ExitStack() as stack:
        try:
            file = _Bytes(stack.enter_context(Path(name).open("rb", buffering=0)))
            container = stack.enter_context(av.open(file, "r", options=_OPTIONS, metadata_errors="replace"))
        except FFmpegError as error:
            raise BadMedia(
                f"{name!r} cannot be read as a {kind}: it looks like {looks_like(Path(name))} "
                f"({words_of(error)}). Give a whole {kind} file, such as {_SUCH_AS[kind]}"
            ) from error
        except OSError as error:
            raise unreadable(Path(name), error) from error
        yield container


@contextmanager
def open_track(name: str, threads: int = 1) -> Iterator["Track"]:
    """The video track of a file, opened anew, decoded by `threads` (0: as many as there are processors)."""
    with open_container(name) as container:
        stream = moving_stream(container, repr(name))
        stream.thread_type = "FRAME"
        stream.codec_context.thread_count = threads
        yield Track(container, stream)


def moving_stream(container: InputContainer, name: str) -> VideoStream:
    """The first video track that is no picture; `BadMedia` says what else there is, calling it `name`."""
    streams = [stream for stream in container.streams.video if not stream.disposition & _NOT_MOVING]
    kind, brand = container.format.name, container.metadata.get("major_brand", "")
    if kind.startswith("image2") or kind.endswith("_pipe") or brand in _PICTURE_BRANDS:
        raise BadMedia(f"{name} is a still picture, expected a video; read it as a photo")
    if kind == "tty":
        raise BadMedia(f"{name} is text, expected a video")
    if not streams:
        codecs = [stream.codec_context for stream in container.streams.audio]
        sounds = ", ".join(codec.name if codec else "of an unknown kind" for codec in codecs)
        held = f"sound only ({sounds})" if sounds else "no track that can be shown"
        pictured = " and a cover picture" if container.streams.video else ""
        raise NoPictures(f"{name} holds {held}{pictured}, expected a video")
    stream = streams[0]
    if stream.codec_context is None:
        raise BadMedia(f"{name} holds a video of a kind that cannot be decoded; convert it to H.264 first")
    if stream.width * stream.height > MAX_PIXELS:
        raise BadMedia(
            f"{name} has frames of {stream.width} x {stream.height} pixels, expected at most "
            f"{MAX_PIXELS // 1_000_000} million; make it smaller first"
        )
    return stream


class Track:
    """One run through a video track, from the start or from where `land` found a position."""

    def __init__(self, container: InputContainer, stream: VideoStream):
        self.container, self.stream = container, stream
        self._tick = stream.time_base or Fraction(1, av.time_base)
        self._wait = float(1 / (stream.average_rate or USUAL_RATE))
        codec = stream.codec_context.codec.canonical_name
        order = getattr(stream.codec_context, "field_order", 0)  # not in older PyAV
        self._order = _ORDERS.get(order) if codec in _SILENT_CODECS else None
        self._untimed = container.format.name == "avi" and codec in _UNTIMED_IN_AVI
        #: What else there is to know of the frames that were read.
        self.notes: list[str] = []
        self._wanted: int | None = None
        self._last: float | None = None
        self._good: float | None = None

    def land(self, after: Position, back: float, tell: _Tell) -> _Frames:
        """The frames after a position, which is decoded again, from a key frame `back` seconds before it.

        `_Elsewhere` where that frame is not found. The first frame of the track is decoded before, as the
        start may say things about the coding that are not said again.
        """
        if self._untimed or self.container.format.name in _UNSEEKABLE:
            raise _Elsewhere
        with closing(self.frames(tell)) as start:
            next(start, None)
        self._wanted = round(after.time / self._tick)
        self._last = self._good = None
        try:
            self.container.seek(round((after.time - back) / self._tick), stream=self.stream)
        except (FFmpegError, OverflowError) as error:
            raise _Elsewhere from error
        frames = self.frames(tell)
        first = next(frames, None)
        # a stream without key frames refreshes itself piece by piece, which is not exact
        if first is None or first[1] is None or first[1].pict_type not in _WHOLE:
            raise _Elsewhere
        reached = next((time for time, _ in chain((first,), frames) if time >= after.time), None)
        if reached != after.time:
            raise _Elsewhere
        self._wanted = None
        return frames

    def frames(self, tell: _Tell) -> _Frames:
        """Frames with their times, which increase; None for a frame that was decoded with errors."""
        return deinterlaced(self._as_stored(tell), self._order, self._note_interlaced)

    def _note_interlaced(self) -> None:
        if INTERLACED not in self.notes:
            self.notes.append(INTERLACED)

    def _as_stored(self, tell: _Tell) -> _Frames:
        for frame in self._decoded(tell):
            time = self._time(frame)
            if self._last is not None and time <= self._last:
                tell(self._good, "frames whose time does not come after the one before were left out")
                continue
            self._last = time
            if frame.is_corrupt:
                tell(self._good, "frames decoded with errors were left out")
                yield time, None
            else:
                self._good = time
                yield time, frame

    def _time(self, frame: VideoFrame) -> float:
        if frame.pts is not None and not self._untimed:
            return float(frame.pts * self._tick)
        if self._wanted is not None:
            raise _Elsewhere
        if self._last is None:
            return seconds_of(self.stream, self.stream.start_time) or 0.0
        return self._last + self._wait

    def _decoded(self, tell: _Tell) -> Iterator[VideoFrame]:
        missing = 0
        for packet in self._packets(tell):
            try:
                frames = self.stream.decode(packet)
            except FFmpegError as error:
                tell(self._good, f"some data could not be decoded ({words_of(error)})")
                continue
            missing += (packet is not None and not packet.is_discard) - len(frames)
            yield from frames
        # the last frames come at once, and an error among them would have cost those after it
        if missing and self.stream.thread_count != 1:
            raise Unsure

    def _packets(self, tell: _Tell) -> Iterator[Packet | None]:
        """What is coded, from a key frame on, and None to ask for the last frames."""
        waiting = self._wanted is not None
        for packet in self._read(tell):
            # without data it would end the decoding
            if not packet.size or (waiting and not packet.is_keyframe):
                continue
            if waiting and (packet.pts is None or packet.pts > (self._wanted or 0)):
                raise _Elsewhere
            waiting = False
            yield packet
        yield None

    def _read(self, tell: _Tell) -> Iterator[Packet]:
        failures = 0
        while failures < _FAILURES:
            try:
                for packet in self.container.demux(self.stream):
                    failures = 0
                    yield packet
                return
            except (FFmpegError, OSError) as error:
                failures += 1
                tell(self._good, f"some data could not be read ({words_of(error)})")


def following(
    name: str, after: Position | None, damage: list[Damage] | None, notes: list[str]
) -> Iterator[tuple[Position, VideoFrame]]:
    """The frames after a position; without a list for `damage` by several threads, or `Unsure`.

    `notes` grow by what is met.
    """

    def tell(time: float | None, reason: str) -> None:
        if damage is None:
            raise Unsure
        if after is None or (time is not None and time >= after.time):
            note(damage, time, reason)

    for back in (*_STEPS_BACK, None) if after else (None,):
        with open_track(name, threads=0 if damage is None else 1) as track:
            track.notes = notes
            try:
                frames = (
                    track.frames(tell) if after is None or back is None else track.land(after, back, tell)
                )
            except _Elsewhere:
                continue
            number = after.number if after else -1
            for time, frame in frames:
                if after is None or time > after.time:
                    number += 1
                    if frame is not None:
                        yield Position(number, time), frame
            return


def ignore(time: float | None, reason: str) -> None:
    """Hear of damage that will be met again."""


def note(damage: list[Damage], after: float | None, reason: str) -> None:
    """Add a reason to the list, to the entry of the same place if there is one; each reason comes once."""
    for place, known in enumerate(damage):
        if known.after == after:
            if reason not in known.reason:
                damage[place] = Damage(after, f"{known.reason}; {reason}")
            return
    damage.append(Damage(after, reason))
