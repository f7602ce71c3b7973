"""LayerCAM: each place of each channel weighted with its own gradient, so that early layers can be seen too.

Paper    Jiang, Zhang, Hou, Cheng and Wei, "LayerCAM: exploring hierarchical class activation maps for
         localization", IEEE Transactions on Image Processing 30, 2021, https://doi.org/10.1109/TIP.2021.3089943
Needs    a layer with maps over places that the scores depend on, or several
Shows    relu of the channels' sum, each place weighted with its positive gradient; of several layers the
         larger of their maps at each place, after tanh(gain map / peak)
Differs  all layers are scaled by tanh where several are given (the paper: only the shallow ones), and the
         coarser are enlarged to the finest
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.functional.maps import finest, resize
from facsight.probe.probe import Probe


def layer_cam(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"], *, gain: float = 2.0
) -> Float[Tensor, "batch height width"]:
    r"""LayerCAM maps of the class `about` each face; `gain` (γ) matters only where several layers are given.

    .. math:: M(p) = \max\Big(0, \sum_d
        \max\Big(0, \frac{\partial y_c}{\partial f_d(p)}\Big) f_d(p)\Big), \qquad
        \hat M = \tanh\frac{\gamma M}{\max M}
    """
    seen = probe.record(pixels)
    slopes = seen.gradients(about)
    found = [(maps * slope.relu()).sum(dim=1).relu() for maps, slope in zip(seen.maps, slopes, strict=True)]
    if len(found) == 1:
        return found[0]
    peaks = [maps.amax(dim=(1, 2), keepdim=True) for maps in found]
    scaled = [
        torch.tanh(gain * maps / torch.where(peak == 0, 1.0, peak))
        for maps, peak in zip(found, peaks, strict=True)
    ]
    size = finest(scaled)
    return torch.stack([resize(maps, size) for maps in scaled]).amax(dim=0)
