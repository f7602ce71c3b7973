"""From picture values to network input."""

import torch
from jaxtyping import Float, Num
from torch import Tensor

from facsight.core.errors import BadFaces

#: Luma weights of ITU-R BT.601: the grey that JPEG and most grey face datasets use.
LUMA = (0.299, 0.587, 0.114)


def grey(pictures: Num[Tensor, "batch channel height width"]) -> Float[Tensor, "batch 1 height width"]:
    """Luma in 0..255 of grey (one channel) or RGB (three channels) pictures."""
    if pictures.shape[1] == 1:
        return pictures.float()
    if pictures.shape[1] != 3:
        raise BadFaces(f"expected grey or RGB faces (1 or 3 channels), found {pictures.shape[1]} channels")
    luma = pictures.new_tensor(LUMA, dtype=torch.float32).view(1, 3, 1, 1)
    return (pictures.float() * luma).sum(dim=1, keepdim=True)


def standardise(pictures: Num[Tensor, "batch channel height width"]) -> Float[Tensor, "batch 1 height width"]:
    """Grey pictures with mean 0 and standard deviation near 1 each, so that exposure and contrast drop out.

    Twelve grey levels (a twentieth of the range) are added to the deviation: a flat picture stays flat
    instead of becoming amplified noise. NaN or infinite pixels raise `BadFaces`.
    """
    luma = grey(pictures)
    spread, mean = torch.std_mean(luma, dim=(2, 3), keepdim=True, correction=0)
    if not torch.isfinite(spread).all():
        raise BadFaces("face pixels must be finite numbers, found NaN or infinity")
    return (luma - mean) / (spread + 12.0)
