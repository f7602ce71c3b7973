"""Tiny clips and sounds for mock copies of datasets: files that decode, with noise in them."""

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np

SIDE = 48


def write_clip(path: Path, generator: np.random.Generator, *, frames: int = 5, rate: int = 25) -> None:
    """A small silent clip; its folder is made."""
    import av  # here, so that opening a dataset does not load a decoder

    path.parent.mkdir(parents=True, exist_ok=True)
    codec = "flv1" if path.suffix == ".flv" else "mpeg4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for _ in range(frames):
            picture = av.VideoFrame.from_ndarray(noise(generator), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def write_sound(
    path: Path, generator: np.random.Generator, *, seconds: float = 0.1, rate: int = 16_000
) -> None:
    """A short mono WAV; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = generator.normal(0, 500, round(seconds * rate)).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())


def noise(generator: np.random.Generator) -> np.ndarray:
    """A small colour picture of noise."""
    return generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
