"""Where groups of rows lie, told by what is said of the rows or by the rows alone."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe


def weighted_centroids(
    rows: Float[Tensor, "n channel"], weights: Float[Tensor, "n group"]
) -> Float[Tensor, "group channel"]:
    """The weighted mean of the rows of each group; zeros where nothing has weight.

    >>> weighted_centroids(torch.tensor([[1.0], [4.0]]), torch.tensor([[2.0, 0.0], [1.0, 0.0]])).tolist()
    [[2.0], [0.0]]
    """
    whole = weights.sum(dim=0)
    return weights.T @ rows / torch.where(whole > 0, whole, 1.0)[:, None]


def nearest(rows: Float[Tensor, "n channel"], centroids: Float[Tensor, "group channel"]) -> Int[Tensor, "n"]:
    """The group whose centroid is nearest to each row; the first of several."""
    return torch.cdist(rows, centroids).argmin(dim=1)


def k_means(
    rows: Float[Tensor, "n channel"], count: int, generator: torch.Generator, *, rounds: int = 50
) -> Float[Tensor, "group channel"]:
    """Centroids by Lloyd's rounds ("Least squares quantization in PCM", 1982), which never go up in squares.

    Starts are rows, each drawn by its squared distance to those before (k-means++, Arthur and Vassilvitskii
    2007). A group that loses all rows keeps its centroid. `BadRecipe` for more groups than rows.
    """
    if not 1 <= count <= len(rows):
        raise BadRecipe(f"expected 1 to {len(rows)} groups of {len(rows)} rows, found {count}")
    centroids = _starts(rows, count, generator)
    for _ in range(rounds):
        members = torch.nn.functional.one_hot(nearest(rows, centroids), count).to(rows.dtype)
        moved = torch.where(members.any(dim=0)[:, None], weighted_centroids(rows, members), centroids)
        if torch.equal(moved, centroids):
            break
        centroids = moved
    return centroids


def _starts(rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
    chosen = [int(torch.randint(len(rows), (), generator=generator))]
    while len(chosen) < count:
        apart = torch.cdist(rows, rows[chosen]).min(dim=1).values.square()
        apart = apart if apart.sum() > 0 else torch.ones_like(apart)
        chosen.append(int(torch.multinomial(apart.cpu(), 1, generator=generator)))
    return rows[chosen]
