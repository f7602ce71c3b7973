"""What a network's answers cost under the labels of a space, by the kind of the space.

Classes: cross entropy with the label's shares. Units: binary cross entropy, each unit by itself. Values and
levels: 1 - CCC of each column. What is not known (NaN) costs nothing; a term is a mean over what is known.

Source   1 - CCC: `losses.concordance`; several quantities at once as a weighted sum: Kollias and Zafeiriou,
         "Expression, affect, action unit recognition: Aff-Wild2, multi-task learning and ArcFace", BMVC 2019
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.errors import BadRecipe, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.core.terms import Terms
from facsight.losses.concordance import Over, concordance_loss
from facsight.losses.units import unit_cross_entropy


def label_terms(
    outputs: Mapping[str, Float[Tensor, "batch ..."]],
    truth: Mapping[str, Float[Tensor, "batch ..."]],
    spaces: Sequence[LabelSpace],
    *,
    over: Over = "pooled",
    weights: Mapping[str, float] | None = None,
    importance: Mapping[str, Sequence[float]] | None = None,
) -> Terms:
    """A term for each label space, by its name.

    `weights` multiply the terms of some spaces, by their names, and the losses of single values and levels,
    by theirs ("valence"). `over` says over what each CCC is (`losses.concordance`). `BadRecipe` for a weight
    of neither. `importance`, by space, has a number for each column: of each class, by which a mean over rows
    is weighted, or of a unit that is there beside 1 for one that is not.
    """
    weights = weights or {}
    known = [space.name for space in spaces]
    known += [name for space in spaces if space.kind in ("values", "levels") for name in space.classes]
    for name in weights.keys() - set(known):
        raise BadRecipe(
            f"weights are of label spaces and values, not of {name!r}: {did_you_mean(name, known)}"
        )
    terms = Terms()
    for space in spaces:
        columns = [weights.get(name, 1.0) for name in space.classes]
        said, labels = outputs[space.name].float(), truth[space.name].float()
        if space.kind in ("classes", "units"):
            columns = (importance or {}).get(space.name, [1.0] * len(space))
        cost = _cost(said, labels, space, over, columns)
        terms[space.name] = cost * weights.get(space.name, 1.0)
    return terms


def labelled_spaces(
    truth: Mapping[str, Float[Tensor, "batch ..."]], spaces: Sequence[LabelSpace]
) -> Bool[Tensor, "space"]:
    """Which label spaces have a label in the batch that costs something.

    >>> space = LabelSpace("moods", ("calm", "glad"))
    >>> labelled_spaces({"moods": torch.tensor([[torch.nan, torch.nan]])}, [space])
    tensor([False])
    """
    return torch.stack([_costs(truth[space.name], space) for space in spaces])


def _costs(truth: Tensor, space: LabelSpace) -> Bool[Tensor, ""]:
    known = truth.isfinite()
    if space.kind == "classes":
        return known.all(dim=-1).any()
    if space.kind == "units":
        return known.any()
    return (known.flatten(0, -2).sum(dim=0) >= 2).any()  # one value has nothing to agree with


def _cost(
    said: Tensor, truth: Tensor, space: LabelSpace, over: Over, columns: Sequence[float]
) -> Float[Tensor, ""]:
    weights = said.new_tensor(columns)
    if space.kind == "classes":
        shares = torch.where(truth.isfinite().all(dim=-1, keepdim=True), truth.nan_to_num(), 0.0) * weights
        total = shares.sum()
        return -(shares * said.log_softmax(dim=-1)).sum() / torch.where(total > 0, total, 1.0)
    if space.kind == "units":
        return unit_cross_entropy(said, truth, weights)
    return (concordance_loss(said, truth, over=over) * weights).mean()
