"""Which of some points lie in a crowd."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def crowded(points: Float[Tensor, "n channel"], *, reach: float, least: int) -> Bool[Tensor, "n"]:
    """What DBSCAN does not call noise: points with `least` points within `reach`, or within it of such a one.

    A point is one of those within its own reach. Ester et al., "A density-based algorithm for discovering
    clusters in large spatial databases with noise", KDD 1996, definitions 1 to 6.

    >>> crowded(torch.tensor([[0.0], [1.0], [2.0], [9.0]]), reach=1.0, least=3)
    tensor([ True,  True,  True, False])
    """
    near = torch.cdist(points, points) <= reach
    core = near.sum(dim=1) >= least
    return (near & core).any(dim=1)


def typical_reach(points: Float[Tensor, "n channel"], *, least: int) -> float:
    """The lower median over points of the distance within which `least` points lie, itself one of them.

    So at least half of the points are in a crowd, whatever the scale. With fewer points, the farthest counts.
    """
    ordered = torch.cdist(points, points).sort(dim=1).values
    return float(ordered[:, min(least, len(points)) - 1].median())
