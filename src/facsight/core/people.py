"""Inputs by the person they are of: labelled people, one without labels, and a batch of adaptation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadPeople, counted


@dataclass(frozen=True)
class Unlabelled:
    """Inputs of one person, and the clip that each is from. There is no label field, on purpose.

    `inputs` are pixels (n, channel, height, width) or rows of numbers (n, column); all finite.
    """

    inputs: Float[Tensor, "n *shape"]
    clip: Int[Tensor, "n"]

    def __post_init__(self):
        _check(self.inputs, clip=self.clip)

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Tensor) -> "Unlabelled":
        """Some of the rows, by number or by mask."""
        return Unlabelled(self.inputs[rows], self.clip[rows])

    def thinned(self, most: int) -> "Unlabelled":
        """At most so many rows, evenly spaced from the first to the last."""
        if len(self) <= most:
            return self
        return self.take(torch.linspace(0, len(self) - 1, most).round().long())

    def to(self, device: torch.device) -> "Unlabelled":
        """The same inputs on a device."""
        return Unlabelled(self.inputs.to(device), self.clip.to(device))


@dataclass(frozen=True)
class People:
    """Labelled inputs of some people: `person` is a number into `names`, `clip` tells their clips apart.

    `BadPeople` where lengths differ, a number is not finite or a person has no name.
    """

    inputs: Float[Tensor, "n *shape"]
    label: Int[Tensor, "n"]
    person: Int[Tensor, "n"]
    clip: Int[Tensor, "n"]
    names: tuple[str, ...]

    def __post_init__(self):
        _check(self.inputs, label=self.label, person=self.person, clip=self.clip)
        if len(self.person) and not 0 <= int(self.person.min()) <= int(self.person.max()) < len(self.names):
            raise BadPeople(
                f"expected persons to be numbers from 0 to {len(self.names) - 1}, one for each name, found "
                f"{int(self.person.min())} to {int(self.person.max())}"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Tensor) -> "People":
        """Some of the rows, by number or by mask; names and numbers of persons stay."""
        return replace(
            self,
            inputs=self.inputs[rows],
            label=self.label[rows],
            person=self.person[rows],
            clip=self.clip[rows],
        )

    def of(self, person: int) -> "People":
        """The rows of one person."""
        return self.take(self.person == person)

    def each(self) -> Iterator[tuple[int, "People"]]:
        """Every person who has rows, in the order of their numbers."""
        for person in self.person.unique().tolist():
            yield person, self.of(person)

    def without_labels(self) -> Unlabelled:
        """The inputs and their clips alone."""
        return Unlabelled(self.inputs, self.clip)

    def to(self, device: torch.device) -> "People":
        """The same inputs on a device."""
        return People(*(getattr(self, name).to(device) for name in _ROWS), names=self.names)


@dataclass(frozen=True)
class Adapting:
    """What one step of adaptation sees: inputs of the target, and of the source people where it may."""

    target: Unlabelled
    sources: People | None = None

    def __len__(self) -> int:
        return len(self.target)

    def to(self, device: torch.device) -> "Adapting":
        """The same batch on a device."""
        return Adapting(self.target.to(device), self.sources.to(device) if self.sources else None)


_ROWS = ("inputs", "label", "person", "clip")


def _check(inputs: Tensor, **rows: Tensor) -> None:
    for name, values in rows.items():
        if values.shape != inputs.shape[:1]:
            raise BadPeople(
                f"expected {counted(len(inputs), name)}, one for each input, found {tuple(values.shape)}"
            )
    broken = ~inputs.isfinite().flatten(1).all(dim=1) if inputs.numel() else inputs.new_zeros(0).bool()
    if broken.any():
        raise BadPeople(
            f"expected finite inputs, found NaN or infinity in {counted(int(broken.sum()), 'row')} of "
            f"{len(inputs)}, the first of which is row {int(broken.nonzero()[0])}: leave out or fill"
        )
