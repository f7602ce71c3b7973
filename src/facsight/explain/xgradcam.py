"""XGrad-CAM: Grad-CAM whose gradients are averaged with the maps themselves as weights.

Paper    Fu, Hu, Dong, Guo, Gao and Li, "Axiom-based Grad-CAM: towards accurate visualization and explanation
         of CNNs", BMVC 2020, https://arxiv.org/abs/2008.02312
Needs    a layer with maps over places that the scores depend on; the paper means maps after a ReLU
Shows    relu of the channels' sum, each weighted with the mean of its gradient where the channel is active
Differs  negative places are cut off, as in Grad-CAM; a channel whose values add up to zero gets no weight.
         Several layers may be given: their maps are scaled to peak one and averaged at the finest size
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.functional.maps import fuse
from facsight.probe.probe import Probe


def xgrad_cam(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"]
) -> Float[Tensor, "batch height width"]:
    r"""XGrad-CAM maps of the class `about` each face.

    .. math:: \max\Big(0, \sum_d f_d(p)
        \sum_q \frac{f_d(q)}{\sum_r f_d(r)} \frac{\partial y_c}{\partial f_d(q)}\Big)
    """
    seen = probe.record(pixels)
    pairs = zip(seen.maps, seen.gradients(about), strict=True)
    return fuse([_weighted(maps, slope) for maps, slope in pairs])


def _weighted(maps: Tensor, slope: Tensor) -> Tensor:
    whole = maps.sum(dim=(2, 3), keepdim=True)
    weights = (maps * slope).sum(dim=(2, 3), keepdim=True) / torch.where(whole == 0, torch.inf, whole)
    return (maps * weights).sum(dim=1).relu()
