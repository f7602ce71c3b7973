"""Windows cut out of recordings, padded and augmented: what the training loop draws from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.core.sequences import LabelledClips, LabelledSequences, Sequences
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.functional.alignment import stitch, window_rows
from facsight.functional.modality_dropout import drop_modalities, drop_stretches


@dataclass(frozen=True)
class WindowPlan:
    """How long windows are, how far apart they begin, and how far apart their steps are: seconds.

    `seconds` of 0 takes each recording whole. `dilation` of 0 takes every step.
    """

    seconds: float = 0.0
    hop: float = 0.0
    dilation: float = 0.0

    def __post_init__(self):
        if min(self.seconds, self.hop, self.dilation) < 0:
            raise BadRecipe(f"windows have no negative seconds, found {self}")

    def rows(self, steps: int, step: float) -> Int[Tensor, "window length"]:
        """The steps of each window of a recording of so many, -1 beyond its end; whole if `seconds` is 0."""
        length = max(1, round(self.seconds / step)) if self.seconds else steps
        dilation = max(1, round(self.dilation / step))
        hop = max(1, round(self.hop / step)) if self.hop else length * dilation
        return torch.from_numpy(window_rows(steps, length=length, hop=hop, dilation=dilation))


@dataclass(frozen=True)
class SequenceAugmentation:
    """How training windows are changed.

    `modality_dropout` is the share of windows that lose each modality, never all; `stretch` the share that
    lose one of them for a stretch of up to half of the window (`functional.modality_dropout`); `noise` in
    standard deviations of each feature, which streams are assumed to have of about 1.
    """

    modality_dropout: float = 0.0
    stretch: float = 0.0
    noise: float = 0.0

    def __post_init__(self):
        if not (0 <= self.modality_dropout < 1 and 0 <= self.stretch <= 1 and self.noise >= 0):
            raise BadRecipe(f"shares are from 0 to 1 and noise is 0 or more, found {self}")


NO_CHANGE = SequenceAugmentation()

#: What windows can be balanced by: classes of recordings, their datasets, or which tasks they have labels of.
Groups = Literal["classes", "datasets", "tasks"]


class Windows:
    """The windows of a set of recordings, by number."""

    kind = "window"

    def __init__(
        self,
        recordings: SequenceSet,
        plan: WindowPlan,
        augmentation: SequenceAugmentation = NO_CHANGE,
        groups: Groups = "classes",
    ):
        self.recordings, self.plan, self.augmentation = recordings, plan, augmentation
        self.groups: Groups = groups
        self.places = [
            (number, rows)
            for number, one in enumerate(recordings.recordings)
            for rows in plan.rows(one.steps, recordings.step)
        ]

    def __len__(self) -> int:
        return len(self.places)

    def labels(self) -> Int[Tensor, "n"] | Bool[Tensor, "n group"] | None:
        """The groups of each window: its dataset, or the label spaces in which it has labels.

        Of classes: its class, where there is one label space, of classes, of whole recordings.
        """
        if self.groups == "datasets":
            names = self.recordings.datasets
            places = [names.index(one.dataset) for one in self._owners() if one.dataset is not None]
            return torch.tensor(places) if names else None
        if self.groups == "tasks":
            return torch.tensor([self._labelled(number, rows) for number, rows in self.places])
        return self._classes()

    def _classes(self) -> Int[Tensor, "n"] | None:
        (space, *others) = self.recordings.spaces
        if others or space.kind != "classes" or self.recordings.of_steps[space.name]:
            return None
        truth = [one.truth[space.name] for one in self._owners()]
        return torch.stack(truth).nan_to_num().argmax(dim=1)

    def _owners(self) -> list[Recording]:
        """The recording of each window."""
        return [self.recordings.recordings[number] for number, _ in self.places]

    def _labelled(self, number: int, rows: Int[Tensor, "step"]) -> list[bool]:
        """In which label spaces a window has a label."""
        one = self.recordings.recordings[number]
        truth = [one.truth[space.name] for space in self.recordings.spaces]
        return [bool((t if t.ndim == 1 else t[rows[rows >= 0]]).isfinite().any()) for t in truth]

    def __call__(self, rows: Int[Tensor, "batch"], generator: torch.Generator) -> LabelledSequences:
        """The windows with these numbers, augmented with this generator's numbers, padded to the longest."""
        return self._cut([self._own(row) for row in rows.tolist()], generator)

    def clips(
        self,
        rows: Int[Tensor, "batch"],
        starts: Int[Tensor, "batch"],
        span: int,
        generator: torch.Generator,
    ) -> LabelledClips:
        """`span` steps out of each of these windows, from its step `starts` on, with the window's labels."""
        chosen = []
        for row, start in zip(rows.tolist(), starts.tolist(), strict=True):
            number, steps = self._own(row)
            chosen.append((number, steps[start : start + span]))
        found = self._cut(chosen, generator)
        return LabelledClips(found.sequences, found.truth, rows, starts)

    @property
    def lengths(self) -> Int[Tensor, "n"]:
        """How many steps each window has, without those beyond its recording's end."""
        return torch.tensor([int((steps >= 0).sum()) for _, steps in self.places])

    def _own(self, row: int) -> tuple[int, Int[Tensor, "step"]]:
        """The recording of a window, and its steps up to the recording's end."""
        number, steps = self.places[row]
        return number, steps[steps >= 0]

    def _cut(
        self, chosen: Sequence[tuple[int, Int[Tensor, "_"]]], generator: torch.Generator
    ) -> LabelledSequences:
        """These steps of these recordings, padded to the longest and augmented."""
        length = max(len(steps) for _, steps in chosen)
        picked = [(self.recordings.recordings[number], steps) for number, steps in chosen]
        inside = torch.stack([_padded(steps, length) >= 0 for _, steps in picked])
        streams, known = {}, {}
        for name in self.recordings.sizes:
            streams[name] = torch.stack([_taken(one.streams[name], steps, length) for one, steps in picked])
            known[name] = torch.stack([_taken(one.known[name], steps, length) for one, steps in picked])
        truth = {
            space.name: torch.stack([_truth(one, space.name, steps, length) for one, steps in picked])
            for space in self.recordings.spaces
        }
        sequences = augmented(Sequences(streams, known, inside), self.augmentation, generator)
        return LabelledSequences(sequences, truth)

    def batches(self, batch_size: int) -> Iterator[LabelledSequences]:
        """All windows in order."""
        for rows in torch.arange(len(self)).split(batch_size):
            yield self(rows, torch.Generator())

    def stitched(
        self, outputs: Mapping[int, Float[Tensor, "length column"]]
    ) -> list[tuple[Float[Tensor, "step column"], Int[Tensor, "step"]]]:
        """For each recording, the mean of what its windows say of each step, and how many windows do.

        `outputs` are those of each window, by its number.
        """
        found = []
        for number, one in enumerate(self.recordings.recordings):
            own = [k for k, (place, _) in enumerate(self.places) if place == number]
            rows = torch.stack([self.places[k][1] for k in own])
            values = torch.stack([_to_length(outputs[k].double(), rows.shape[1]) for k in own])
            mean, count = stitch(values.numpy(), rows.numpy(), one.steps)
            found.append((torch.from_numpy(mean), torch.from_numpy(count)))
        return found


