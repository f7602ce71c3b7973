"""The features, with their gradient turned around: what comes before learns against what comes after."""

import math
from typing import Any

import torch
from torch import Tensor


def reverse_gradient(features: Tensor, strength: float) -> Tensor:
    """The features themselves; on the way back, minus `strength` times their gradient.

    Ganin et al., "Domain-adversarial training of neural networks", JMLR 2016, section 4.1.

    >>> x = torch.ones(2, requires_grad=True)
    >>> reverse_gradient(3 * x, 0.5).sum().backward()
    >>> x.grad
    tensor([-1.5000, -1.5000])
    """
    return _Reversal.apply(features, strength)  # pyright: ignore


def ramp(progress: float) -> float:
    """From 0 to almost 1, soon: `2 / (1 + exp(-10 progress)) - 1`, so that features come before confusion.

    Ganin et al., section 5.2.

    >>> [round(ramp(p), 3) for p in (0.0, 0.1, 0.5, 1.0)]
    [0.0, 0.462, 0.987, 1.0]
    """
    return 2 / (1 + math.exp(-10 * progress)) - 1


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, strength: float) -> Tensor:  # pyright: ignore
        ctx.strength = strength
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None
