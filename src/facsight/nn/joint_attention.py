"""Attention by correlation with what all modalities say together: shared by the papers that build on it."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe


class Correlation(nn.Module):
    """How each feature of a modality goes with each feature of the joint stream, over a window's steps.

        C = tanh(Xᵀ W J / √d)                      with `steps`: W is steps x steps
        C = tanh((X U)ᵀ J / n)                     without: U is feature x feature, n the known steps

    X is (step, feature), J (step, d). Steps that are not known are 0 in both and so give nothing. The
    second form has no weight that belongs to a step: any length will do, and a window and the same window
    twice over have the same C. A window of another length than `steps` is a `BadRecipe`.
    """

    def __init__(self, size: int, *, steps: int | None = None):
        super().__init__()
        self.steps = steps
        self.affine = nn.Linear(steps or size, steps or size, bias=False)

    def forward(
        self,
        own: Float[Tensor, "batch step feature"],
        joint: Float[Tensor, "batch step joint"],
        known: Bool[Tensor, "batch step"],
    ) -> Float[Tensor, "batch feature joint"]:
        if self.steps is None:
            count = known.sum(dim=1).clamp(min=1).to(own.dtype)
            keys = (self.affine(own) / count[:, None, None]).transpose(1, 2)
        else:
            check_steps(own, self.steps)
            keys = self.affine(own.transpose(1, 2)) / math.sqrt(joint.shape[-1])
        return (keys @ joint).tanh_()  # in place: it is by far the largest of what a block computes


class JointAttention(nn.Module):
    """Every modality with what its correlation with all of them together adds to it: one round.

        H = ReLU(Xᵀ W + C W_c)    X' = X + (H W_h)ᵀ        with `steps`: W is steps x k, W_h k x steps
        H = ReLU(X (W + C W_c))   X' = X + H W_h           without: W is feature x k, W_h k x feature

    C is the modality's `Correlation`, k is `hidden`. There are no biases: a modality that is wholly unknown
    stays 0. Steps that are not known come out as 0.
    """

    def __init__(self, sizes: Mapping[str, int], *, hidden: int, steps: int | None = None):
        super().__init__()
        joint = sum(sizes.values())
        self.attend = nn.ModuleDict(
            {name: _Attention(size, joint, hidden=hidden, steps=steps) for name, size in sizes.items()}
        )

    def forward(
        self,
        streams: Mapping[str, Float[Tensor, "batch step feature"]],
        known: Mapping[str, Bool[Tensor, "batch step"]],
    ) -> dict[str, Float[Tensor, "batch step feature"]]:
        joint = torch.cat([streams[name] for name in self.attend], dim=-1)
        return {
            name: torch.where(known[name].unsqueeze(-1), attend(streams[name], joint, known[name]), 0.0)
            for name, attend in self.attend.items()
        }


class _Attention(nn.Module):
    """One modality's part of a round."""

    def __init__(self, size: int, joint: int, *, hidden: int, steps: int | None):
        super().__init__()
        self.correlation = Correlation(size, steps=steps)
        self.own = nn.Linear(steps or size, hidden, bias=False)
        self.correlated = nn.Linear(joint, hidden, bias=False)
        self.back = nn.Linear(hidden, steps or size, bias=False)

    def forward(self, own: Tensor, joint: Tensor, known: Tensor) -> Tensor:
        mixed = self.correlated(self.correlation(own, joint, known))
        if self.correlation.steps is None:
            return own + self.back((own @ (self.own.weight.T + mixed)).relu())
        return own + self.back((self.own(own.transpose(1, 2)) + mixed).relu()).transpose(1, 2)


def check_steps(stream: Float[Tensor, "batch step feature"], steps: int) -> None:
    """`BadRecipe` unless windows have so many steps."""
    if stream.shape[1] != steps:
        raise BadRecipe(
            f"this block has weights for windows of {steps} steps and was given {stream.shape[1]}: cut "
            "windows of that length, or leave out the option `steps`, which allows any length"
        )
