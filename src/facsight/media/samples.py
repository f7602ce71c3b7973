"""The sound of a file as samples on the clock of its pictures, or a reason why not.

- The first track of sound is read. Channels are averaged, which never clips; integers become shares of full
  scale, so that samples lie in [-1, 1] (lossy codecs may pass it a little).
- `start` is the container's own time of the first sample: a track that begins late begins late here.
- What is missing inside (packets lost or damaged, times that jump) is filled with silence, so that what comes
  after it keeps its time; samples whose times have passed already are left out. Both are told.
- Another rate is made by swresample, which neither shifts nor stretches: sample k is at `start + k / rate`.
- What makes features worth less is told in `notes`: clipping, silence, a rate below the one asked for.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from jaxtyping import Float32

from facsight.core.errors import BadMedia, NoSound
from facsight.media.clock import duration_of
from facsight.media.file import check_file
from facsight.media.track import Damage, note, open_container, words_of

#: A time that is off by less (s) is rounding, or the unsteady clock of a camera.
_GRACE = 0.05
#: A sound that is shorter than its file says by more than this (s), and by a twentieth, ends early.
_EARLY = 0.5
#: Failures to read in a row, without anything read between, after which the rest is given up.
_FAILURES = 10
#: Full scale, but for rounding; three samples in a row that reach it were cut off.
_FULL = 0.999
#: Below this nothing is heard: -80 dB of full scale.
_SILENT = 1e-4
#: What one step of an integer sample is worth.
_STEPS = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}


@dataclass(frozen=True, eq=False)
class Sound:
    """Mono samples at `rate` a second, the first at `start` (s, on the clock of the frames' times).

    `damage` says what could not be decoded, `notes` what else there is to know.
    """

    samples: Float32[np.ndarray, "sample"]
    rate: int
    start: float
    damage: tuple[Damage, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def end(self) -> float:
        """When the last sample is over, seconds."""
        return self.start + len(self.samples) / self.rate


def read_sound(path: str | Path, rate: int | None = None) -> Sound:
    """The sound in a local file, video or sound only, at `rate` samples a second, or as it was recorded.

    It is decoded piece by piece: no more than the samples themselves are held. `NoSound` where a good file
    has no track of sound that can be decoded, `BadMedia` where it is no such file.
    """
    name = os.fspath(path)
    if rate is not None and rate < 1:
        raise BadMedia(f"expected a rate of at least 1 sample a second, found {rate}")
    check_file(Path(path), "sound")
    with open_container(name, "sound") as container:
        stream = _first_track(container, repr(name))
        line = _Line(rate)
        for frame in _frames(container, stream, line.damage):
            line.add(frame)
        tracks, announced = len(container.streams.audio), duration_of(stream, line.start)
    if line.start is None:
        raise NoSound(f"{name!r} has a track of sound, but nothing in it can be decoded")
    sound = line.finished(line.start)
    if announced and announced - (sound.end - sound.start) > max(_EARLY, 0.05 * announced):
        found = f"ends early: announced {announced:.2f} s, found {sound.end - sound.start:.2f} s"
        note(line.damage, sound.end, found)
    others = (f"of its {tracks} tracks of sound the first was read",) if tracks > 1 else ()
    return Sound(sound.samples, sound.rate, sound.start, tuple(line.damage), others + sound.notes)


def _first_track(container: InputContainer, name: str) -> AudioStream:
    tracks = container.streams.audio
    if not tracks:
        raise NoSound(f"{name} has no track of sound")
    if tracks[0].codec_context is None:
        raise NoSound(f"{name} has sound of a kind that cannot be decoded; convert it to AAC or WAV first")
    return tracks[0]


def _frames(container: InputContainer, stream: AudioStream, damage: list[Damage]) -> Iterator[AudioFrame]:
    """What can be decoded, in order; the rest is told in `damage`."""
    good: float | None = None
    for packet in _packets(container, stream, damage):
        try:
            frames = stream.decode(packet)
        except FFmpegError as error:
            note(damage, good, f"some sound could not be decoded ({words_of(error)})")
            continue
        for frame in frames:
            if frame.is_corrupt:
                note(damage, good, "sound decoded with errors was left out")
            elif frame.samples:
                good = frame.time if frame.time is not None else good
                yield frame


def _packets(container: InputContainer, stream: AudioStream, damage: list[Damage]) -> Iterator[Packet | None]:
    """What is coded, and None to ask for the last frames."""
    failures = 0
    while failures < _FAILURES:
        try:
            for packet in container.demux(stream):
                failures = 0
                if packet.size:  # without data it would end the decoding
                    yield packet
            break
        except (FFmpegError, OSError) as error:
            failures += 1
            note(damage, None, f"some sound could not be read ({words_of(error)})")
    yield None


@dataclass(eq=False)
class _Line:
    """Frames of sound laid on one line of time."""

    wanted: int | None
    damage: list[Damage] = field(default_factory=list)
    start: float | None = None
    rate: int = 0
    _lowest: int = 0
    _channels: int = 0
    _heard: int = 0
    _clipped: int = 0
    _filled: float = 0.0
    _dropped: float = 0.0
    _samples: bytearray = field(default_factory=bytearray)
    _run: "_Run | None" = None

    def add(self, frame: AudioFrame) -> None:
        """The next frame: at its time, or after the one before where it has none."""
        sound = shares_of(frame)
        self._channels = max(self._channels, len(sound))
        self._lowest = min(self._lowest or frame.sample_rate, frame.sample_rate)
        self._heard += sound.size
        self._clipped += _cut_off(sound)
        mono = sound.mean(axis=0, dtype=np.float32)
        if self.start is None:
            self.start = frame.time if frame.time is not None else 0.0
            self.rate = self.wanted or frame.sample_rate
        if self._run is None or self._run.rate != frame.sample_rate:
            self._end_run()
            self._run = _Run(frame.sample_rate, self.rate, self._now())
        self._run.put(self._in_time(mono, frame), self._samples)

    def _now(self) -> float:
        """When the next sample is due."""
        assert self.start is not None
        return self.start + len(self._samples) / 4 / self.rate

    def _in_time(self, mono: np.ndarray, frame: AudioFrame) -> np.ndarray:
        """The samples with silence before them where some are missing, without those that come too late."""
        assert self._run is not None
        late = 0.0 if frame.time is None else frame.time - self._run.due
        count = round(abs(late) * frame.sample_rate)
        if abs(late) <= _GRACE:
            return mono
        if late > 0:
            self._filled += late
            note(self.damage, self._run.due, "sound is missing, silence is put there")
            return np.concatenate([np.zeros(count, np.float32), mono])
        self._dropped += min(count, len(mono)) / frame.sample_rate
        note(self.damage, self._run.due, "sound whose time does not come after that before was left out")
        return mono[count:]

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.finish(self._samples)

    def finished(self, start: float) -> Sound:
        """All of it, which begins then."""
        self._end_run()
        samples = np.frombuffer(self._samples, np.float32)
        return Sound(samples, self.rate, start, tuple(self.damage), tuple(self._notes(samples)))

    def _notes(self, samples: np.ndarray) -> Iterator[str]:
        if self._channels > 1:
            yield f"{self._channels} channels were averaged"
        if self._lowest < self.rate:
            yield f"it was recorded at {self._lowest} Hz: it holds nothing above {self._lowest / 2000:g} kHz"
        if self._clipped:
            yield f"it is clipped: {100 * self._clipped / self._heard:.2g} % of its samples are cut off"
        if not samples.size or max(samples.max(), -samples.min()) < _SILENT:
            yield "it is silent"
        if self._filled:
            yield f"{self._filled:.2f} s of it are missing and were filled with silence"
        if self._dropped:
            yield f"{self._dropped:.2f} s of it came twice and were left out"


class _Run:
    """Samples of one rate on their way to another."""

    def __init__(self, rate: int, wanted: int, start: float):
        self.rate, self._start, self._put = rate, start, 0
        change = rate != wanted
        self._resampler = av.AudioResampler("flt", "mono", wanted) if change else None

    @property
    def due(self) -> float:
        """When the next sample is due that is put in."""
        return self._start + self._put / self.rate

    def put(self, mono: Float32[np.ndarray, "sample"], into: bytearray) -> None:
        self._put += len(mono)
        if self._resampler is None:
            into += mono.tobytes()
        elif len(mono):
            frame = av.AudioFrame.from_ndarray(mono[None], "flt", "mono")
            frame.sample_rate = self.rate
            self._take(self._resampler.resample(frame), into)

    def finish(self, into: bytearray) -> None:
        """What the resampler still holds."""
        if self._resampler is not None and self._put:
            self._take(self._resampler.resample(None), into)

    def _take(self, frames: list[AudioFrame], into: bytearray) -> None:
        for frame in frames:
            into += frame.to_ndarray().tobytes()


def shares_of(frame: AudioFrame) -> Float32[np.ndarray, "channel sample"]:
    """A frame's samples as shares of full scale, a row a channel."""
    kind = frame.format.packed.name
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if kind == "u8":
        values = values.astype(np.float32) - 128
    step = _STEPS.get(kind, 1.0)
    return values.astype(np.float32) * np.float32(step)


def _cut_off(sound: Float32[np.ndarray, "channel sample"]) -> int:
    """How many samples stand at full scale, with others that do beside them."""
    full = np.abs(sound) >= _FULL
    if not full.any():
        return 0
    three = full[:, :-2] & full[:, 1:-1] & full[:, 2:]
    cut = np.zeros_like(full)
    for place in range(3):
        cut[:, place : place + three.shape[1]] |= three
    return int(cut.sum())
