"""A prepared folder as recordings on a clock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadLabels, BadTable, MissingData, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.data.dataset import Dataset
from facsight.data.opening import open_dataset
from facsight.data.recordings import StreamCard, check_versions, read_cards, read_stream, stream_file
from facsight.data.sequence_set import Recording, SequenceSet, label_rows
from facsight.functional.alignment import on_clock, steps_in


def load_prepared(
    folder: str | Path,
    *,
    modalities: Mapping[str, int],
    step: float,
    split: str | None = None,
    labels: Sequence[str] | str = (),
    wanted: Mapping[str, StreamCard] | None = None,
) -> tuple[SequenceSet, dict[str, StreamCard]]:
    """The labelled recordings of a folder that `facsight prepare` made, and what their modalities are.

    `modalities` says how many parts a step of each has (`functional.alignment.on_clock`); `step` is in
    seconds. `split`: train, val or test, None for all. `labels` name label spaces, all by default. `wanted`
    are the features that a model was trained on: others are refused. Rows of frames become labels of steps.
    """
    folder = Path(folder)
    cards = read_cards(folder)
    for name in modalities:
        if name not in cards:
            raise MissingData(f"{folder} has no modality {name!r}: {did_you_mean(name, cards)}")
    used = {name: cards[name] for name in modalities}
    check_versions(cards, wanted or {}, str(folder))
    data = open_dataset("manifest", folder, sealed=split != "test", labels=labels or None)
    if split is not None:
        data = data.split(split)
    spaces = _spaces(data)
    recordings = tuple(_recordings(data, folder, spaces, modalities, used, step))
    name = f"{folder.name}-{split or 'all'}"
    if not recordings:
        raise MissingData(f"{folder} holds no labelled recording with any of {', '.join(modalities)}")
    found = SequenceSet(name, step, spaces, recordings)
    for modality in modalities:
        if not any(one.known[modality].any() for one in recordings):
            raise BadTable(
                f"{name}: {modality!r} is known in no recording; leave it out, or prepare these "
                "recordings with it"
            )
    return found, used


def _spaces(data: Dataset) -> tuple[LabelSpace, ...]:
    if not data.spaces:
        raise BadLabels(f"{data.root} has no labels that are known; see `facsight data show manifest`")
    return data.spaces


def _recordings(
    data: Dataset,
    folder: Path,
    spaces: tuple[LabelSpace, ...],
    modalities: Mapping[str, int],
    cards: Mapping[str, StreamCard],
    step: float,
):
    """Each recording with a label and a stream, in the order of the list."""
    of_frames = data.table["frame"].is_not_null().any()
    name = pl.col("video") if of_frames else pl.col("sample")
    for (recording,), rows in data.table.group_by(name, maintain_order=True):
        labels = {space.name: label_rows(rows, space) for space in spaces}
        if all(truth.isnan().all() for truth in labels.values()):
            continue
        one = on_one_clock(folder, str(recording), modalities, cards, step)
        if one is None:
            continue
        truth = _truth(rows, labels, step, one.steps) if of_frames else {n: t[0] for n, t in labels.items()}
        frames = rows.select("sample", time="start") if of_frames else None
        yield replace(one, subject=rows["subject"][0], truth=truth, frames=frames)


def on_one_clock(
    folder: Path, recording: str, modalities: Mapping[str, int], cards: Mapping[str, StreamCard], step: float
) -> Recording | None:
    """A recording of a prepared folder on a clock, without labels; None where no modality is there."""
    found = {name: _stream(folder, recording, cards[name]) for name in modalities}
    end = max((time[-1] for time, _ in found.values() if len(time)), default=-1.0)
    if end < 0:
        return None
    steps = steps_in(float(end), step)
    parts = {
        name: on_clock(time, values, step=step, steps=steps, frames=modalities[name])
        for name, (time, values) in found.items()
    }
    return Recording(
        name=recording,
        subject=None,
        streams={name: torch.from_numpy(stream) for name, (stream, _) in parts.items()},
        known={name: torch.from_numpy(known) for name, (_, known) in parts.items()},
        truth={},
    )


def _stream(folder: Path, recording: str, card: StreamCard) -> tuple[np.ndarray, np.ndarray]:
    """Times and values; nothing where the recording has none of this modality."""
    path = stream_file(folder, recording, card.modality)
    if not path.is_file():
        return np.zeros(0), np.zeros((0, *card.size), dtype=np.float32)
    stream, found = read_stream(path)
    check_versions({card.modality: found}, {card.modality: card}, str(path))
    return stream.time, stream.values.astype(np.float32)


def _truth(
    rows: pl.DataFrame, labels: Mapping[str, Float[Tensor, "row column"]], step: float, steps: int
) -> dict[str, Float[Tensor, "step column"]]:
    """Labels of frames as labels of steps: the mean of those that are known, column by column."""
    time = rows["start"].cast(pl.Float64).to_numpy()
    if np.isnan(time).any():
        raise BadTable("frames of a prepared folder need their time in the column start: prepare them again")
    found = {}
    for name, truth in labels.items():
        columns = [on_clock(time, column[:, None], step=step, steps=steps) for column in truth.numpy().T]
        values = [np.where(known, means[:, 0], np.nan) for means, known in columns]
        found[name] = torch.from_numpy(np.stack(values, axis=1).astype(np.float32))
    return found
