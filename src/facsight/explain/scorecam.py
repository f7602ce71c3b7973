"""Score-CAM: each channel weighted with the score of the picture seen through it; no gradients.

Paper    Wang, Wang, Du, Yang, Zhang, Ding, Mardziel and Hu, "Score-CAM: score-weighted visual explanations
         for convolutional neural networks", CVPR Workshops 2020, https://arxiv.org/abs/1910.01279
Needs    a layer with maps over places; one run of the network for every channel of every face
Shows    relu of the channels' sum, each weighted with the softmax over channels of the class's score (a
         logit) for the picture times the channel's map, scaled to [0, 1]
Differs  a map is scaled before it is enlarged to the picture (algorithm 1: after), so that it does not
         depend on the picture's size. The score of the baseline picture, the same for every channel, cancels
         in the softmax and is left out. A channel whose map is constant masks nothing and is skipped: it gets
         no weight. Several layers may be given: their maps are scaled to peak one and averaged at the finest
         size
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from facsight.functional.maps import fuse
from facsight.probe.fused import fused_scores
from facsight.probe.probe import Probe


def score_cam(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"], *, chunk: int = 32
) -> Float[Tensor, "batch height width"]:
    r"""Score-CAM maps of the class `about` each face; `chunk` masked pictures are run at a time.

    .. math:: \max\Big(0, \sum_d \alpha_d f_d(p)\Big), \qquad
        \alpha = \operatorname{softmax}_d\, y_c\Big(x \odot
        \mathrm{enlarged}\frac{f_d - \min f_d}{\max f_d - \min f_d}\Big)
    """
    seen = probe.record(pixels)
    return fuse([_weighted(probe, maps, pixels, about, chunk) for maps in seen.maps])


def _weighted(probe: Probe, maps: Tensor, pixels: Tensor, about: Tensor, chunk: int) -> Tensor:
    lowest, highest = maps.amin(dim=(2, 3), keepdim=True), maps.amax(dim=(2, 3), keepdim=True)
    tells = (highest > lowest).flatten(1)
    masks = (maps - lowest) / torch.where(highest > lowest, highest - lowest, 1.0)
    scores = torch.full_like(tells, -torch.inf, dtype=maps.dtype)
    scores[tells] = _scores_through(probe, masks.to(pixels.dtype), tells, pixels, about, chunk).to(maps.dtype)
    weights = torch.where(tells.any(dim=1, keepdim=True), scores.softmax(dim=1), 0.0)
    return torch.einsum("bd,bdhw->bhw", weights, maps).relu()


@torch.no_grad()
def _scores_through(
    probe: Probe, masks: Tensor, tells: Tensor, pixels: Tensor, about: Tensor, chunk: int
) -> Tensor:
    """The score of each face's class for the face through each of its telling masks, one after the other."""
    faces, channels = tells.nonzero(as_tuple=True)
    run: Callable[[Tensor], Tensor] = probe.scores
    found = []
    for start in range(0, len(faces), chunk):
        rows = slice(start, start + chunk)
        seen_through = _masked(masks[faces[rows], channels[rows]], pixels[faces[rows]])
        if start == 0:
            run = fused_scores(probe, seen_through, runs=len(faces) // chunk)
        found.append(run(seen_through).gather(1, about[faces[rows]].unsqueeze(1)).squeeze(1))
    return torch.cat(found) if found else masks.new_zeros(0)


def _masked(masks: Tensor, pixels: Tensor) -> Tensor:
    size = (pixels.shape[2], pixels.shape[3])
    return F.interpolate(masks.unsqueeze(1), size=size, mode="bilinear", align_corners=False) * pixels
