"""How a set of feature vectors lies: who is alike, whatever the features themselves are."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe

#: Which of the others stand for a row's place among them.
Anchors = Literal["most", "least", "all"]


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
