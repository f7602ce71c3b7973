"""Entropic optimal transport, many problems at once, in the log domain.

Mass is uniform on both sides. `epsilon` is in units of the cost: the smaller, the sharper the plan and the
more rounds it takes.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadRecipe

Cost = Float[Tensor, "*problem row column"]

#: Rounds after which a problem that has not settled is left as it is, and between two looks whether it has.
ROUNDS, LOOK = 2000, 10
#: Multipliers that differ by more than this factor are moved into the exponent of the kernel.
LARGE = 1e6


def sinkhorn_plan(cost: Cost, *, epsilon: float, tolerance: float = 1e-6, rounds: int = ROUNDS) -> Cost:
    r"""The plan of least cost and entropy: how much of each row goes to each column.

    .. math:: \min_P \langle P, C \rangle + \epsilon \, KL(P \,|\, a b^\top), \quad P 1 = a,\; P^\top 1 = b

    by Sinkhorn's rounds (Cuturi, "Sinkhorn distances: lightspeed computation of optimal transport", NeurIPS
    2013), as logarithms (Peyré and Cuturi, "Computational optimal transport", 2019, section 4.4), until no
    row's mass is off by more than `tolerance` of what it should be. No gradient: see `transport_cost`.
    """
    row, column = _potentials(cost, epsilon, tolerance, rounds)
    rows, columns = cost.shape[-2:]
    return (row[..., :, None] + column[..., None, :] - cost / epsilon).exp() / (rows * columns)


def transport_cost(
    cost: Cost, *, epsilon: float, tolerance: float = 1e-6, rounds: int = ROUNDS
) -> Float[Tensor, "*problem"]:
    """The least cost and entropy of each problem; its gradient with respect to the cost is the plan.

    The gradient is that of the envelope theorem: it does not run back through the rounds, and is exact once
    they have settled.
    """
    with torch.no_grad():
        row, column = _potentials(cost, epsilon, tolerance, rounds)
        least = epsilon * (row.mean(dim=-1) + column.mean(dim=-1))
        rows, columns = cost.shape[-2:]
        plan = (row[..., :, None] + column[..., None, :] - cost / epsilon).exp() / (rows * columns)
    moved = (plan * cost).sum(dim=(-2, -1))
    return least + moved - moved.detach()


def sinkhorn_divergence(
    one: Float[Tensor, "*problem row feature"],
    other: Float[Tensor, "*problem column feature"],
    *,
    epsilon: float,
    tolerance: float = 1e-6,
    rounds: int = ROUNDS,
) -> Float[Tensor, "*problem"]:
    r"""How far two clouds of points lie apart, 0 for the same cloud in any order.

    .. math:: S = OT(x, y) - \tfrac12 OT(x, x) - \tfrac12 OT(y, y)

    with half the squared distance as cost. Feydy et al., "Interpolating between optimal transport and MMD
    using Sinkhorn divergences", AISTATS 2019, equation 3.
    """
    pairs = ((one, other), (one, one), (other, other))
    across, *own = (
        transport_cost(half_squared_distances(x, y), epsilon=epsilon, tolerance=tolerance, rounds=rounds)
        for x, y in pairs
    )
    return across - (own[0] + own[1]) / 2


def half_squared_distances(
    one: Float[Tensor, "*problem row feature"], other: Float[Tensor, "*problem column feature"]
) -> Cost:
    """Half the squared distance of every point of one cloud to every point of the other."""
    squares = one.square().sum(dim=-1)[..., :, None] + other.square().sum(dim=-1)[..., None, :]
    return (squares / 2 - one @ other.transpose(-1, -2)).clamp(min=0)


@torch.no_grad()
def _potentials(cost: Cost, epsilon: float, tolerance: float, rounds: int) -> tuple[Tensor, Tensor]:
    """The duals of rows and columns, divided by epsilon, for mass relative to uniform.

    Rounds multiply by the kernel itself, which is many times faster than sums of exponentials. What the
    multipliers grow to is moved into the kernel's exponent now and then, so that nothing overflows however
    small epsilon is (Schmitzer, "Stabilized sparse scaling algorithms for entropy regularized transport
    problems", SIAM J. Sci. Comput. 2019, section 3).
    """
    if not epsilon > 0:
        raise BadRecipe(f"expected epsilon above 0, found {epsilon}")
    scaled = -cost / epsilon
    rows, columns = cost.shape[-2:]
    row = -scaled.amax(dim=-1)
    column = -(scaled + row[..., :, None]).amax(dim=-2)
    # now the largest of each row and of each column is 1: sums are from 1 to their number, whatever epsilon
    kernel = (scaled + row[..., :, None] + column[..., None, :]).exp()
    left = columns / kernel.sum(dim=-1, keepdim=True)
    right = rows / (kernel.transpose(-1, -2) @ left)
    for number in range(rounds):
        reached = kernel @ right
        if number % LOOK == 0:
            if (left * reached / columns - 1).abs().max() <= tolerance:
                break
            if max(left.max() / left.min(), right.max() / right.min()) > LARGE:
                row, column = row + left[..., 0].log(), column + right[..., 0].log()
                kernel = (scaled + row[..., :, None] + column[..., None, :]).exp()
                left, right = torch.ones_like(left), torch.ones_like(right)
                reached = kernel @ right
        left = columns / reached
        right = rows / (kernel.transpose(-1, -2) @ left)
    return row + left[..., 0].log(), column + right[..., 0].log()
