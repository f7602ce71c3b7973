"""Who learns to tell people apart by features that are to tell nothing of them."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn


def identity_adversary(channels: int, *, persons: int, hidden: int) -> nn.Sequential:
    """From pooled features to a score for each person: standardised, one hidden layer."""
    return nn.Sequential(
        nn.BatchNorm1d(channels, affine=False),
        nn.Linear(channels, hidden),
        nn.ReLU(),
        nn.Linear(hidden, persons),
    )


def teach_adversary(
    adversary: nn.Module,
    features: Float[Tensor, "row channel"],
    person: Int[Tensor, "row"],
    optimizer: torch.optim.Optimizer,
    *,
    rounds: int,
) -> None:
    """So many steps of the adversary alone, on features that stay."""
    for _ in range(rounds):
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(adversary(features), person).backward()
        optimizer.step()
