"""Recordings as windows: several modalities on one clock of steps, with what is missing of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import UnknownName, did_you_mean


@dataclass(frozen=True)
class Sequences:
    """What several modalities give in each step of some windows.

    A stream holds a modality's features of each step, or so many frames or samples of it: (batch, step, ...).
    `known` says of each modality where it is there: a gap, a modality that a recording lacks and all steps
    beyond the end are not. Where it is not known a stream is 0, never NaN, and nothing may depend on it.
    `inside` is False beyond a recording's end.
    """

    streams: Mapping[str, Float[Tensor, "batch step ..."]]
    known: Mapping[str, Bool[Tensor, "batch step"]]
    inside: Bool[Tensor, "batch step"]

    def __len__(self) -> int:
        return len(self.inside)

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities, in order."""
        return tuple(self.streams)

    def to(self, device: torch.device) -> "Sequences":
        """The same windows on a device."""
        return Sequences(
            {name: stream.to(device) for name, stream in self.streams.items()},
            {name: known.to(device) for name, known in self.known.items()},
            self.inside.to(device),
        )

    def only(self, names: Iterable[str]) -> "Sequences":
        """Some of the modalities, in this order; `UnknownName` for one that is not there."""
        names = tuple(names)
        for name in names:
            if name not in self.streams:
                raise UnknownName(f"there is no modality {name!r}: {did_you_mean(name, self.streams)}")
        return replace(
            self,
            streams={name: self.streams[name] for name in names},
            known={name: self.known[name] for name in names},
        )

    def missing(self, names: Iterable[str]) -> "Sequences":
        """The same windows as if some modalities had not been recorded."""
        gone = set(names)
        return replace(
            self,
            streams={k: torch.zeros_like(s) if k in gone else s for k, s in self.streams.items()},
            known={k: torch.zeros_like(s) if k in gone else s for k, s in self.known.items()},
        )

    def kept(self, where: Mapping[str, Bool[Tensor, "batch #step"]]) -> "Sequences":
        """The same windows with each modality known only where it is to be kept, and 0 elsewhere."""
        known = {name: known & where[name] for name, known in self.known.items()}
        streams = {
            name: torch.where(known[name].reshape(*known[name].shape, *[1] * (stream.ndim - 2)), stream, 0.0)
            for name, stream in self.streams.items()
        }
        return replace(self, streams=streams, known=known)

    def encoded(self, streams: Mapping[str, Float[Tensor, "batch step feature"]]) -> "Sequences":
        """The same windows with a feature vector a step in place of what the streams held."""
        return replace(self, streams=dict(streams))


@dataclass(frozen=True)
class LabelledSequences:
    """Windows with their labels, by the name of the label space.

    Labels of steps are (batch, step, column), those of whole windows (batch, column); columns are those of
    the space: values as they are, classes as shares that sum to 1, units as 0 and 1. What is not known is
    NaN, a row at a time or a column at a time.
    """

    sequences: Sequences
    truth: Mapping[str, Float[Tensor, "batch ..."]]

    def __len__(self) -> int:
        return len(self.sequences)

    def to(self, device: torch.device) -> "LabelledSequences":
        """The same windows on a device."""
        return LabelledSequences(
            self.sequences.to(device), {name: truth.to(device) for name, truth in self.truth.items()}
        )


@dataclass(frozen=True)
class LabelledClips(LabelledSequences):
    """A clip of each of some windows, by their numbers, from their steps `start` on; labels are theirs."""

    window: Int[Tensor, "batch"]
    start: Int[Tensor, "batch"]

    def to(self, device: torch.device) -> "LabelledClips":
        """The same clips on a device."""
        all_of = super().to(device)
        return LabelledClips(all_of.sequences, all_of.truth, self.window.to(device), self.start.to(device))


@dataclass(frozen=True)
class SequencePrediction:
    """What a network says of windows.

    `outputs`, by label space: logits of classes and units, values as they are; of each step (batch, step,
    column) or of each window (batch, column). `fused` are the features that the decision is made from.
    `shares` say what part each modality has in each step's decision and sum to 1 over the modalities; None
    where the network does not know.
    """

    outputs: Mapping[str, Float[Tensor, "batch ..."]]
    fused: Float[Tensor, "batch step feature"]
    shares: Mapping[str, Float[Tensor, "batch step"]] | None = None
