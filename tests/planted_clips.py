"""Drawn clips to train on, and where clips are drawn from them."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.data.drawn.clips import DrawnClips
from facsight.functional.temporal_pooling import clip_places


def shows_half(drawn: DrawnClips, span: int) -> Bool[Tensor, "video place"]:
    """Which clips hold half of their video's expression or more."""
    places = torch.arange(clip_places(drawn.recordings.recordings[0].steps, span))
    first, end = drawn.part[:, :1], drawn.part[:, 1:]
    common = (torch.minimum(places + span, end) - torch.maximum(places, first)).clamp(min=0)
    return 2 * common >= end - first


def mass_on_part(chances: Float[Tensor, "video place"], drawn: DrawnClips, span: int) -> float:
    """How likely it is to draw such a clip, the mean over videos."""
    return float((chances * shows_half(drawn, span)).sum(dim=1).mean())
