"""Cues of the voice in a stretch, against what is usual in the recording: with one speaker, their own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64

from facsight.functional.sound import HOP, PROSODY, prosody
from facsight.functional.voice import LOUD, LOUDNESS, PITCH, VOICED
from facsight.media.samples import Sound
from facsight.words.cues import Cue

#: The rate that voices are measured at, Hz, and the frequency that pitch is counted from, in octaves.
RATE, LOWEST_PITCH = 16_000, 55.0
#: Frames that are measured at a time: a minute.
BLOCK = 6000
#: Frames of a voice in a stretch, below which nothing is said of it: 0.1 s.
LEAST = 10


@dataclass(frozen=True, eq=False)
class Voice:
    """A voice 100 times a second, and its medians over the recording where it is voiced."""

    time: Float64[np.ndarray, "frame"]
    rows: Float64[np.ndarray, "frame 5"]
    usual_loudness: float
    usual_pitch: float
    usual_onsets: float

    @property
    def heard(self) -> Bool[np.ndarray, "frame"]:
        """Where a voice is: voiced, and near enough to the loudest."""
        return _heard(self.rows)


def measure_voice(sound: Sound) -> Voice | None:
    """The voice of a sound at 16 kHz; None where there is none in it."""
    samples, hop, times, rows = torch.from_numpy(sound.samples), round(HOP * RATE), [], []
    for first in range(0, max(1, len(samples)), BLOCK * hop):
        time, some = prosody(samples[first : first + BLOCK * hop + hop * 4], RATE)
        times.append(sound.start + first / RATE + time[:BLOCK].double().numpy())
        rows.append(some[:BLOCK].double().numpy())
    time, values = np.concatenate(times), np.concatenate(rows).reshape(-1, len(PROSODY))
    if not len(values) or not _heard(values).any():
        return None
    heard = _heard(values)
    loudness, pitch = (float(np.median(values[heard, column])) for column in (LOUDNESS, PITCH))
    return Voice(time, values, loudness, pitch, _onsets(heard) / (len(values) * HOP))


def voice_cues(voice: Voice, start: float, end: float) -> list[Cue]:
    """How the voice sounds in a stretch, or that hardly any is heard; nothing where there is no sound."""
    inside = (voice.time >= start) & (voice.time < end)
    rows, heard = voice.rows[inside], voice.heard[inside]
    if not len(rows):
        return []
    if heard.sum() < LEAST:
        return [Cue("silence")]
    pitch = float(np.median(rows[heard, PITCH]))
    values = {
        "loudness": float(np.median(rows[heard, LOUDNESS])) - voice.usual_loudness,
        "pitch": 12 * (pitch - voice.usual_pitch),
        "hertz": LOWEST_PITCH * 2**pitch,
        "voiced": float(heard.mean()),
        "onsets": _onsets(heard) / (len(rows) * HOP),
        "usual_onsets": voice.usual_onsets,
        "pause": _longest_pause(heard) * HOP,
    }
    return [Cue("voice", values)]


@dataclass(frozen=True)
class Usual:
    """What is usual of a speaker over all of their recordings, whatever they express in them.

    Medians of loudness (dB) and pitch (octaves above 55 Hz) where a voice is; of the recordings' own measures
    for the rest: seconds from the first sound to the last, the share of them that is voiced, voiced stretches
    a second, seconds of the longest pause.
    """

    loudness: float
    pitch: float
    spoken: float
    voiced: float
    onsets: float
    pause: float


def usual_voice(recordings: Sequence[Float64[np.ndarray, "_ 5"]]) -> Usual | None:
    """The usual of a speaker from the prosody of their recordings; None where no voice is in any."""
    spoken = [(rows, _heard(rows)) for rows in recordings if len(rows)]
    spoken = [(rows, heard) for rows, heard in spoken if heard.sum() >= LEAST]
    if not spoken:
        return None
    said = np.concatenate([rows[heard] for rows, heard in spoken])
    rhythms = np.array([_rhythm(heard) for _, heard in spoken])
    return Usual(
        float(np.median(said[:, LOUDNESS])),
        float(np.median(said[:, PITCH])),
        *(float(value) for value in np.median(rhythms, axis=0)),
    )


def own_voice_cues(
    time: Float64[np.ndarray, "frame"],
    rows: Float64[np.ndarray, "frame 5"],
    usual: Usual | None,
    start: float,
    end: float,
) -> list[Cue]:
    """How the voice sounds in a stretch of a recording against the speaker's usual, or that none is heard."""
    inside = (time >= start) & (time < end)
    if not inside.any():
        return []
    heard = _heard(rows)[inside]
    if usual is None or heard.sum() < LEAST:
        return [Cue("silence")]
    said = rows[inside][heard]
    spoken, voiced, onsets, pause = _rhythm(heard)
    values = {
        "loudness": float(np.median(said[:, LOUDNESS])) - usual.loudness,
        "pitch": 12 * (float(np.median(said[:, PITCH])) - usual.pitch),
        "spoken": spoken,
        "usual_spoken": usual.spoken,
        "voiced": voiced,
        "usual_voiced": usual.voiced,
        "onsets": onsets,
        "usual_onsets": usual.onsets,
        "pause": pause,
        "usual_pause": usual.pause,
    }
    return [Cue("own_voice", values)]


def _rhythm(heard: Bool[np.ndarray, "frame"]) -> tuple[float, float, float, float]:
    """From the first sound to the last: seconds, share voiced, voiced stretches a second, longest pause."""
    places = np.flatnonzero(heard)
    speech = heard[places[0] : places[-1] + 1]
    seconds = len(speech) * HOP
    return seconds, float(speech.mean()), _onsets(speech) / seconds, _longest_pause(speech) * HOP


def _heard(rows: Float64[np.ndarray, "frame 5"]) -> Bool[np.ndarray, "frame"]:
    loudness = rows[:, LOUDNESS]
    return (rows[:, VOICED] > 0) & (loudness > loudness.max() - LOUD)


def _onsets(heard: Bool[np.ndarray, "frame"]) -> int:
    """How often a voice begins: a rough measure of the rate of speech."""
    return int((heard & ~np.concatenate([[False], heard[:-1]])).sum())


def _longest_pause(heard: Bool[np.ndarray, "frame"]) -> int:
    """Frames of the longest stretch without a voice."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], heard, [True]]).astype(int)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
