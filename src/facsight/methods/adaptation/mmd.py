"""Alignment by maximum mean discrepancy: the target's features are to be distributed as the sources'.

Paper    Long, Cao, Wang and Jordan, "Learning transferable features with deep adaptation networks", ICML
         2015, arXiv 1502.02791
Needs    the target without labels, and labelled source people
Learns   cross entropy on the source people, and the discrepancy of pooled features of the source people and
         the target, by the whole network
Harm     where the target's mix of classes is not that of the sources: what is aligned is the mixture.
         On simulated people, who have all classes alike, it is above no adaptation (docs/adaptation.md)
Differs  one layer, the features that the head reads; five kernels of equal weight (`functional.discrepancy`);
         whatever people the source rows of a batch are of, they are one domain
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import Adapting
from facsight.core.terms import Terms
from facsight.functional.discrepancy import maximum_mean_discrepancy
from facsight.nn.split_network import SplitNetwork, pooled


class DiscrepancyAlignment(Adaptation):
    """`weight` of the discrepancy beside 1 for the labels of source people."""

    sees = "sources"

    def __init__(self, network: SplitNetwork, *, weight: float = 1.0):
        super().__init__()
        self.network, self.weight = network.requires_grad_(True), weight

    def objective(self, batch: Adapting, progress: float) -> Terms:
        assert batch.sources is not None
        # together: batch normalisation then sees one mixture
        features = self.network.encode(torch.cat([batch.sources.inputs, batch.target.inputs]))
        known, unknown = features.tensor_split([len(batch.sources)])
        return Terms(
            expression=F.cross_entropy(self.network.decide(known), batch.sources.label),
            discrepancy=self.weight * maximum_mean_discrepancy(pooled(known), pooled(unknown)),
        )

    def is_personal(self, name: str) -> bool:
        return name.startswith("network.")

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
