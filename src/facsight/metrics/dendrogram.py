"""Which models or methods have alike maps: a tree by average linkage, and the order of its leaves."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadFaces


@dataclass(frozen=True)
class Merge:
    """Two clusters that become one: `one` < `other` are leaves, or earlier merges counted on after them."""

    one: int
    other: int
    distance: float
    leaves: int


def average_linkage(distances: Float[Tensor, "leaf leaf"]) -> list[Merge]:
    r"""Merge the two nearest clusters until one is left, nearest first.

    .. math:: d(A, B) = \frac{1}{|A| |B|} \sum_{a \in A} \sum_{b \in B} d(a, b)

    Sokal and Michener 1958, "A statistical method for evaluating systematic relationships" (UPGMA). Merge i
    is cluster n + i for n leaves, as in SciPy's linkage matrix. `distances` are symmetric, such as
    1 - correlation; `BadFaces` if one is not finite.
    """
    count = len(distances)
    if not distances.isfinite().all():
        raise BadFaces("expected a finite distance between any two sources of maps, found NaN or infinity")
    between = distances.double().clone().fill_diagonal_(torch.inf)
    names, sizes = list(range(count)), [1] * count
    merges: list[Merge] = []
    while len(names) > 1:
        row, column = sorted(divmod(int(between.argmin()), len(names)))
        distance, size = float(between[row, column]), sizes[row] + sizes[column]
        joined = (sizes[row] * between[row] + sizes[column] * between[column]) / size
        between[row], between[:, row] = joined, joined
        between[row, row] = torch.inf
        kept = [i for i in range(len(names)) if i != column]
        between = between[kept][:, kept]
        one, other = sorted((names[row], names[column]))
        names[row], sizes[row] = count + len(merges), size
        del names[column], sizes[column]
        merges.append(Merge(one, other, distance, size))
    return merges


def leaf_order(merges: list[Merge]) -> list[int]:
    """The leaves from left to right, so that no branch of the tree crosses another."""
    if not merges:
        return [0]
    count = len(merges) + 1
    inside = {leaf: [leaf] for leaf in range(count)}
    for number, merge in enumerate(merges):
        inside[count + number] = inside.pop(merge.one) + inside.pop(merge.other)
    return inside[2 * count - 2]
