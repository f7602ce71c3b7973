"""Labelled people as a dataset, and its division for adaptation: targets from sources, clips from clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import torch

from facsight.core.errors import BadFolds, did_you_mean
from facsight.core.people import People
from facsight.data.folds import published_targets


@dataclass(frozen=True)
class PeopleSet:
    """People with their classes by name; `neutral` is the class that is, None where there is none."""

    name: str
    classes: tuple[str, ...]
    people: People
    neutral: str | None = None

    @property
    def neutral_class(self) -> int | None:
        """The number of the neutral class."""
        return None if self.neutral is None else self.classes.index(self.neutral)


@dataclass(frozen=True)
class TargetGroup:
    """Targets that share their source people: nobody is both. Numbers are those of `People.person`."""

    name: str
    targets: tuple[int, ...]
    sources: tuple[int, ...]


def target_groups(people: People, targets: str | Sequence[str]) -> list[TargetGroup]:
    """Who is adapted to, and on whom the network is trained before.

    `targets` is "each" (everybody in turn, all others are sources), a person's name (all others), or names or
    that of a published list: all who are on no list are the sources of all. `BadFolds` where somebody is not
    in the data, or nobody is left.
    """
    present = people.person.unique().tolist()
    by_name = {people.names[one]: one for one in present}
    if targets == "each":
        if len(present) < 2:
            raise BadFolds(f"expected two people or more to leave each out once, found {len(present)}")
        return [_group(people.names[one], (one,), present) for one in present]
    published = published_targets()
    if isinstance(targets, str) and targets not in by_name and targets in published:
        return [_group(targets, _found(published[targets]["subjects"], by_name), present)]
    wanted = [targets] if isinstance(targets, str) else list(targets)
    return [_group("-".join(wanted) if len(wanted) == 1 else "listed", _found(wanted, by_name), present)]


def split_clips(
    target: People, *, share: float, seed: int, first: int | None = None
) -> tuple[People, People]:
    """A person's rows to adapt to, and those to be scored on: no clip is on both sides.

    Of the clips of each class `share` are to adapt to, at least one and not all; a class with a single clip
    is scored on, unless it is the class `first` (the neutral one), which is adapted to. A clip's class is
    that of most of its rows. Labels are used for this division, which is the protocol's, and for nothing else
    on the side that is adapted to. `BadFolds` where a side is left empty.
    """
    generator = torch.Generator().manual_seed(seed)
    adapted: list[int] = []
    for label, clips in sorted(_clips_by_class(target).items()):
        order = torch.randperm(len(clips), generator=generator).tolist()
        count = min(max(round(share * len(clips)), 1), len(clips) - 1) if len(clips) > 1 else label == first
        adapted += [clips[k] for k in order[:count]]
    inside = torch.isin(target.clip, torch.tensor(adapted, dtype=target.clip.dtype))
    if inside.all() or not inside.any():
        who = target.names[int(target.person[0])] if len(target) else "the target"
        raise BadFolds(
            f"expected at least two clips of one class of {who}, to adapt to one and score on another, found "
            f"{len(target.clip.unique())} in all: a clip is never divided"
        )
    return target.take(inside), target.take(~inside)


def few_clips(target: People, count: int, *, seed: int) -> People:
    """The rows of so many clips of a person, or of all there are: one of each class in turn, by chance."""
    generator = torch.Generator().manual_seed(seed)
    by_class = [
        [clips[k] for k in torch.randperm(len(clips), generator=generator).tolist()]
        for _, clips in sorted(_clips_by_class(target).items())
    ]
    in_turn = [clip for turn in zip_longest(*by_class) for clip in turn if clip is not None]
    return target.take(torch.isin(target.clip, torch.tensor(in_turn[:count], dtype=target.clip.dtype)))


def rows_of_people(people: People, wanted: Sequence[int]) -> People:
    """The rows of some people."""
    return people.take(torch.isin(people.person, torch.tensor(wanted, dtype=people.person.dtype)))


def numbered_again(people: People) -> People:
    """The same rows with persons numbered from 0 without a gap, for networks that have an output a person."""
    present = people.person.unique()
    number = torch.searchsorted(present, people.person)
    names = tuple(people.names[one] for one in present.tolist())
    return People(people.inputs, people.label, number, people.clip, names)


def _clips_by_class(target: People) -> dict[int, list[int]]:
    """A person's clips by the class that most of their rows are of."""
    found: dict[int, list[int]] = {}
    for clip in target.clip.unique().tolist():
        found.setdefault(int(target.label[target.clip == clip].mode().values), []).append(clip)
    return found


def _group(name: str, targets: tuple[int, ...], present: Sequence[int]) -> TargetGroup:
    sources = tuple(one for one in present if one not in targets)
    if not sources:
        raise BadFolds(f"expected source people beside the targets {name!r}, found none: take fewer targets")
    return TargetGroup(name, targets, sources)


def _found(wanted: Sequence[str], by_name: dict[str, int]) -> tuple[int, ...]:
    for name in wanted:
        if name not in by_name:
            raise BadFolds(
                f"expected the target {name!r} among the people: {did_you_mean(name, by_name)}; or else the "
                f"name of a published list ({', '.join(published_targets())}), or each"
            )
    if len(set(wanted)) != len(wanted) or not wanted:
        raise BadFolds(f"expected targets that are named once, and one or more, found {list(wanted)}")
    return tuple(by_name[name] for name in wanted)
