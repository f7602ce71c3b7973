"""Which faces form an epoch, in which order: a function of seed and epoch, so that training can resume."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def sampling_weights(labels: Int[Tensor, "n"], *, balance: float) -> Float[Tensor, "n"]:
    """The chance of each face to be drawn; sums to 1.

    `balance` runs from 0 (as the data are) to 1 (every class equally often); between them a class with a
    share f of the faces is drawn in proportion to f^(1 - balance).
    """
    counts = torch.bincount(labels).double()
    weights = counts[labels].pow(-balance)
    return weights / weights.sum()


def epoch_order(weights: Float[Tensor, "n"], *, balanced: bool, seed: int, epoch: int) -> Int[Tensor, "n"]:
    """Indices of one epoch, n of them: a permutation, or drawn with replacement by weight if `balanced`."""
    generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
    if not balanced:
        return torch.randperm(len(weights), generator=generator)
    return torch.multinomial(weights, len(weights), replacement=True, generator=generator)
