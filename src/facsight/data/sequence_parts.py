"""Parts of a set of recordings: its folds, and what a protocol scores of it."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadFolds, BadLabels, BadRecipe, did_you_mean
from facsight.core.labels import Conversion, LabelSpace, convert
from facsight.data.folds import Folds, group_folds
from facsight.data.protocol import Protocol
from facsight.data.protocol_folds import protocol_folds
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.unit_set import unit_importance


def recording_rows(recordings: SequenceSet) -> pl.DataFrame:
    """A row a recording, as folds are made from: `sample`, `subject`, and its class where it has one."""
    return pl.DataFrame(
        [(one.name, one.subject, _class(one, recordings.spaces)) for one in recordings.recordings],
        schema={"sample": pl.String, "subject": pl.String, "label": pl.String},
        orient="row",
    )


def people_of(recordings: SequenceSet) -> list[str]:
    """The people who are recorded, in order of their names."""
    return sorted({one.subject for one in recordings.recordings if one.subject is not None})


def recording_folds(
    recordings: SequenceSet,
    folds: int | None = None,
    *,
    protocol: Protocol | None = None,
    scheme: str | None = None,
    seed: int = 0,
) -> Folds:
    """Folds with nobody on both sides: so many with classes alike, or those of a protocol.

    `scheme` is one of the protocol's ways to divide, by default its own.
    """
    rows = recording_rows(recordings)
    if folds is not None:
        classes = ["label"] if rows["label"].null_count() == 0 else []
        return group_folds(rows, folds, dataset=recordings.name, stratify=classes, seed=seed)
    if protocol is None or not protocol.folds:
        name = "no protocol" if protocol is None else f"{protocol.name}, which has an official split"
        raise BadRecipe(f"expected a number of folds, or a protocol that has folds; found {name}")
    if protocol.scheme(scheme).kind == "lists":
        raise BadRecipe(f"{protocol.name} has folds in lists of its own: give a number of folds instead")
    return protocol_folds(protocol, rows, scheme=scheme, seed=seed)[0]


def fold_part(recordings: SequenceSet, folds: Folds, fold: int, split: str) -> SequenceSet:
    """The recordings that a fold tests ("val"), or those that it is trained on ("train"); folds from 1 on."""
    if not 1 <= fold <= len(folds):
        raise BadFolds(f"{recordings.name}: expected a fold from 1 to {len(folds)}, found {fold}")
    part = folds[folds.names[fold - 1]]["test" if split == "val" else "train"]
    kept, name = set(part["sample"]), f"{recordings.name}-fold{fold}of{len(folds)}-{split}"
    return recordings.subset(lambda one: one.name in kept, name)


def labelled_with(recordings: SequenceSet, spaces: Sequence[str]) -> SequenceSet:
    """The recordings with labels of some of their label spaces, in the set's order; those that have any.

    `BadLabels` for a space that is not there, and where no recording has a label.
    """
    known = [space.name for space in recordings.spaces]
    for name in spaces:
        if name not in known:
            raise BadLabels(f"{recordings.name} has no labels of {name!r}: {did_you_mean(name, known)}")
    chosen = tuple(space for space in recordings.spaces if space.name in spaces)
    kept = [
        replace(one, truth={space.name: one.truth[space.name] for space in chosen})
        for one in recordings.recordings
        if any(one.truth[space.name].isfinite().any() for space in chosen)
    ]
    if not kept:
        raise BadLabels(f"{recordings.name}: no recording has a label of {', '.join(spaces) or 'nothing'}")
    return replace(recordings, spaces=chosen, recordings=tuple(kept))


def importance_of(recordings: SequenceSet, balance: float) -> dict[str, list[float]]:
    r"""How much each class, and each unit that is there, counts, by label space, from its share :math:`p`.

    Of :math:`C` classes and of units:

    .. math:: (1 / C p)^{\text{balance}}, \quad ((1 - p) / p)^{\text{balance}}

    Classes and units that are nowhere count 1, and units that are everywhere.
    """
    found = {}
    for space in recordings.spaces:
        if space.kind not in ("classes", "units"):
            continue
        share = torch.cat([one.truth[space.name].reshape(-1, len(space)) for one in recordings.recordings])
        share = share.double().nanmean(dim=0).nan_to_num()
        odds = torch.where(share > 0, 1 / (len(space) * share), 1.0).pow(balance)
        weights = odds if space.kind == "classes" else unit_importance(share, balance)
        found[space.name] = weights.tolist()
    return found


def under_protocol(recordings: SequenceSet, protocol: Protocol) -> SequenceSet:
    """The recordings with the labels that a protocol scores; those of classes that it drops are left out.

    `BadLabels` where they are not there, or where classes would be lost that the protocol does not drop.
    """
    made = {space.name: _meant(recordings, space, protocol) for space in protocol.spaces}

    def seen(one: Recording) -> Recording:
        truth = {name: _become(one.truth[how.source.name], how) for name, how in made.items()}
        return replace(one, truth=truth)

    kept = tuple(map(seen, recordings.recordings))
    kept = tuple(one for one in kept if any(truth.isfinite().any() for truth in one.truth.values()))
    return SequenceSet(recordings.name, recordings.step, protocol.spaces, kept)


def _meant(recordings: SequenceSet, space: LabelSpace, protocol: Protocol) -> Conversion:
    """How the recordings' own labels in the same columns become those of the protocol's space."""
    for own in recordings.spaces:
        if own.kind == space.kind and own.columns == space.columns:
            found = convert(own, space)
            surprising = set(found.lost) - set(protocol.drop)
            if surprising:
                lost = ", ".join(sorted(surprising))
                raise BadLabels(f"{protocol.name} does not say what becomes of {lost}")
            return found
    raise BadLabels(
        f"{recordings.name} has no labels of {space.name}, which {protocol.name} scores, only of "
        f"{', '.join(own.name for own in recordings.spaces)}"
    )


def _become(truth: Float[Tensor, "*step own"], how: Conversion) -> Float[Tensor, "*step column"]:
    """Labels of one space as those of another; a row with nothing but lost classes is not known."""
    if how.source.kind != "classes":
        return truth * how.factor + how.offset
    pairs = [(how.source.index(name), how.target.index(word)) for name, word in how.to.items()]
    matrix = truth.new_zeros(len(how.source), len(how.target))
    for one, other in pairs:
        matrix[one, other] = 1.0
    shares = truth @ matrix
    return shares / shares.sum(dim=-1, keepdim=True)  # 0 / 0, where all is lost, is not known either


def _class(one: Recording, spaces: tuple[LabelSpace, ...]) -> str | None:
    """The class of a recording, where it has one."""
    for space in spaces:
        truth = one.truth[space.name]
        if space.kind == "classes" and truth.ndim == 1 and truth.isfinite().all():
            return space.classes[int(truth.argmax())]
    return None
