"""Recordings on a clock of steps, with their labels: what methods over sequences are trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.errors import BadLabels, BadTable
from facsight.core.labels import LabelSpace


@dataclass(frozen=True)
class Recording:
    """One recording, its streams on the clock: (step, ...), 0 where it is not known.

    `truth`, by label space, is (step, column) where steps have labels and (column,) where the whole recording
    has one; not known is NaN. `frames` are the dataset's samples in it with their time in seconds, where
    samples are frames; None where the recording is one sample. `dataset` is whose it is among several.
    """

    name: str
    subject: str | None
    streams: Mapping[str, Float[Tensor, "step ..."]]
    known: Mapping[str, Bool[Tensor, "step"]]
    truth: Mapping[str, Float[Tensor, "..."]]
    frames: pl.DataFrame | None = None
    dataset: str | None = None

    @property
    def steps(self) -> int:
        return len(next(iter(self.known.values())))


@dataclass(frozen=True)
class SequenceSet:
    """Recordings that share a clock, modalities and label spaces.

    `step` is in seconds. `BadTable` and `BadLabels` say which recording is not like the others.
    """

    name: str
    step: float
    spaces: tuple[LabelSpace, ...]
    recordings: tuple[Recording, ...]

    def __post_init__(self):
        if not self.recordings:
            raise BadTable(f"{self.name}: there are no recordings")
        first = self.recordings[0]
        for one in self.recordings:
            self._check(one, first)

    def __len__(self) -> int:
        return len(self.recordings)

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """The modalities, and the shape of a step of each."""
        return {name: tuple(stream.shape[1:]) for name, stream in self.recordings[0].streams.items()}

    @property
    def of_steps(self) -> dict[str, bool]:
        """By label space: whether steps have labels, not whole recordings."""
        return {name: truth.ndim == 2 for name, truth in self.recordings[0].truth.items()}

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that the recordings are of, where they are of several."""
        return tuple(dict.fromkeys(one.dataset for one in self.recordings if one.dataset is not None))

    def subset(self, keep: Callable[[Recording], bool], name: str | None = None) -> "SequenceSet":
        """The recordings for which `keep` holds."""
        kept = tuple(one for one in self.recordings if keep(one))
        return replace(self, name=name or self.name, recordings=kept)

    def _check(self, one: Recording, first: Recording) -> None:
        shapes = [{name: s.shape[1:] for name, s in each.streams.items()} for each in (one, first)]
        if shapes[0] != shapes[1]:
            raise BadTable(
                f"{self.name}: {one.name} has {_told(shapes[0])}, {first.name} has {_told(shapes[1])}: "
                "recordings share their modalities; one that is missing is there and known nowhere"
            )
        lengths = {len(part) for parts in (one.streams, one.known) for part in parts.values()}
        if len(lengths) != 1 or one.streams.keys() != one.known.keys():
            raise BadTable(f"{self.name}: the modalities of {one.name} have {sorted(lengths)} steps")
        for space in self.spaces:
            truth = one.truth.get(space.name)
            wanted = {(one.steps, len(space)), (len(space),)}
            if (
                truth is None
                or tuple(truth.shape) not in wanted
                or truth.ndim != first.truth[space.name].ndim
            ):
                found = "none" if truth is None else tuple(truth.shape)
                raise BadLabels(
                    f"{self.name}: expected labels of {space.name} for {one.name}, of each of {one.steps} "
                    f"steps or of the whole as those of {first.name}, found {found}"
                )


def _told(shapes: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items()) or "nothing"


def label_rows(table: pl.DataFrame, space: LabelSpace) -> Float[Tensor, "n column"]:
    """The labels of a space in a dataset's table: shares of classes that sum to 1, or values; NaN: not known.

    Shares of annotators, where the table has them, are the label; else the whole is the class's.
    """
    if space.kind != "classes":
        return torch.from_numpy(table.select(pl.col(space.columns).cast(pl.Float32)).to_numpy().copy())
    names: Sequence[Any] = space.shares if set(space.shares) <= set(table.columns) else ()
    if names:
        shares = torch.from_numpy(table.select(pl.col(names).cast(pl.Float32)).to_numpy().copy())
        return shares / shares.sum(dim=1, keepdim=True)
    place = (
        table[space.column]
        .cast(pl.String)
        .replace_strict(
            {name: k for k, name in enumerate(space.classes)}, default=None, return_dtype=pl.Int64
        )
    )
    known = torch.from_numpy(place.is_not_null().to_numpy().copy())
    whole = torch.nn.functional.one_hot(torch.from_numpy(place.fill_null(0).to_numpy().copy()), len(space))
    return torch.where(known[:, None], whole.float(), torch.nan)
