"""Videos whose frames are photos with known faces, written without loss."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from planted import photo_with


def saved_video(
    path: Path,
    faces: Sequence[int],
    *,
    times: Sequence[float] | None = None,
    size: tuple[int, int] = (200, 320),
) -> Path:
    """A Matroska file of a frame for each number of faces, at these times (25 frames a second by default)."""
    shown = [number / 25 for number in range(len(faces))] if times is None else times
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = size[1], size[0], "bgr0"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for count, time in zip(faces, shown, strict=True):
            frame = av.VideoFrame.from_ndarray(photo_with(count, size=size), format="rgb24").reformat(
                format="bgr0"
            )
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def noise_video(path: Path, frames: int) -> Path:
    """A video whose every frame is other noise, without a face."""
    generator = np.random.default_rng(0)
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for _ in range(frames):
            pixels = generator.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            pixels[0, 0] = 0
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="bgr0"))
            )
        container.mux(stream.encode())
    return path
