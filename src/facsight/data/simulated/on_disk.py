"""Simulated recordings on disk, each modality at its own rate: a folder as `facsight prepare` makes it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from facsight.core.labels import LabelSpace
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
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.sets.manifest import NAMES

#: Rows a second of each modality.
RATES = {"face": 20.0, "voice": 100.0}


def write_simulated(
    folder: Path,
    parts: Mapping[str, SequenceSet],
    *,
    rates: Mapping[str, float] = RATES,
    version: str = "simulated-1",
    seed: int = 0,
) -> None:
    """Write recordings by split; `version` is what their features claim to be of.

    A step's features are spread over as many rows as the modality has in it: with noise that their mean does
    not have. Rows where a modality is not known are NaN; one that a recording lacks has no file.
    """
    noise = np.random.default_rng(seed)
    rows, cards = [], {}
    for split, part in parts.items():
        for one in part.recordings:
            name = f"{split}/{one.name}"
            (folder / RECORDINGS / escaped(name)).mkdir(parents=True, exist_ok=True)
            for modality, rate in rates.items():
                values = one.streams[modality].numpy()
                about = f"simulated features of a {modality}"
                card = StreamCard(modality, "simulated", version, values.shape[1:], rate, about)
                cards[modality] = card
                if one.known[modality].any():
                    stream = _spread(values, one.known[modality].numpy(), rate, part.step, noise)
                    write_stream(stream_file(folder, name, modality), stream, card)
            rows += list(_rows(name, split, one, part))
    write_cards(folder, cards)
    with whole_file(folder / NAMES[0]) as partial:
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(partial)


def _spread(
    values: np.ndarray, known: np.ndarray, rate: float, step: float, noise: np.random.Generator
) -> Stream:
    each = max(1, round(rate * step))
    wobble = noise.normal(size=(len(values), each, *values.shape[1:]))
    rows = values[:, None] + wobble - wobble.mean(axis=1, keepdims=True)
    rows[~known] = np.nan
    time = (np.arange(len(values) * each) + 0.5) * step / each
    return Stream(time, rows.reshape(-1, *values.shape[1:]).astype(np.float32))


def _rows(name: str, split: str, one: Recording, part: SequenceSet) -> Iterator[dict[str, Any]]:
    """The rows of the list: one a step where steps have labels, else one."""
    (space,) = part.spaces
    about = {"file": f"{RECORDINGS}/{escaped(name)}", "video": name, "subject": one.subject, "split": split}
    truth = one.truth[space.name]
    if truth.ndim == 1:
        yield about | {"sample": name} | _labels(space, truth.tolist())
        return
    for step, labels in enumerate(truth.tolist()):
        time = {"sample": f"{name}/{step:05d}", "frame": step, "start": (step + 0.5) * part.step}
        yield about | time | _labels(space, labels)


def _labels(space: LabelSpace, labels: list[float]) -> dict[str, Any]:
    if space.kind == "classes":
        return {"expression": space.classes[int(np.argmax(labels))]}
    return {
        name: None if np.isnan(value) else value for name, value in zip(space.columns, labels, strict=True)
    }
