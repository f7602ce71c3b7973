"""Occlusion: how far a class's score falls when a patch of the face is covered.

Paper    Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014,
         https://arxiv.org/abs/1311.2901
Needs    nothing but the scores
Shows    the drop of the score, averaged over the patches that cover a place; negative where covering helps
Differs  the paper draws the score itself at the patch's position, for one patch a position; here patches
         overlap and the drop is averaged over them. The cover is 0, the mean of a standardised face (the
         paper: a grey square). The last patch of a row or column ends at the edge: no place is left out
"""

from types import EllipsisType

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.probe.fused import fused_scores
from facsight.probe.pixels import Score, as_pictures, own_score
from facsight.probe.probe import Probe

Window = tuple[EllipsisType, slice, slice]

#: The side of the patch as a share of the picture's.
PATCH_SHARE = 7


def occlusion(
    probe: Probe,
    pixels: Float[Tensor, "batch channel height width"],
    about: Int[Tensor, "batch"],
    *,
    patch: int | None = None,
    stride: int | None = None,
    baseline: float | Tensor = 0.0,
    of: Score = "logit",
    at_once: int = 32,
) -> Float[Tensor, "batch height width"]:
    r"""Occlusion maps of the class `about` each face.

    .. math:: \frac{1}{|\{P \ni p\}|} \sum_{P \ni p} \big(y_c(x) - y_c(x \text{ with } P \text{ covered})\big)

    `patch` is the side of the square in pixels (None: a seventh of the shorter side), `stride` the step from
    one to the next (None: half a patch). `baseline` is a value or a tensor that broadcasts to the faces.
    About `at_once` pictures go through the network together. Raises `BadRecipe` for a patch that does not
    fit, or a stride that leaves gaps, `BadFaces` for a baseline of another shape.
    """
    height, width = pixels.shape[-2:]
    side = max(1, round(min(height, width) / PATCH_SHARE)) if patch is None else patch
    step = max(1, side // 2) if stride is None else stride
    if not 1 <= side <= min(height, width) or not 1 <= step <= side:
        raise BadRecipe(
            f"expected a patch within the picture of {height} x {width} and a stride from 1 to the patch, "
            f"found patch={side} and stride={step}"
        )
    windows = [
        (..., slice(top, top + side), slice(left, left + side))
        for top in _starts(height, side, step)
        for left in _starts(width, side, step)
    ]
    scores = _scores_without(probe, pixels, about, windows, as_pictures(baseline, pixels), of, at_once)
    whole = own_score(probe.scores(pixels), about, of)
    drops = whole.new_zeros(len(pixels), height, width)
    covered = whole.new_zeros(height, width)
    for window, rest in zip(windows, scores, strict=True):
        drops[window] += (whole - rest).view(-1, 1, 1)
        covered[window] += 1
    return drops / covered


def _scores_without(
    probe: Probe,
    pixels: Tensor,
    about: Tensor,
    windows: list[Window],
    cover: Tensor,
    of: Score,
    at_once: int,
) -> Float[Tensor, "windows batch"]:
    """The score of every face with each of the windows covered, one after the other."""
    faces = len(pixels)
    several = min(len(windows), max(1, at_once // max(1, faces)))
    pictures = pixels.repeat(several, 1, 1, 1)
    scores_of = fused_scores(probe, pictures, runs=len(windows) // several)
    copies = pictures.view(several, *pixels.shape)
    found = []
    for first in range(0, len(windows), several):
        some = windows[first : first + several]
        for copy, window in zip(copies, some, strict=False):
            copy[window] = cover[window]
        scores = scores_of(copies[: len(some)].flatten(0, 1))
        found.append(own_score(scores, about.repeat(len(some)), of).view(len(some), faces))
        for copy, window in zip(copies, some, strict=False):
            copy[window] = pixels[window]
    return torch.cat(found)


def _starts(length: int, side: int, step: int) -> list[int]:
    """Where patches begin along one side, the last so that it ends at the edge.

    >>> _starts(10, 4, 3), _starts(11, 4, 3)
    ([0, 3, 6], [0, 3, 6, 7])
    """
    return sorted({*range(0, length - side + 1, step), length - side})
