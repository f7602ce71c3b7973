"""The recordings that a recipe for sequences is about."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from facsight import catalog
from facsight.core.errors import BadTable, UnknownName, did_you_mean
from facsight.data.folds import Folds
from facsight.data.protocol import Protocol, load_protocol
from facsight.data.recordings import StreamCard, check_versions, read_cards
from facsight.data.sequence_parts import fold_part, labelled_with, recording_folds, under_protocol
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.recipe import Recipe

#: What features are, by modality.
Cards = Mapping[str, StreamCard]
#: Recordings of a recipe, those of a split or all, refused if their features are others than are wanted.
Read = Callable[[Recipe, str | None, Cards | None], tuple[SequenceSet, dict[str, StreamCard]]]

#: Options of [data] that say which recordings are taken, not how they are read.
_CHOICE = ("name", "fold", "folds", "fold_seed", "protocol", "scheme", "spaces", "groups")


def read_recordings(
    recipe: Recipe, split: str | None, wanted: Cards | None = None
) -> tuple[SequenceSet, dict[str, StreamCard]]:
    """The recordings of a split of the dataset, all of them for None, with the recipe's modalities.

    Several datasets are read one by one; their modalities are to be the same.
    """
    options = {key: value for key, value in recipe.sections["data"].items() if key not in _CHOICE}
    loader = catalog.load("recordings", recipe.sections["data"]["name"])
    known = inspect.signature(loader).parameters
    if "read" in known:
        return _several(recipe, split, wanted, loader, options)
    modalities = recipe.sections["modalities"]
    if "folder" in known:
        usual = Path(os.environ.get("FACSIGHT_DATA", "data")) / recipe.sections["data"]["name"]
        options.setdefault("folder", usual)
    if "modalities" in known:
        frames = {modality: int(own.get("frames", 1)) for modality, own in modalities.items()}
        frames = frames or dict.fromkeys(read_cards(Path(options["folder"])), 1)
        return loader(split=split, modalities=frames, wanted=wanted, **options)
    return _only(loader(split=split or "train", **options), tuple(modalities)), {}


def _several(
    recipe: Recipe,
    split: str | None,
    wanted: Cards | None,
    loader: Callable[..., SequenceSet],
    options: Mapping[str, Any],
) -> tuple[SequenceSet, dict[str, StreamCard]]:
    cards: dict[str, StreamCard] = {}

    def read(own: Mapping[str, Any]) -> SequenceSet:
        of_one = replace(recipe, sections={**recipe.sections, "data": own})
        found, told = read_recordings(of_one, split, wanted)
        check_versions(told, cards, found.name)
        cards.update(told)
        return labelled_with(found, own["spaces"]) if "spaces" in own else found

    return loader(split=split, read=read, **options), cards


class ReadOnce:
    """Reads recordings as `read_recordings` does, and holds on to what it read last."""

    def __init__(self):
        self._last: tuple[str, tuple[SequenceSet, dict[str, StreamCard]]] | None = None

    def __call__(
        self, recipe: Recipe, split: str | None, wanted: Cards | None = None
    ) -> tuple[SequenceSet, dict[str, StreamCard]]:
        options = {key: value for key, value in recipe.sections["data"].items() if key not in _CHOICE[1:]}
        asked = repr((sorted(options.items()), recipe.sections["modalities"], split))
        if self._last is None or self._last[0] != asked:
            self._last = None  # let go of it first: recordings can be large
            self._last = (asked, read_recordings(recipe, split, wanted))
        found, cards = self._last[1]
        check_versions(cards, wanted or {}, found.name)
        return found, cards


def load_recordings(
    recipe: Recipe, split: str, *, wanted: Cards | None = None, read: Read = read_recordings
) -> tuple[SequenceSet, dict[str, StreamCard]]:
    """The recordings of a split with the labels that are asked for, and what their features are.

    With `data.fold`, "val" are the people of that fold and "train" all others, out of `data.folds` folds or
    those of `data.protocol`; the split test stays what it is. With `data.spaces` there are labels of these
    only, and no recording without any. `wanted` are the features that a model was
    trained on: others are refused.
    """
    own = recipe.sections["data"]
    in_fold = "fold" in own and split != "test"
    found, cards = read(recipe, None if in_fold else split, wanted)
    protocol = protocol_of(recipe)
    found = found if protocol is None else under_protocol(found, protocol)
    if in_fold:
        found = fold_part(found, _folds(recipe, found, protocol), own["fold"], split)
    if "spaces" in own:
        found = labelled_with(found, own["spaces"])
    if split == "train":
        _refuse_unknown(found)
    return found, cards


def recipe_folds(recipe: Recipe, *, wanted: Cards | None = None, read: Read = read_recordings) -> Folds:
    """The folds of a recipe's recordings: `data.folds` of them, or those of `data.protocol`."""
    protocol = protocol_of(recipe)
    found, _ = read(recipe, None, wanted)
    return _folds(recipe, found if protocol is None else under_protocol(found, protocol), protocol)


def protocol_of(recipe: Recipe) -> Protocol | None:
    """The protocol that a recipe names, if it does."""
    name = recipe.sections["data"].get("protocol")
    return None if name is None else load_protocol(name)


def fold_warning(recipe: Recipe) -> str:
    """What must be told of the way in which a recipe's protocol divides the recordings, if anything."""
    protocol, own = protocol_of(recipe), recipe.sections["data"]
    if protocol is None or "folds" in own or not protocol.folds:
        return ""
    return protocol.scheme(own.get("scheme")).warning


def _refuse_unknown(recordings: SequenceSet) -> None:
    """`BadTable` for a modality of which there is nothing to learn from."""
    for name in recordings.sizes:
        if not any(one.known[name].any() for one in recordings.recordings):
            raise BadTable(
                f"{recordings.name}: {name!r} is known in none of {len(recordings)} recordings: leave it out "
                "of [modalities], or prepare these recordings with it"
            )


def _folds(recipe: Recipe, found: SequenceSet, protocol: Protocol | None) -> Folds:
    own = recipe.sections["data"]
    return recording_folds(
        found,
        own.get("folds"),
        protocol=protocol,
        scheme=own.get("scheme"),
        seed=own.get("fold_seed", 0),
    )


def _only(recordings: SequenceSet, names: Sequence[str]) -> SequenceSet:
    """The recordings with some of their modalities; all where none is named."""
    for name in names:
        if name not in recordings.sizes:
            raise UnknownName(
                f"{recordings.name} has no modality {name!r}: {did_you_mean(name, recordings.sizes)}"
            )

    def kept(one: Recording) -> Recording:
        streams = {name: one.streams[name] for name in names}
        return replace(one, streams=streams, known={name: one.known[name] for name in names})

    return replace(recordings, recordings=tuple(map(kept, recordings.recordings))) if names else recordings
