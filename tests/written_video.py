"""Videos of every kind whose frames say by their grey which they are."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

STEP = 5
#: Which of two fields is first.
TOP, BOTTOM = 0, 1
TEXTURE = np.random.default_rng(0).integers(0, 40, (12, 16), dtype=np.uint8)


def grey(number: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """The picture of a frame: even, its brightness is its number."""
    return np.full((*size, 3), 20 + STEP * number, np.uint8)


def moving(number: int) -> np.ndarray:
    """A picture that is hard to predict from those before, for codecs that keep differences."""
    blocks = np.repeat(np.repeat(np.roll(TEXTURE, number, 1), 8, 0), 8, 1)
    return np.repeat(blocks[..., None] + np.uint8(20 + STEP * (number % 30)), 3, axis=2)


def saved(
    path: Path,
    pictures: list[np.ndarray],
    *,
    codec: str = "libx264",
    kind: str = "matroska",
    times: list[int] | None = None,
    base: Fraction = Fraction(1, 25),
    pixel_format: str = "yuv420p",
    gop: int = 8,
    between: int = 0,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    turned: int = 0,
    sound: str | None = None,
) -> Path:
    """A video of these pictures at these times, in units of `base` seconds (0, 1, 2, ... by default)."""
    with av.open(str(path), "w", format=kind, container_options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=1 / base, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.gop_size, stream.max_b_frames = pixel_format, gop, between
        stream.time_base = stream.codec_context.time_base = base
        # little in an MPEG program stream, so that one of its packets holds several frames
        stream.bit_rate = 10_000 if kind == "mpeg" else 4_000_000
        if pixel_format.startswith("gray"):
            stream.codec_context.color_range = 2  # 0 is black, 255 is white
        if turned:
            stream.set_display_rotation(turned)
        track = container.add_stream(sound, rate=8000, layout="mono") if sound else None
        for time, picture in zip(times or range(len(pictures)), pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = time, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if track:
            add_second_of_silence(container, track)
    return path


def saved_fields(
    path, pictures, *, codec="libx264", kind="matroska", first=TOP, marked=True, from_=0, turned=0
):
    """A video of these pictures that says which field is first, or nothing."""
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=25, options={"tff": "1"} if codec == "libx264" else {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.gop_size, stream.bit_rate = "yuv420p", 6, 8_000_000
        stream.codec_context.colorspace = 1  # BT.709
        if marked:
            stream.codec_context.flags |= 1 << 18 | 1 << 29  # interlaced coding and motion estimation
            stream.codec_context.field_order = 2 if first == TOP else 3
        if turned:
            stream.set_display_rotation(turned)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
            frame.pts, frame.time_base = number + from_, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def add_second_of_silence(container, track) -> None:
    planes = np.zeros((1, 8000), np.float32 if track.format.name == "fltp" else np.int16)
    samples = av.AudioFrame.from_ndarray(planes, track.format.name, "mono")
    samples.rate, samples.pts, samples.time_base = 8000, 0, Fraction(1, 8000)
    container.mux(track.encode(samples))
    container.mux(track.encode())


def shown(frame) -> int:
    return round((float(frame.pixels.mean()) - 20) / STEP)


def packets(path: Path) -> list[tuple[int, int]]:
    """Where each frame is in a file: offset and size, bytes."""
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]


def spoil(path: Path, number: int) -> None:
    """Overwrite the inside of a packet."""
    offset, size = packets(path)[number]
    data = bytearray(path.read_bytes())
    data[offset + 8 : offset + size] = np.random.default_rng(1).bytes(size - 8)
    path.write_bytes(data)


GREYS = [grey(number) for number in range(30)]


def saved_sound(path: Path, *, cover: bool = False) -> Path:
    with av.open(str(path), "w", format="mp4") as container:
        track = container.add_stream("aac", rate=8000, layout="mono")
        picture = container.add_stream("mjpeg", rate=1) if cover else None
        if picture:
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
        add_second_of_silence(container, track)
        if picture:
            frame = av.VideoFrame.from_ndarray(grey(1), format="rgb24").reformat(format="yuvj420p")
            container.mux(picture.encode(frame))
            container.mux(picture.encode())
    return path


def renamed_sound(path: Path) -> Path:
    """The sound of an MP4 file under a name that no decoder knows, as phones write spatial sound."""
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"apac").replace(b"esds", b"free"))
    return path
