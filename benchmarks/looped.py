"""Long videos made of short ones: the same packets again and again, with times that go on."""

from pathlib import Path

import av


def looped(clip: Path, long: Path, seconds: float) -> Path:
    """The video track of `clip` repeated, without coding it anew, until it lasts so long."""
    with av.open(str(clip)) as source, av.open(str(long), "w") as target:
        stream = source.streams.video[0]
        copy, base = target.add_stream_from_template(stream), stream.time_base
        assert base is not None
        length = stream.duration or 0
        for turn in range(round(seconds / float(length * base))):
            source.seek(0)
            for packet in source.demux(stream):
                if packet.dts is not None and packet.pts is not None:
                    packet.pts, packet.dts = packet.pts + turn * length, packet.dts + turn * length
                    packet.stream = copy
                    target.mux(packet)
    return long
