"""Which tracks of sound a file has, and when each begins; nothing of them is decoded."""

from collections.abc import Mapping
from dataclasses import dataclass

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from facsight.media.clock import duration_of, seconds_of

#: For how long, in seconds of the file, the first sound of each track is looked for.
_LOOKED_FOR = 10.0
#: Seconds by which a start that is told may be early, as it counts samples that only prepare the decoder.
_APART = 0.1


@dataclass(frozen=True)
class AudioTrack:
    """A track of sound: its index in the file, its rate in hertz, when it begins, and its duration.

    `start` is in seconds on the clock of the frames' times, None where it is not known: a sound that begins
    more than ten seconds after the pictures, in a file that has no list of what is where. `duration` is in
    seconds, None where it is not told, or the start is not. Of a kind of sound that is not known, such as the
    spatial sound of some phones, codec, rate and channels are None.
    """

    index: int
    codec: str | None
    rate: int | None
    channels: int | None
    start: float | None
    duration: float | None


def tracks_of_sound(container: InputContainer, pictures: VideoStream) -> tuple[AudioTrack, ...]:
    """The tracks of sound beside some pictures, in the order of the file, which is read from where it is."""
    if not container.streams.audio:
        return ()
    first = _first_sounds(container, pictures)
    whole = (container.start_time or 0) / av.time_base
    return tuple(_track(stream, first.get(stream.index), whole) for stream in container.streams.audio)


def _track(stream: AudioStream, first: float | None, whole: float) -> AudioTrack:
    codec, told = stream.codec_context, seconds_of(stream, stream.start_time)
    if first is None and told is not None and told > whole:
        first = told  # what is told for want of anything better is when the whole file begins
    return AudioTrack(
        index=stream.index,
        codec=codec.codec.canonical_name if codec else None,
        rate=stream.rate if codec else None,
        channels=stream.channels if codec else None,
        start=first,
        duration=None if first is None or _borrowed(stream, first, told) else duration_of(stream, first),
    )


def _borrowed(stream: AudioStream, first: float, told: float | None) -> bool:
    """Whether the duration that is told is that of the whole file, as the start that is told with it is."""
    return told is not None and first - told > _APART and "DURATION" not in stream.metadata


def _first_sounds(container: InputContainer, pictures: VideoStream) -> Mapping[int, float]:
    """When each track of sound is first heard, seconds, of those that come early in the file."""
    tracks, found, begun = container.streams.audio, {}, None
    try:
        for packet in container.demux(pictures, *tracks):
            if packet.pts is None or packet.time_base is None:
                continue
            time = float(packet.pts * packet.time_base)
            begun = time if begun is None else begun
            if packet.stream.index != pictures.index:
                found.setdefault(packet.stream.index, time + _unheard(packet))
            if len(found) == len(tracks) or time - begun > _LOOKED_FOR:
                break
    except (FFmpegError, OSError):
        pass  # what is damaged is told when the pictures are read
    return found


def _unheard(packet: Packet) -> float:
    """Seconds at the start of a packet that only prepare the decoder."""
    ask = getattr(packet, "get_sidedata", None)  # not in older PyAV
    if ask is None or packet.stream.codec_context is None or not packet.has_sidedata("skip_samples"):
        return 0.0
    assert isinstance(packet.stream, AudioStream)
    return int.from_bytes(bytes(ask("skip_samples"))[:4], "little") / packet.stream.rate
