"""Modalities lost at random, so that a network learns to do without each of them.

Neverova, Wolf, Taylor and Nebout, "ModDrop: adaptive multi-modal gesture recognition", TPAMI 2016,
https://arxiv.org/abs/1501.00102: modalities are lost whole, each window by itself. Here at least one always
stays: a window, or a step, that has something never gets to have nothing.
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences


def drop_modalities(sequences: Sequences, share: float, generator: torch.Generator) -> Sequences:
    r"""The windows, each of which loses each modality with the chance `share`, whole.

    A window that would lose all that it has keeps one, drawn from these: of M modalities it then loses each
    with the chance :math:`p - p^M / M`. `BadRecipe` for a share that is not from 0 to 1.
    """
    _check(share)
    has = torch.stack([known.any(dim=1) for known in sequences.known.values()], dim=1)
    stays = has & (torch.rand(has.shape, generator=generator) >= share)
    spared = _one_of(has, generator)
    spare = ~stays.any(dim=1, keepdim=True)
    stays = stays | (spare & torch.nn.functional.one_hot(spared, has.shape[1]).bool())
    return sequences.kept({name: stays[:, k, None] for k, name in enumerate(sequences.known)})


def drop_stretches(sequences: Sequences, share: float, generator: torch.Generator) -> Sequences:
    """The windows, a `share` of which lose one of their modalities for a stretch of steps.

    The stretch lies anywhere in the window and is as long as one step to half of the window, any length
    alike. Steps in which no other modality is known stay. `BadRecipe` for a share that is not from 0 to 1.
    """
    _check(share)
    known = torch.stack(list(sequences.known.values()), dim=1)
    chosen = torch.rand(len(known), generator=generator) < share
    which = _one_of(known.any(dim=2), generator)
    length = sequences.inside.sum(dim=1)
    size = 1 + _below((length // 2).clamp(min=1), generator)
    begin = _below((length - size).clamp(min=0) + 1, generator)
    steps = torch.arange(known.shape[2])
    stretch = (steps >= begin[:, None]) & (steps < (begin + size)[:, None]) & chosen[:, None]
    hole = stretch[:, None] & torch.nn.functional.one_hot(which, known.shape[1]).bool()[:, :, None]
    hole &= known.sum(dim=1, keepdim=True) > 1
    return sequences.kept({name: ~hole[:, k] for k, name in enumerate(sequences.known)})


def _one_of(has: Bool[Tensor, "batch modality"], generator: torch.Generator) -> Int[Tensor, "batch"]:
    """One of each window's modalities, all alike; any where it has none."""
    return torch.rand(has.shape, generator=generator).masked_fill(~has, -1.0).argmax(dim=1)


def _below(limits: Int[Tensor, "batch"], generator: torch.Generator) -> Int[Tensor, "batch"]:
    """Whole numbers from 0 to less than each limit, all alike."""
    return (torch.rand(len(limits), generator=generator) * limits).long()


def _check(share: float) -> None:
    if not 0 <= share <= 1:
        raise BadRecipe(f"expected a share from 0 to 1 of windows that lose a modality, found {share}")
