"""An attention of its own for every action unit: where it looks is what its decision is made from.

Paper    Ilse, Tomczak and Welling, "Attention-based deep multiple instance learning", ICML 2018,
         https://arxiv.org/abs/1802.04712; one attention a unit, as in Shao, Liu, Cai and Ma, "JAA-Net", IJCV
         2021, https://arxiv.org/abs/2003.08834
Needs    any backbone
Shows    the weights of the places, one map a unit, each summing to 1; a unit's logit is the weighted mean of
         what its places say, plus its bias, exactly
Differs  the attention is a linear function of the features, without the hidden layer and gate of the first
         paper, and not refined by landmarks inside the network as in the second; units hear nothing of one
         another
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from facsight.core.prediction import UnitPrediction
from facsight.nn.classifier import Backbone


class UnitAttention(nn.Module):
    """Features pooled by each unit's own attention, then one linear decision a unit.

    `action_units` are FACS numbers, in the order of logits and maps; `dropout` is of pooled features.
    """

    def __init__(self, backbone: Backbone, *, action_units: Sequence[int], dropout: float = 0.2):
        super().__init__()
        self.action_units = tuple(action_units)
        width, units = backbone.channels[-1], len(self.action_units)
        self.look = nn.Conv2d(width, units, 1, bias=False)  # one would drop out of the softmax over places
        self.dropout = nn.Dropout(dropout)
        self.weight = nn.Parameter(torch.empty(units, width).uniform_(-1, 1) * width**-0.5)
        self.bias = nn.Parameter(torch.zeros(units))

    def read(self, features: Sequence[Tensor]) -> UnitPrediction:
        """A logit a unit, and the attention that it was made from."""
        maps = features[-1]
        with torch.autocast(maps.device.type, enabled=False):
            attention = self.look(maps).flatten(2).softmax(dim=2)
            pooled = self.dropout(torch.einsum("bup,bdp->bud", attention, maps.flatten(2)))
            logits = torch.einsum("bud,ud->bu", pooled, self.weight) + self.bias
            return UnitPrediction(logits, attention.unflatten(2, maps.shape[2:]))
