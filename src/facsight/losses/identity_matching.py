"""What is a person's own is found by transport between like expressions, and taken off before the loss.

Paper    Kim and Song, "Optimal transport-based identity matching for identity-invariant facial expression
         recognition" (ELIM), NeurIPS 2022, arXiv 2209.12172
Needs    features of several people in a batch, several rows of each
Learns   nothing by itself: features without a person's shift go through the head into the loss of the labels,
         beside the features as they are. Nothing is taken off at prediction
Differs  the shift is a vector, by which matched rows differ, weighted by flow and likeness (in the release, a
         number for each row, its cost, and that of the first row for all of a person); mass is uniform; the
         transport runs until it has settled. The reference is the person of the first row
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadPeople
from facsight.functional.transport import sinkhorn_plan

#: Of the transport, in units of cosine distance.
EPSILON = 0.2


def without_identity(
    features: Float[Tensor, "row channel"], person: Int[Tensor, "row"], *, epsilon: float = EPSILON
) -> Float[Tensor, "row channel"]:
    r"""Features less what their person's lie apart from those of the reference, the person of the first row.

    .. math:: \mu = \sum_{ij} w_{ij} (z_j - r_i), \quad w_{ij} \propto P_{ij} \max(0, \cos(r_i, z_j))

    for rows r of the reference and z of the person, with the plan P of least cost 1 - cos and entropy. The
    shift has no gradient: pulling people together is not what is learnt. `BadPeople` for one person alone.
    """
    people = person.unique().tolist()
    if len(people) < 2:
        raise BadPeople(
            f"expected rows of two or more people to match, found {len(people)}: draw batches of several"
        )
    reference = features[person == person[0]].detach()
    shift = torch.zeros_like(features)
    for one in people:
        own = person == one
        if one != int(person[0]):
            shift[own] = identity_shift(features[own].detach(), reference, epsilon=epsilon)
    return features - shift


@torch.no_grad()
def identity_shift(
    own: Float[Tensor, "row channel"], reference: Float[Tensor, "other channel"], *, epsilon: float = EPSILON
) -> Float[Tensor, "channel"]:
    """By how much a person's rows lie apart from those of the reference that show the like; 0 if none do."""
    left, right = (torch.nn.functional.normalize(rows, dim=1) for rows in (reference, own))
    cosine = left @ right.T
    weight = sinkhorn_plan(1 - cosine, epsilon=epsilon) * cosine.clamp(min=0)
    total = weight.sum()
    if total == 0:
        return torch.zeros_like(own[0])
    return (weight.sum(dim=0) @ own - weight.sum(dim=1) @ reference) / total
