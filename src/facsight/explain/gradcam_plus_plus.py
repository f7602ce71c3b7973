"""Grad-CAM++: Grad-CAM whose channels are weighted by pixel-wise shares, so that every instance counts.

Paper    Chattopadhay, Sarkar, Howlader and Balasubramanian, "Grad-CAM++: generalized gradient-based visual
         explanations for deep convolutional networks", WACV 2018, https://arxiv.org/abs/1710.11063
Needs    a layer with maps over places that the scores depend on; the paper means maps after a ReLU
Shows    relu of the weighted sum of channels (eq. 7, 10 and 19), for Y = exp(score)
Differs  exp(score), one factor for the whole map, is left out. With the score linear in the layer, as the
         paper takes it, eq. 19 is 1 / (2 + slope sum(f)), which is what is computed: no cubes that
         underflow. A share whose denominator is zero, possible in maps with negative values, is zero. Several
         layers may be given: their maps are scaled to peak one and averaged at the finest size
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.functional.maps import fuse
from facsight.probe.probe import Probe


def grad_cam_plus_plus(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"]
) -> Float[Tensor, "batch height width"]:
    r"""Grad-CAM++ maps of the class `about` each face.

    .. math:: \max\Big(0, \sum_d f_d(p) \sum_q \frac{\max(0, g_d(q))}{2 + g_d(q) \sum_r f_d(r)}\Big),
        \qquad g_d(q) = \frac{\partial y_c}{\partial f_d(q)}
    """
    seen = probe.record(pixels)
    pairs = zip(seen.maps, seen.gradients(about), strict=True)
    return fuse([_weighted(maps, slope) for maps, slope in pairs])


def _weighted(maps: Tensor, slope: Tensor) -> Tensor:
    below = 2 + slope * maps.sum(dim=(2, 3), keepdim=True)
    share = torch.where(below == 0, 0.0, 1 / torch.where(below == 0, 1.0, below))
    weights = (share * slope.relu()).sum(dim=(2, 3), keepdim=True)
    return (maps * weights).sum(dim=1).relu()
