"""Scores of steps to scores of clips, and those to one score of the whole recording."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor


def clip_places(steps: int, span: int) -> int:
    """In how many places a clip of `span` steps fits into so many; a shorter recording is one clip.

    >>> clip_places(20, 16), clip_places(16, 16), clip_places(3, 16)
    (5, 1, 1)
    """
    return max(1, steps - span + 1)


def clip_scores(
    scores: Float[Tensor, "batch step column"],
    inside: Bool[Tensor, "batch step"],
    seen: Bool[Tensor, "batch step"],
    *,
    span: int,
) -> tuple[Float[Tensor, "batch place column"], Bool[Tensor, "batch place"]]:
    r"""The highest score among the steps of every clip of `span` steps, and which clips there are.

    .. math:: s_{p,c} = \max_{p \le t < p + K} x_{t,c}

    Steps that are not `seen` have no part in it, and a clip of nothing else is none; of a recording without
    any seen step all steps count. Clips end within the recording, and a recording that is shorter than a
    clip is one. Where there is no clip the score is 0, so that nothing depends on how far a batch is padded.
    """
    length = inside.sum(dim=1)
    seen = torch.where((seen & inside).any(dim=1, keepdim=True), seen & inside, inside)
    width = min(span, inside.shape[1])
    hidden = scores.masked_fill(~seen.unsqueeze(-1), -torch.inf)
    highest = F.max_pool1d(hidden.transpose(1, 2), width, stride=1).transpose(1, 2)
    ends = torch.arange(highest.shape[1], device=inside.device) + length.clamp(max=span)[:, None]
    some = F.max_pool1d(seen[:, None].float(), width, stride=1)[:, 0] > 0
    there = (ends <= length[:, None]) & some
    return highest.masked_fill(~there.unsqueeze(-1), 0.0), there


def softmax_pooled(
    scores: Float[Tensor, "batch place column"], there: Bool[Tensor, "batch place"], *, sharpness: float
) -> Float[Tensor, "batch column"]:
    r"""The mean of each column, weighted by how high its own scores are.

    .. math:: y_c = \sum_p \pi_{p,c} \, s_{p,c}, \quad \pi_{p,c} = \mathrm{softmax}_p(\beta s_{p,c})

    `sharpness` is :math:`\beta`: 0 gives the mean over places, a large one nearly the highest score.

    >>> scores, there = torch.tensor([[[0.0], [2.0]]]), torch.tensor([[True, True]])
    >>> [round(softmax_pooled(scores, there, sharpness=b).item(), 3) for b in (0.0, 1.0, 50.0)]
    [1.0, 1.762, 2.0]
    """
    weights = (sharpness * scores).masked_fill(~there.unsqueeze(-1), -torch.inf).softmax(dim=1)
    return (weights * scores).sum(dim=1)
