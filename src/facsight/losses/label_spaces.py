"""What a network's answers cost under the labels of a space, by the kind of the space.

Classes: cross entropy with the label's shares. Units: binary cross entropy, each unit by itself. Values and
levels: 1 - CCC of each column. What is not known (NaN) costs nothing; a term is a mean over what is known.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.core.terms import Terms
from facsight.losses.concordance import Over, concordance_loss


def label_terms(
    outputs: Mapping[str, Float[Tensor, "batch *label"]],
    truth: Mapping[str, Float[Tensor, "batch *label"]],
    spaces: Sequence[LabelSpace],
    *,
    over: Over = "pooled",
    weights: Mapping[str, float] | None = None,
) -> Terms:
    """A term for each label space, by its name; `weights` multiply those of some.

    `over` says over what each CCC is (`losses.concordance`). `BadRecipe` for a weight of an unknown space.
    """
    strange = (weights or {}).keys() - {space.name for space in spaces}
    if strange:
        raise BadRecipe(f"weights are of label spaces, which {sorted(strange)[0]!r} is none of here")
    terms = Terms()
    for space in spaces:
        cost = _cost(outputs[space.name].float(), truth[space.name].float(), space, over)
        terms[space.name] = cost * (weights or {}).get(space.name, 1.0)
    return terms


def _cost(said: Tensor, truth: Tensor, space: LabelSpace, over: Over) -> Float[Tensor, ""]:
    if space.kind == "classes":
        known = truth.isfinite().all(dim=-1)
        cost = -(truth.nan_to_num() * said.log_softmax(dim=-1)).sum(dim=-1)
        return _mean(cost, known)
    if space.kind == "units":
        cost = F.binary_cross_entropy_with_logits(said, truth.nan_to_num(), reduction="none")
        return _mean(cost, truth.isfinite())
    return concordance_loss(said, truth, over=over).mean()


def _mean(cost: Tensor, known: Tensor) -> Float[Tensor, ""]:
    return torch.where(known, cost, 0.0).sum() / known.sum().clamp(min=1)
