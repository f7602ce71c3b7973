"""Grad-CAM: which features of a layer raise a class's score, summed where they lie.

Paper    Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra, "Grad-CAM: visual explanations from deep
         networks via gradient-based localization", ICCV 2017, https://arxiv.org/abs/1610.02391
Needs    a layer with maps over places that the scores depend on
Shows    relu of the channels' sum, each weighted with the mean of its gradient over places (eq. 1 and 2)
Differs  several layers may be given: their maps are scaled to peak one and averaged at the finest size
"""

from jaxtyping import Float, Int
from torch import Tensor

from facsight.functional.maps import fuse
from facsight.probe.probe import Probe


def grad_cam(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"]
) -> Float[Tensor, "batch height width"]:
    r"""Grad-CAM maps of the class `about` each face.

    .. math:: \max\Big(0, \sum_d \Big(\frac1Z \sum_q \frac{\partial y_c}{\partial f_d(q)}\Big) f_d(p)\Big)
    """
    seen = probe.record(pixels)
    pairs = zip(seen.maps, seen.gradients(about), strict=True)
    return fuse([_weighted(maps, slope) for maps, slope in pairs])


def _weighted(maps: Tensor, slope: Tensor) -> Tensor:
    return (maps * slope.mean(dim=(2, 3), keepdim=True)).sum(dim=1).relu()
