"""One map an action unit, kept apart up to the decision: a class is a weighted sum of what the units show.

Source   ours; a bottleneck of named parts, after Koh et al., "Concept bottleneck models", ICML 2020,
         https://arxiv.org/abs/2007.04612
Needs    any backbone; `method.name = "unit_guidance"` gives the maps their meaning
Shows    a map from 0 to 1 for each unit; the logit of class k is the mean of its class map plus its bias, and
         its class map a sum of the units' maps with the class's weights
Differs  the parts are maps, known by their place on the face only; nobody says how strong a unit is
"""

import math
from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.prediction import Prediction
from facsight.facs.codebook import DEFAULT_CODEBOOK, load_codebook
from facsight.nn.classifier import Backbone

#: The share of the face that a unit covers, roughly. Maps start there, and means over places are measured in
#: it: a unit that shows then weighs about 1 in the decision.
SHARE = 0.05


class UnitMaps(nn.Module):
    """A map for each of `units`, then a linear layer; by default the units of the default codebook.

    `units` are FACS numbers, in the order of the maps.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        classes: int,
        dropout: float = 0.2,
        units: Sequence[int] | None = None,
    ):
        super().__init__()
        self.action_units = tuple(units or load_codebook(DEFAULT_CODEBOOK).action_units)
        self.dropout = nn.Dropout2d(dropout)
        self.maps = nn.Conv2d(backbone.channels[-1], len(self.action_units), 1)
        self.decide = nn.Linear(len(self.action_units), classes)
        nn.init.constant_(cast(Tensor, self.maps.bias), math.log(SHARE / (1 - SHARE)))

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """Logits, the mean of the units' maps as attention, and the class maps."""
        return self.decision(self.unit_maps(features))

    def unit_maps(self, features: Sequence[Tensor]) -> Float[Tensor, "batch unit h w"]:
        """How much each place shows of each unit, from 0 to 1."""
        with torch.autocast(features[-1].device.type, enabled=False):
            return self.maps(self.dropout(features[-1])).sigmoid()

    def decision(self, units: Float[Tensor, "batch unit h w"]) -> Prediction:
        """What follows from the units' maps alone."""
        with torch.autocast(units.device.type, enabled=False):
            return Prediction(
                logits=self.decide(units.mean(dim=(2, 3)) / SHARE),
                attention=units.mean(dim=1),
                class_maps=torch.einsum("ku,buhw->bkhw", self.decide.weight / SHARE, units),
            )
