"""Which faces form an epoch, in which order: a function of seed and epoch, so that training can resume."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor


def sampling_weights(
    labels: Int[Tensor, "n"] | Bool[Tensor, "n group"], *, balance: float
) -> Float[Tensor, "n"]:
    r"""The chance of each example to be drawn, by its class or by the groups that it is in; sums to 1.

    `balance` runs from 0 (as the data are) to 1 (every group equally often); between them a group of
    :math:`n_g` examples is drawn in proportion to :math:`n_g^{1 - \text{balance}}`, and one of its examples
    then: 0.5 goes by square roots, and a temperature :math:`T` is a balance of :math:`1 - 1 / T`. An example
    in several groups can be drawn by each, one in none never is.
    """
    inside = F.one_hot(labels) if labels.ndim == 1 else labels
    counts = inside.double().sum(dim=0)
    weights = (inside * counts.clamp(min=1).pow(-balance)).sum(dim=1)
    return weights / weights.sum()


def epoch_order(weights: Float[Tensor, "n"], *, balanced: bool, seed: int, epoch: int) -> Int[Tensor, "n"]:
    """Indices of one epoch, n of them: a permutation, or drawn with replacement by weight if `balanced`."""
    generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
    if not balanced:
        return torch.randperm(len(weights), generator=generator)
    return torch.multinomial(weights, len(weights), replacement=True, generator=generator)
