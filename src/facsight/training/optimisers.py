"""Optimisers, learning-rate schedules and the moving average of weights."""

import math
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn


def make_optimizer(
    model: nn.Module, *, name: Literal["sgd", "adamw"], rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum 0.9, or AdamW. Biases and normalisation scales are not decayed."""
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if name == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups, lr=rate)


def rate_factor(
    progress: float, *, schedule: Literal["cosine", "step", "constant"], warmup: float = 0.0, drops: int = 5
) -> float:
    """The learning rate as a share of its peak, `progress` from 0 to 1.

    A linear warm-up over the first `warmup` of training; then half a cosine to 0, or `drops` steps of
    factor 0.9 (0.9 every 4 epochs of 20 in Belharbi et al. 2024), or the peak throughout.

    >>> [rate_factor(p, schedule="cosine") for p in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.0]
    """
    if progress < warmup:
        return progress / warmup
    if schedule == "constant":
        return 1.0
    if schedule == "step":
        return 0.9 ** math.floor(progress * drops)
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


@torch.no_grad()
def update_average(average: Iterable[Tensor], current: Iterable[Tensor], *, step: int, decay: float) -> None:
    """Move the average towards the current weights: decay is min(decay, (1 + step) / (10 + step)).

    The growing decay lets the average forget its random start. Counters (whole numbers) are copied.
    """
    keep = min(decay, (1 + step) / (10 + step))
    floats = [(a, c) for a, c in zip(average, current, strict=True) if _average_or_copy(a, c)]
    torch._foreach_lerp_([a for a, _ in floats], [c for _, c in floats], 1 - keep)  # pyright: ignore


def _average_or_copy(average: Tensor, current: Tensor) -> bool:
    if average.is_floating_point():
        return True
    average.copy_(current)
    return False
