"""What a file says about when its tracks begin, and how long they are."""

import re

import av
from av.container import InputContainer
from av.stream import Stream

_CLOCK = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")


def seconds_of(stream: Stream, ticks: int | None) -> float | None:
    """A stream's time in seconds; None where it or the stream's clock is not known."""
    return None if ticks is None or stream.time_base is None else float(ticks * stream.time_base)


def duration_of(stream: Stream, start: float | None) -> float | None:
    """Of one track that starts then, in seconds; Matroska writes it as 00:00:04.000000000 in a tag.

    The tag comes first: where a track begins late, the rest may be that of the file. Most programs write the
    time of the end into the tag, those that leave statistics the length.
    """
    tag = _CLOCK.fullmatch(stream.metadata.get("DURATION", ""))
    if tag is None:
        return seconds_of(stream, stream.duration or None)
    told = sum(float(part) * size for part, size in zip(tag.groups(), (3600, 60, 1), strict=True))
    measured = any(name.startswith("_STATISTICS") for name in stream.metadata)
    return told if measured else told - max(start or 0.0, 0.0)


def whole_duration(container: InputContainer, start: float) -> float | None:
    """Of a file that starts then, in seconds.

    Matroska tells the length or, as most programs write it, the end: taken for the end, it is not too long.
    """
    told = container.duration / av.time_base if container.duration else None
    late = max(start, 0.0) if "matroska" in container.format.name else 0.0
    return told if told is None or told <= late else told - late
