"""Files with sound that is known to the sample, with and without pictures."""

from collections.abc import Collection, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

#: Samples in one frame of sound as it is written.
BLOCK = 400


def tone(
    seconds: float,
    *,
    rate: int = 16_000,
    frequency: float = 440.0,
    amplitude: float = 0.5,
    start: float = 0.0,
) -> np.ndarray:
    """A sine whose phase is 0 at time 0 of the file, for a track that begins at `start`."""
    time = start + np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency * time)).astype(np.float32)[None]


def beep(seconds: float, at: float, *, rate: int = 16_000, length: float = 0.1) -> np.ndarray:
    """Silence with a tone of 1 kHz in it that begins at a time."""
    sound = np.zeros((1, round(seconds * rate)), np.float32)
    begin = round(at * rate)
    sound[:, begin : begin + round(length * rate)] = tone(length, rate=rate, frequency=1000.0)
    return sound


def saved_av(
    path: Path,
    sound: np.ndarray | None,
    *,
    rate: int = 16_000,
    start: float = 0.0,
    codec: str = "pcm_f32le",
    kind: str = "matroska",
    pictures: Sequence[np.ndarray] = (),
    fps: int = 25,
    lost: Collection[int] = (),
) -> Path:
    """A file of sound (channel, sample) that begins at `start`, and of pictures from 0 on without loss.

    The blocks of `BLOCK` samples whose numbers are in `lost` are never written.
    """
    with av.open(str(path), "w", format=kind) as container:
        film = _film(container, pictures, fps) if len(pictures) else None
        due = list(_pictures(film, pictures, fps)) if film else []
        if sound is not None:
            layout = {1: "mono", 2: "stereo"}[len(sound)]
            track = container.add_stream(codec, rate=rate, layout=layout)
            due += list(blocks_of(track, sound, rate, start, layout, lost))
        for _, stream, frame in sorted(due, key=lambda one: one[0]):
            container.mux(stream.encode(frame))
        for stream in container.streams:
            container.mux(stream.encode())
    return path


def _film(container, pictures, fps):
    stream = container.add_stream("ffv1", rate=fps)
    stream.height, stream.width = pictures[0].shape[:2]
    stream.pix_fmt = "bgr0"
    return stream


def _pictures(stream, pictures, fps):
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        yield number / fps, stream, frame


def blocks_of(stream, sound, rate, start, layout, lost):
    """When each frame of a track is due, its stream, and the frame."""
    kind = stream.format.name
    for number, first in enumerate(range(0, sound.shape[1], BLOCK)):
        if number in lost:
            continue
        block = np.ascontiguousarray(sound[:, first : first + BLOCK])
        frame = av.AudioFrame.from_ndarray(_as(kind, block), kind, layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start * rate) + first
        yield start + first / rate, stream, frame


def _as(kind: str, block: np.ndarray) -> np.ndarray:
    """Shares of full scale as the samples of a format; packed formats hold channels side by side."""
    if kind.startswith("s16"):
        block = np.round(block * 2**15).clip(-(2**15), 2**15 - 1).astype(np.int16)
    if kind.startswith("u8"):
        block = (np.round(block * 2**7).clip(-(2**7), 2**7 - 1) + 128).astype(np.uint8)
    return block if kind.endswith("p") else np.ascontiguousarray(block.T).reshape(1, -1)
