"""Recordings whose label is whether face and voice contradict one another, as a prepared folder."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from jaxtyping import Float

from facsight.core.labels import label_space
from facsight.core.saving import whole_file
from facsight.data.recordings import (
    RECORDINGS,
    Stream,
    StreamCard,
    escaped,
    stream_file,
    write_cards,
    write_stream,
)
from facsight.data.sets.manifest import ABOUT, NAMES

SPACE = label_space("discord2")
CLASSES = ("neutral", "happiness", "sadness", "surprise", "anger")
#: Seconds of a recording, rows a second of face and voice.
SECONDS, FACE_RATE, VOICE_RATE = 2.0, 5.0, 100.0
#: By how much a sign moves the face (logits of happiness, and of sadness the other way) and the voice (dB,
#: octaves), and how much recordings of one sign differ, for a `noise` of 1.
FACE_MOVED, LOUDER, HIGHER = 1.0, 4.0, 0.25
FACE_SPREAD, LOUDNESS_SPREAD, PITCH_SPREAD = 0.5, 2.5, 0.16
#: Recordings of a person: each pair of signs twice.
EACH = 8

CARDS = {
    "face:facsight": StreamCard(
        "face:facsight",
        "simulated",
        "discord-1",
        (len(CLASSES),),
        FACE_RATE,
        "simulated probabilities of expressions",
        CLASSES,
    ),
    "audio:prosody": StreamCard(
        "audio:prosody",
        "simulated",
        "discord-1",
        (5,),
        VOICE_RATE,
        "loudness, pitch, voiced, clarity, brightness, 16 kHz",
    ),
}


def write_discord(
    folder: Path, people: Mapping[str, int], *, generator: torch.Generator, noise: float = 1.0
) -> None:
    """Write eight recordings of each of so many people a split, named as `facsight prepare` names features.

    A face shows happiness (+) or sadness (-), a voice is louder and higher than usual (+) or quieter and
    lower (-), each with noise; usual differs from person to person. The label of a recording is `discord`
    where the signs differ. Each person has every pair of signs twice, so that neither modality alone tells
    anything, and nor does who it is.
    """
    rows: list[dict[str, Any]] = []
    for split, count in people.items():
        for person in range(count):
            who = f"{split} {person}"
            for name, label, streams in _of_person(who, generator, noise):
                (folder / RECORDINGS / escaped(name)).mkdir(parents=True, exist_ok=True)
                for modality, stream in streams.items():
                    write_stream(stream_file(folder, name, modality), stream, CARDS[modality])
                about = {"file": f"{RECORDINGS}/{escaped(name)}", "sample": name}
                rows.append(about | {"subject": who, "split": split, SPACE.column: label})
    write_cards(folder, CARDS)
    with whole_file(folder / NAMES[0]) as partial:
        pl.DataFrame(rows).write_parquet(partial, metadata={ABOUT: json.dumps({"labels": [SPACE.name]})})


def _of_person(
    who: str, generator: torch.Generator, noise: float
) -> Iterator[tuple[str, str, dict[str, Stream]]]:
    usual = np.array([-35.0, 1.2]) + np.array([4.0, 0.25]) * _draw(generator, 2)
    signs = list(product((1, -1), (1, -1))) * (EACH // 4)
    for number, place in enumerate(torch.randperm(EACH, generator=generator).tolist()):
        face, voice = signs[place]
        streams = {"face:facsight": _face(face, generator, noise)}
        streams["audio:prosody"] = _voice(voice, usual, generator, noise)
        yield f"{who}/{number}", SPACE.classes[int(face != voice)], streams


def _face(sign: int, generator: torch.Generator, noise: float) -> Stream:
    """Probabilities of each frame: happiness and sadness by the sign, the others by chance."""
    count = round(SECONDS * FACE_RATE)
    level = noise * FACE_SPREAD * _draw(generator, len(CLASSES))
    level[[1, 2]] += np.array([FACE_MOVED, -FACE_MOVED]) * sign
    logits = level + 0.5 * noise * _draw(generator, count, len(CLASSES))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Stream((np.arange(count) + 0.5) / FACE_RATE, shares.astype(np.float32))


def _voice(sign: int, usual: Float[np.ndarray, "2"], generator: torch.Generator, noise: float) -> Stream:
    """Prosody of each frame: loudness and pitch by the sign, voiced stretches by chance."""
    count = round(SECONDS * VOICE_RATE)
    spread = noise * np.array([LOUDNESS_SPREAD, PITCH_SPREAD])
    level = usual + sign * np.array([LOUDER, HIGHER]) + spread * _draw(generator, 2)
    loudness = level[0] + _draw(generator, count)
    pitch = level[1] + 0.02 * _draw(generator, count)
    length = int(torch.randint(10, 40, (), generator=generator))
    voiced = (np.arange(count) // length) % 2 == 0
    rows = np.stack([loudness, np.where(voiced, pitch, 0.0), voiced, 0 * pitch, 0 * pitch], axis=1)
    return Stream((np.arange(count) + 0.5) / VOICE_RATE, rows.astype(np.float32))


def _draw(generator: torch.Generator, *shape: int) -> Float[np.ndarray, "..."]:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).numpy()
