"""WILDCAT: several maps a class, pooled over their strongest and their weakest places.

Paper    Durand, Mordan, Thome and Cord, "WILDCAT: weakly supervised learning of deep ConvNets for image
         classification, pointwise localization and segmentation", CVPR 2017,
         https://openaccess.thecvf.com/content_cvpr_2017/html/Durand_WILDCAT_Weakly_Supervised_CVPR_2017_paper.html
Needs    any backbone
Shows    the mean of a class's maps; its logit is a mean over few of its places, not over all
Differs  shares of the places, not counts, so that they hold at any resolution; whole channels may be dropped
         before the maps; trained from scratch with one rate for all layers
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.prediction import Prediction
from facsight.nn.classifier import Backbone


class Wildcat(nn.Module):
    """`maps_per_class` maps (M) averaged into a class map, whose extreme places give the logit.

    `strongest` and `weakest` are the shares of places that are pooled (k+ and k-), `evidence_against` the
    weight of the weakest (alpha).
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        classes: int,
        dropout: float = 0.2,
        maps_per_class: int = 4,
        strongest: float = 0.2,
        weakest: float = 0.2,
        evidence_against: float = 0.7,
    ):
        super().__init__()
        if maps_per_class < 1 or not 0 < strongest <= 1 or not 0 < weakest <= 1:
            raise BadRecipe(
                "wildcat needs at least 1 map a class, and shares of places above 0, at most 1; found "
                f"maps_per_class={maps_per_class}, strongest={strongest}, weakest={weakest}"
            )
        self.shares, self.evidence_against = (strongest, weakest), evidence_against
        self.dropout = nn.Dropout2d(dropout)
        self.maps = nn.Conv2d(backbone.channels[-1], classes * maps_per_class, 1)
        self.classes = classes

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """Logits, the channel mean of the last maps, and the class maps."""
        maps = features[-1]
        with torch.autocast(maps.device.type, enabled=False):
            class_maps = self.maps(self.dropout(maps)).unflatten(1, (self.classes, -1)).mean(dim=2)
            strongest, weakest = self.shares
            logits = pool_extremes(class_maps, strongest, weakest, self.evidence_against)
            return Prediction(logits, maps.mean(dim=1), class_maps)


def pool_extremes(
    maps: Float[Tensor, "*batch h w"], strongest: float, weakest: float, evidence_against: float
) -> Float[Tensor, "*batch"]:
    r"""The mean of the strongest places plus alpha times that of the weakest (Durand et al. 2017, eq. 1).

    .. math:: \frac{1}{k^+} \max_{|P| = k^+} \sum_{p \in P} m_p
              + \frac{\alpha}{k^-} \min_{|P| = k^-} \sum_{p \in P} m_p

    `strongest` and `weakest` are shares of the places, rounded, at least one place.

    >>> pool_extremes(torch.tensor([[4.0, 2.0], [1.0, -3.0]]), 0.5, 0.25, 0.5)
    tensor(1.5000)
    """
    places = maps.flatten(-2)
    top, low = (max(1, round(share * places.shape[-1])) for share in (strongest, weakest))
    ordered = places.sort(dim=-1, descending=True).values
    return ordered[..., :top].mean(dim=-1) + evidence_against * ordered[..., -low:].mean(dim=-1)
