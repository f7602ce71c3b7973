"""Layer attention: where a layer is excited, whatever the class.

Paper    Belharbi, Pedersoli, Koerich, Bacon and Granger, "Guided interpretable facial expression recognition
         via spatial action unit cues", FG 2024, https://arxiv.org/abs/2402.00281
Needs    a layer with maps over places; no gradients, and no class: `about` changes nothing
Shows    the mean over channels, which is what AU-guided learning aligns
Differs  nothing is shifted, cut off or normalised: a layer without ReLU has negative places. Several layers
         may be given: their maps are scaled to peak one and averaged at the finest size
"""

from jaxtyping import Float, Int
from torch import Tensor

from facsight.functional.maps import fuse
from facsight.probe.probe import Probe


def layer_attention(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"]
) -> Float[Tensor, "batch height width"]:
    r"""The mean over channels, the same for every class.

    .. math:: \frac1D \sum_d f_d(p)
    """
    return fuse([maps.mean(dim=1) for maps in probe.record(pixels).maps])
