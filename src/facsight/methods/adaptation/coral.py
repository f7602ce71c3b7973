"""Correlation alignment: features of the target are to vary together as those of the sources do.

Paper    Sun and Saenko, "Deep CORAL: correlation alignment for deep domain adaptation", ECCV 2016 workshops,
         arXiv 1607.01719
Needs    the target without labels, and labelled source people
Learns   cross entropy on the source people, and the distance of the covariances of pooled features of the
         source people and the target (equation 1), by the whole network
Harm     it does not see where the target lies, only how it spreads: what a person's face is like at rest
         stays as wrong as it was. On simulated people it is above no adaptation, and below what sees means
         (docs/adaptation.md)
Differs  features that the head reads, in place of its last layer's answers
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import Adapting
from facsight.core.terms import Terms
from facsight.functional.discrepancy import correlation_distance
from facsight.nn.split_network import SplitNetwork, pooled


class CorrelationAlignment(Adaptation):
    """`weight` (lambda) of the distance, small as it is by its 4 d², beside 1 for labels of source people."""

    sees = "sources"

    def __init__(self, network: SplitNetwork, *, weight: float = 100.0):
        super().__init__()
        self.network, self.weight = network.requires_grad_(True), weight

    def objective(self, batch: Adapting, progress: float) -> Terms:
        assert batch.sources is not None
        # together: batch normalisation then sees one mixture
        features = self.network.encode(torch.cat([batch.sources.inputs, batch.target.inputs]))
        known, unknown = features.tensor_split([len(batch.sources)])
        return Terms(
            expression=F.cross_entropy(self.network.decide(known), batch.sources.label),
            correlation=self.weight * correlation_distance(pooled(known), pooled(unknown)),
        )

    def is_personal(self, name: str) -> bool:
        return name.startswith("network.")

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
