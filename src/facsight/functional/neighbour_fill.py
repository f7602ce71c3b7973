"""Missing pixels filled in linearly from their neighbours, many pictures at once."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

Linear = Callable[[Tensor], Tensor]


def neighbour_mean_fill(
    pictures: Float[Tensor, "batch channel height width"],
    missing: Bool[Tensor, "batch height width"],
    *,
    tolerance: float = 1e-3,
    iterations: int = 500,
) -> Float[Tensor, "batch channel height width"]:
    r"""Every missing pixel becomes the weighted mean of its eight neighbours, missing ones included.

    .. math:: x_p = \frac{\sum_{q \sim p} w_{pq} x_q}{\sum_{q \sim p} w_{pq}}, \qquad
              w_{pq} = 1/6 \text{ beside or above}, \; 1/12 \text{ diagonal}

    over the neighbours inside the picture. Rong et al., "A consistent and efficient evaluation strategy for
    attribution methods", ICML 2022, section 4: one linear system a picture. Multiplied by its sum of weights
    it is symmetric and positive definite, so that conjugate gradients (Hestenes and Stiefel 1952) solve all
    pictures together, from a first guess filled in from coarse to fine. They stop where every picture's
    residual is below `tolerance` times that of a black hole, or after so many `iterations`; 1e-3 leaves
    errors of about a thousandth of the picture's contrast. A picture without any pixel left is NaN.
    """
    hole = missing.unsqueeze(1).to(pictures)
    known = torch.where(missing.unsqueeze(1), 0.0, pictures)
    weight = _around(torch.ones_like(hole[:1]))

    def system(values: Tensor) -> Tensor:
        return hole * (weight * values - _around(values))

    guess = hole * _coarse_to_fine(known, 1 - hole)
    filled = _conjugate_gradients(system, hole * _around(known), guess, tolerance, iterations)
    nothing_left = missing.flatten(1).all(dim=1).view(-1, 1, 1, 1)
    return torch.where(nothing_left, torch.nan, known + filled)


def _around(maps: Tensor) -> Tensor:
    """Sum over the eight neighbours, 2 for those beside or above and 1 for diagonal ones.

    Weights 1, 2, 1 along both axes give just that, and 4 for the middle.
    """
    down, across = (_one_two_one(side, maps) for side in maps.shape[-2:])
    return down @ maps @ across - 4 * maps


def _one_two_one(side: int, like: Tensor) -> Float[Tensor, "side side"]:
    place = torch.arange(side, device=like.device)
    return (2 - (place[:, None] - place).abs()).clamp(min=0).to(like)


def _coarse_to_fine(known: Tensor, there: Tensor) -> Tensor:
    """Holes filled with the mean of what is known in the smallest block around them that has any."""
    if bool(there.bool().all()) or max(there.shape[-2:]) == 1:
        return known
    share, sums = (F.avg_pool2d(part, 2, ceil_mode=True) for part in (there, known * there))
    coarse = _coarse_to_fine(sums / torch.where(share > 0, share, 1.0), share.gt(0).to(known))
    fine = coarse.repeat_interleave(2, dim=-2).repeat_interleave(2, dim=-1)
    return torch.where(there > 0, known, fine[..., : known.shape[-2], : known.shape[-1]])


def _conjugate_gradients(
    system: Linear, goal: Tensor, guess: Tensor, tolerance: float, iterations: int
) -> Tensor:
    """Solve `system(x) = goal` for each picture and channel."""

    def dot(one: Tensor, other: Tensor) -> Tensor:
        return (one * other).sum(dim=(-2, -1), keepdim=True)

    enough = tolerance**2 * dot(goal, goal)
    residual = goal - system(guess)
    direction, size = residual, dot(residual, residual)
    for _ in range(iterations):
        if bool((size <= enough).all()):
            break
        turned = system(direction)
        steepness = dot(direction, turned)
        step = torch.where(steepness > 0, size / steepness, 0.0)
        guess, residual = guess + step * direction, residual - step * turned
        size, before = dot(residual, residual), size
        direction = residual + torch.where(before > 0, size / before, 0.0) * direction
    return guess
