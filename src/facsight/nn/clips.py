"""Recordings of a face a step, read as clips: from the first face to the last, without gaps."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.nn.pixels import standardise


def along_clips(
    encode: Callable[[Tensor], Tensor],
    stream: Float[Tensor, "batch step *picture"],
    known: Bool[Tensor, "batch step"],
    size: int,
) -> Float[Tensor, "batch step encoded"]:
    """Each recording from its first known step to its last through `encode`, whatever else is in the batch.

    `encode` takes clips (n, step, ...) to (n, step, size); those of the same length go together. A gap shows
    the step before it. What is not known comes out as 0.
    """
    encoded = stream.new_zeros(*known.shape, size)
    first, length = _extent(known)
    for steps in length[length > 0].unique().tolist():
        rows = (length == steps).nonzero()[:, 0]
        places = first[rows, None] + torch.arange(steps, device=known.device)
        there = known[rows[:, None], places]
        clips = stream[rows[:, None], places.gather(1, _latest(there))]
        read = encode(clips).to(encoded.dtype)
        encoded = encoded.index_put((rows[:, None], places), read * there.unsqueeze(-1))
    return encoded


def _extent(known: Bool[Tensor, "batch step"]) -> tuple[Int[Tensor, "batch"], Int[Tensor, "batch"]]:
    """The first known step of each recording, and how many steps it is to the last, both included."""
    steps = torch.arange(known.shape[1], device=known.device)
    first = torch.where(known, steps, known.shape[1]).amin(dim=1)
    last = torch.where(known, steps, -1).amax(dim=1)
    return first, (last - first + 1).clamp(min=0)


def _latest(known: Bool[Tensor, "n step"]) -> Int[Tensor, "n step"]:
    """Each step's latest known one, itself or before it; the first is known."""
    steps = torch.arange(known.shape[1], device=known.device)
    return torch.where(known, steps, 0).cummax(dim=1).values


def grey_faces(clips: Float[Tensor, "n step *picture"]) -> Float[Tensor, "n 1 step h w"]:
    """Clips of grey faces (h, w) or RGB ones (h, w, 3), 0 to 255, as the reader of photos sees them."""
    pictures = clips.flatten(0, 1)
    pictures = pictures.unsqueeze(1) if pictures.ndim == 3 else pictures.permute(0, 3, 1, 2)
    return standardise(pictures).unflatten(0, clips.shape[:2]).transpose(1, 2)
