"""Global average pooling: a linear layer on averaged features, whose class maps are exact by construction.

Paper    Zhou, Khosla, Lapedriza, Oliva and Torralba, "Learning deep features for discriminative
         localization", CVPR 2016, https://arxiv.org/abs/1512.04150
Needs    any backbone
Shows    the logit of class k is the mean of its class map plus its bias (eq. 1 and 2)
Differs  dropout before the linear layer; the mean over places, where the paper's eq. 1 has the sum
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from facsight.core.prediction import Prediction
from facsight.nn.classifier import Backbone


class AveragePooling(nn.Linear):
    """Averaged last features to logits; the layer itself takes averaged features `(batch, dim)`."""

    def __init__(self, backbone: Backbone, *, classes: int, dropout: float = 0.2):
        super().__init__(backbone.channels[-1], classes)
        self.dropout = nn.Dropout(dropout)

    def read(self, features: Sequence[Tensor]) -> Prediction:
        """Logits, the channel mean of the last maps, and the class maps."""
        maps = features[-1]
        with torch.autocast(maps.device.type, enabled=False):
            return Prediction(
                logits=self(self.dropout(maps.mean(dim=(2, 3)))),
                attention=maps.mean(dim=1),
                class_maps=torch.einsum("kd,bdhw->bkhw", self.weight, maps),
            )
