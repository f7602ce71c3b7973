"""Several sets of recordings as one, each with the labels that it has."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from facsight.core.errors import BadLabels, BadRecipe, BadTable
from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import Recording, SequenceSet

#: Reads the recordings of a dataset from its options of [data].
ReadDataset = Callable[[Mapping[str, Any]], SequenceSet]


def load_several(
    *, split: str | None, datasets: Mapping[str, Mapping[str, Any]], read: ReadDataset
) -> SequenceSet:
    """The recordings of several datasets together, by names of one's own: `[data.datasets.NAME]`.

    Each has the options of [data]: its `name`, its folder, the `spaces` of its labels. `read` reads one.
    """
    if len(datasets) < 2:
        raise BadRecipe(f"expected two datasets or more in [data.datasets.NAME], found {len(datasets)}")
    return join(f"{'+'.join(datasets)}-{split or 'all'}", {name: read(own) for name, own in datasets.items()})


def join(name: str, sets: Mapping[str, SequenceSet]) -> SequenceSet:
    """All recordings of some sets, each with labels of all their spaces: NaN where its set has none.

    Recordings and people are called after their dataset, as in "disfa/SN001": nobody of one is taken for
    somebody of another. `BadTable` where clocks differ, `BadLabels` where spaces of one name do.
    """
    steps = {of: one.step for of, one in sets.items()}
    if len(set(steps.values())) > 1:
        told = ", ".join(f"{of} {step:g} s" for of, step in steps.items())
        raise BadTable(f"expected datasets on one clock, found {told}: give each the same data.step")
    spaces, of_steps = _spaces(sets)
    recordings = tuple(
        _called(one, of, spaces, of_steps) for of, own in sets.items() for one in own.recordings
    )
    return SequenceSet(name, next(iter(steps.values())), tuple(spaces.values()), recordings)


def _spaces(sets: Mapping[str, SequenceSet]) -> tuple[dict[str, LabelSpace], dict[str, bool]]:
    """The label spaces of all sets in their order, and of which of them steps have labels."""
    spaces, of_steps, whose = dict[str, LabelSpace](), dict[str, bool](), dict[str, str]()
    for of, one in sets.items():
        for space in one.spaces:
            first = whose.setdefault(space.name, of)
            found = (
                spaces.setdefault(space.name, space),
                of_steps.setdefault(space.name, one.of_steps[space.name]),
            )
            if found != (space, one.of_steps[space.name]):
                raise BadLabels(
                    f"{first} and {of} mean different labels by {space.name!r}: other classes, or labels of "
                    "steps in one and of whole recordings in the other"
                )
    return spaces, of_steps


def _called(
    one: Recording, of: str, spaces: Mapping[str, LabelSpace], of_steps: Mapping[str, bool]
) -> Recording:
    """A recording called after its dataset, with labels of all spaces."""
    none = {
        name: torch.full((one.steps, len(space)) if of_steps[name] else (len(space),), torch.nan)
        for name, space in spaces.items()
    }
    subject = None if one.subject is None else f"{of}/{one.subject}"
    return replace(one, name=f"{of}/{one.name}", subject=subject, truth=none | dict(one.truth), dataset=of)
