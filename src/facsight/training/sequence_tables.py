"""What a network says of recordings, as tables: a row a sample."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.training.sequence_scoring import Said


def prediction_table(said: Sequence[Said], recordings: SequenceSet) -> pl.DataFrame:
    """A row a sample of the dataset, a recording or a frame of one, as `facsight score --protocol` reads it.

    A frame gets what is said of the step in which it lies. Samples of several datasets are called as there,
    and have their dataset beside them.
    """
    parts = []
    for one, answer in zip(recordings.recordings, said, strict=True):
        names, rows = _samples(one, recordings)
        columns = {}
        for space in recordings.spaces:
            output = answer.outputs[space.name]
            columns |= answer_columns(output[None] if rows is None else output[rows], space)
        parts.append(names.with_columns(**columns))
    return pl.concat(parts)


def truth_table(recordings: SequenceSet) -> pl.DataFrame:
    """The labels in the rows of `prediction_table`, null where not known, and whose they are, `subject`.

    Of classes the one with the largest share.
    """
    parts = []
    for one in recordings.recordings:
        names, rows = _samples(one, recordings)
        columns: dict[str, Any] = {"subject": pl.lit(one.subject, pl.String)}
        for space in recordings.spaces:
            truth = one.truth[space.name]
            columns |= _label_columns(truth[None] if rows is None else truth[rows], space)
        parts.append(names.with_columns(**columns))
    return pl.concat(parts)


def _samples(one: Recording, recordings: SequenceSet) -> tuple[pl.DataFrame, Int[Tensor, "row"] | None]:
    """The samples of a recording, and the step of each; None where the recording is the one sample."""
    called = one.name if one.dataset is None else one.name.removeprefix(f"{one.dataset}/")
    names, rows = pl.DataFrame({"sample": [called]}), None
    if one.frames is not None:
        place = (one.frames["time"] / recordings.step + 1e-6).floor().clip(0, one.steps - 1).cast(pl.Int64)
        names, rows = one.frames, torch.from_numpy(place.to_numpy().copy())
    elif any(recordings.of_steps.values()):
        times = [k * recordings.step for k in range(one.steps)]
        names = pl.DataFrame({"sample": [f"{called}@{time:g}" for time in times], "time": times})
        rows = torch.arange(one.steps)
    return names if one.dataset is None else names.with_columns(dataset=pl.lit(one.dataset)), rows


def _label_columns(truth: Float[Tensor, "n column"], space: LabelSpace) -> dict[str, pl.Series]:
    if space.kind != "classes":
        return {name: _series(truth[:, k]) for k, name in enumerate(space.columns)}
    known = truth.isfinite().all(dim=1)
    places = truth.nan_to_num().argmax(dim=1).tolist()
    words = [space.classes[k] if there else None for k, there in zip(places, known.tolist(), strict=True)]
    return {space.column: pl.Series(words, dtype=pl.String)}


def answer_columns(output: Float[Tensor, "n column"], space: LabelSpace) -> dict[str, pl.Series]:
    """The columns of a label space that logits or values become; a row that is not known is null."""
    known = output.isfinite().all(dim=1).tolist()
    if space.kind == "classes":
        shares = output.softmax(dim=1)
        best = [
            space.classes[k] if there else None
            for k, there in zip(shares.argmax(1).tolist(), known, strict=True)
        ]
        told = {name: shares[:, k] for k, name in enumerate(space.shares)}
        return {space.column: pl.Series(best, dtype=pl.String)} | {n: _series(v) for n, v in told.items()}
    values = output.sigmoid() if space.kind == "units" else output.clamp(space.low, space.high)
    return {name: _series(values[:, k]) for k, name in enumerate(space.columns)}


def _series(values: Float[Tensor, "n"]) -> pl.Series:
    return pl.Series(values.tolist(), dtype=pl.Float32).fill_nan(None)
