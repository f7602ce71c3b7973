"""How far features are from others in style: in what channels do on the whole, whatever is where.

Paper    Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks", CVPR 2016,
         eq. 3-4 ("gram"); Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance
         normalization", ICCV 2017, eq. 13 ("moments")
Needs    features (n, channel, *place), and those of the wanted style, row by row; places may differ
Learns   the features' side only: the wanted style is detached, so that it cannot come nearer by itself
Differs  means in place of sums, so that weights do not depend on sizes; a row of numbers has one place: its
         "moments" are the numbers themselves, its Gram matrix their products
"""

from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadRecipe

#: What of the features is their style.
Style = Literal["moments", "gram"]

#: Added to variances under a root: a map that is the same everywhere has a finite gradient.
LEAST = 1e-6


def style_loss(
    own: Float[Tensor, "n channel *place"], wanted: Float[Tensor, "m width *other"], *, kind: Style
) -> Float[Tensor, ""]:
    r"""The mean squared difference of styles, 0 for the same.

    "moments": of the channels' means, plus that of their deviations, over places; "gram": of the products
    :math:`\sum_p f_{cp} f_{dp} / (C P)`. `BadRecipe` where channels or rows differ.
    """
    if own.shape[:2] != wanted.shape[:2]:
        raise BadRecipe(
            f"styles are compared row by row and channel by channel: found {tuple(own.shape[:2])} "
            f"beside {tuple(wanted.shape[:2])}"
        )
    own, wanted = (each.reshape(*each.shape[:2], -1) for each in (own, wanted.detach()))
    if kind == "gram":
        return F.mse_loss(_gram(own), _gram(wanted))
    means = F.mse_loss(own.mean(dim=2), wanted.mean(dim=2))
    return means + F.mse_loss(_deviation(own), _deviation(wanted))


def _gram(features: Float[Tensor, "n channel place"]) -> Float[Tensor, "n channel channel"]:
    return features @ features.transpose(1, 2) / (features.shape[1] * features.shape[2])


def _deviation(features: Float[Tensor, "n channel place"]) -> Float[Tensor, "n channel"]:
    return (features.var(dim=2, correction=0) + LEAST).sqrt()