def augmented(sequences: Sequences, amounts: SequenceAugmentation, generator: torch.Generator) -> Sequences:
    """The windows with modalities lost, for whole windows or stretches, and with noise."""
    if amounts.modality_dropout:
        sequences = drop_modalities(sequences, amounts.modality_dropout, generator)
    if amounts.stretch:
        sequences = drop_stretches(sequences, amounts.stretch, generator)
    if amounts.noise:
        noisy = {
            name: stream + amounts.noise * torch.randn(stream.shape, generator=generator)
            for name, stream in sequences.streams.items()
        }
        sequences = sequences.encoded(noisy).kept(sequences.known)
    return sequences


def _padded(steps: Int[Tensor, "step"], length: int) -> Int[Tensor, "length"]:
    return torch.nn.functional.pad(steps, (0, length - len(steps)), value=-1)


def _taken(values: Tensor, steps: Int[Tensor, "step"], length: int) -> Tensor:
    """The rows of these steps, 0 beyond the end."""
    places = _padded(steps, length)
    taken = values[places.clamp(min=0)]
    return torch.where((places >= 0).reshape(-1, *[1] * (values.ndim - 1)), taken, torch.zeros_like(taken))


def _truth(one: Recording, space: str, steps: Int[Tensor, "step"], length: int) -> Tensor:
    truth = one.truth[space]
    if truth.ndim == 1:
        return truth
    places = _padded(steps, length)
    return torch.where((places >= 0)[:, None], truth[places.clamp(min=0)], torch.nan)


def _to_length(values: Float[Tensor, "step column"], length: int) -> Float[Tensor, "length column"]:
    return torch.nn.functional.pad(values, (0, 0, 0, length - len(values)), value=torch.nan)
