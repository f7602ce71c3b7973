"""Groups of alike things, some of which must stay apart; and the middle of directions mostly alike."""

from math import ceil, inf

import numpy as np
from jaxtyping import Bool, Float64, Int64

#: Of the directions that `middle` is given, the share that it is taken of: those nearest to their centre.
KEPT = 0.75


def grouped(
    similarity: Float64[np.ndarray, "n n"],
    apart: Bool[np.ndarray, "n n"],
    least: float,
    *,
    sizes: Int64[np.ndarray, "n"] | None = None,
) -> Int64[np.ndarray, "n"]:
    r"""The group of each of n things, from 0 in order of first appearance: the most alike are joined first.

    .. math:: s(A, B) = \frac{1}{|A| |B|} \sum_{a \in A} \sum_{b \in B} s(a, b)

    Average linkage (Sokal and Michener 1958, "A statistical method for evaluating systematic relationships")
    that ends when no two groups have :math:`s \ge` `least`. Two groups that hold things which must stay
    `apart` are never joined, nor is one whose similarity is not known (NaN). Both tables are symmetric; their
    diagonals do not count. `sizes` are those of things that are groups themselves. Memory and usually time
    grow with :math:`n^2`.

    >>> alike = np.array([[1.0, 0.9, 0.8], [0.9, 1.0, 0.2], [0.8, 0.2, 1.0]])
    >>> grouped(alike, np.zeros((3, 3), bool), 0.6), grouped(alike, alike == 0.9, 0.6)
    (array([0, 0, 1]), array([0, 1, 0]))
    """
    between = np.where(apart | np.isnan(similarity), -inf, similarity)
    np.fill_diagonal(between, -inf)
    size = np.ones(len(between)) if sizes is None else sizes.astype(np.float64)
    group = np.arange(len(between))
    nearest = between.argmax(axis=1) if len(between) else group
    while len(between):
        best = between[np.arange(len(between)), nearest]
        one = int(best.argmax())
        other = int(nearest[one])
        if not best[one] >= least:
            break
        _join(between, size, one, other)
        group[group == other] = one
        # a mean is not above the larger of two: only rows whose nearest was one of them have another now
        changed = np.flatnonzero((nearest == one) | (nearest == other))
        changed = np.union1d(changed, [one, other])
        nearest[changed] = between[changed].argmax(axis=1)
    return in_order_of_appearance(group)


def _join(between: np.ndarray, size: np.ndarray, one: int, other: int) -> None:
    """Put the mean similarity of two groups in the place of the one; the other is out."""
    joined = (size[one] * between[one] + size[other] * between[other]) / (size[one] + size[other])
    between[one] = between[:, one] = joined
    between[other] = between[:, other] = -inf
    between[one, one] = -inf
    size[one] += size[other]


def in_order_of_appearance(names: Int64[np.ndarray, "n"]) -> Int64[np.ndarray, "n"]:
    """The same groups, called 0, 1, ... as they first appear.

    >>> in_order_of_appearance(np.array([7, 2, 7, 5]))
    array([0, 1, 0, 2])
    """
    _, first, group = np.unique(names, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]


def middle(
    directions: Float64[np.ndarray, "n d"], weight: Float64[np.ndarray, "n"]
) -> Float64[np.ndarray, "d"]:
    """The unit vector amid unit vectors of which a few may be far off; by `weight`, which is above 0.

    The centre is the vector that is most alike to all (the medoid); the mean is taken of the KEPT nearest to
    it. Of one or two vectors all are kept. NaN where they cancel each other out, or there is none.
    """
    if not len(directions):
        return np.full(directions.shape[1], np.nan)
    alike = directions @ directions.T
    centre = int((alike @ weight).argmax())
    kept = np.argsort(-alike[centre], kind="stable")[: ceil(KEPT * len(directions))]
    total = weight[kept] @ directions[kept]
    length = float(np.linalg.norm(total))
    return total / length if length > 1e-9 * weight[kept].sum() else np.full(len(total), np.nan)
