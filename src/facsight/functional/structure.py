"""How a set of feature vectors lies: who is alike, whatever the features themselves are."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.functional.transport import sinkhorn_divergence

#: Which of the others stand for a row's place among them.
Anchors = Literal["most", "least", "all"]
#: Whether rows are compared as a cloud whose order does not matter, or each with its own counterpart.
Pairing = Literal["clouds", "rows"]

#: How far the mass of a row may be off in a loss, and rounds after which it is left as it is: a step of
#: training need not be exact. The gradient's direction then has a cosine of 0.99 with the exact one.
SETTLED, ROUNDS = 1e-3, 100


def spread_out(features: Float[Tensor, "n feature"], points: int) -> Float[Tensor, "some feature"]:
    """At most so many of the rows, evenly spread over them, always the same ones."""
    if len(features) <= points:
        return features
    return features[torch.linspace(0, len(features) - 1, points).round().long()]


def cosines(features: Float[Tensor, "n feature"]) -> Float[Tensor, "n n"]:
    """The cosine of every pair; a row of zeros is like nobody."""
    directions = torch.nn.functional.normalize(features, dim=-1, eps=1e-8)
    return directions @ directions.T


def products(features: Float[Tensor, "n feature"]) -> Float[Tensor, "n n"]:
    """The products of every pair, each row brought to length 1 (Tung and Mori 2019, equations 1 and 2)."""
    return torch.nn.functional.normalize(features @ features.T, dim=-1, eps=1e-8)


def anchors(likeness: Float[Tensor, "n n"], count: int, which: Anchors) -> Int[Tensor, "n count"]:
    """The others that each row is placed by: its `count` most or least alike, or all, in their order.

    A row is never its own anchor. `BadRecipe` where there are fewer others.
    """
    others = len(likeness) - 1
    if which == "all":
        count = others
    if not 1 <= count <= others:
        raise BadRecipe(f"expected 1 to {others} anchors among {others + 1} points, found {count}")
    own = torch.eye(len(likeness), dtype=torch.bool, device=likeness.device)
    worst = -torch.inf if which != "least" else torch.inf
    order = likeness.masked_fill(own, worst).argsort(dim=1, descending=which != "least", stable=True)
    return order[:, :count].sort(dim=1).values if which == "all" else order[:, :count]


def structural_transport(
    own: Float[Tensor, "point feature"],
    wanted: Float[Tensor, "point other"],
    *,
    count: int,
    select: Anchors,
    pairing: Pairing,
    epsilon: float,
) -> Float[Tensor, ""]:
    """The Sinkhorn divergence between how two sets of features of the same points lie.

    A row is a point's cosines with its `count` anchors, which `wanted` chooses for both. "clouds": the rows
    are the points of two clouds; whose row a row is does not matter, and turning the features does not
    either. "rows": each row's cosines are two clouds of numbers on a line, and the divergences are averaged:
    a point is compared with itself, but which anchor is how alike does not matter. 0 for features that are
    turned or scaled versions of each other.
    """
    likeness = cosines(wanted)
    places = anchors(likeness, count, select)
    rows, targets = cosines(own).gather(1, places), likeness.gather(1, places)
    if pairing == "rows":
        rows, targets = rows[..., None], targets[..., None]
    return sinkhorn_divergence(rows, targets, epsilon=epsilon, tolerance=SETTLED, rounds=ROUNDS).mean()
