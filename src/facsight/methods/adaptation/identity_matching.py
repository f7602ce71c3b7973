"""Training on people with each person's own shift taken off: optimal-transport identity matching as a stage.

Source   Kim and Song, "Optimal transport-based identity matching for identity-invariant facial expression
         recognition" (ELIM), NeurIPS 2022, arXiv 2209.12172; the matching is `losses.identity_matching`
Needs    labelled source people, several in a batch; nothing of the target
Learns   cross entropy of features as they are, and of features without their person's shift
Harm     where people of a batch show different expressions, like is matched with unlike, and what is taken
         off is expression. On simulated people new ones are read as by plain training, and the matched term
         was worth nothing for certain in any setting tried (docs/adaptation.md)
Differs  both costs in one step (in the release one after the other), from the start (in the release after a
         warm-up); pooled features are matched, and a shift is the same at all places of maps
"""

import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.method import Method
from facsight.core.people import People
from facsight.core.terms import Terms
from facsight.losses.identity_matching import EPSILON, without_identity
from facsight.nn.split_network import SplitNetwork, pooled


class MatchingSources(Method[People, Tensor, Tensor]):
    """`weight` of the features without shift beside 1 for those as they are; `epsilon` of the transport."""

    #: People in a batch.
    together = 4

    def __init__(self, network: SplitNetwork, *, weight: float = 1.0, epsilon: float = EPSILON):
        super().__init__()
        self.network, self.weight, self.epsilon = network, weight, epsilon

    def objective(self, batch: People, progress: float) -> Terms:
        features = self.network.encode(batch.inputs)
        averages = pooled(features)
        shift = (averages - without_identity(averages, batch.person, epsilon=self.epsilon)).detach()
        matched = features - shift.reshape(*shift.shape, *[1] * (features.ndim - 2))
        return Terms(
            expression=F.cross_entropy(self.network.decide(features), batch.label),
            matched=self.weight * F.cross_entropy(self.network.decide(matched), batch.label),
        )

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)


class IdentityMatching(Adaptation):
    """What was trained so, used as it is: nothing belongs to the person."""

    sees = "neutral"
    trains = False
    stage = "matching_sources"

    def __init__(self, network: SplitNetwork):
        super().__init__()
        self.network = network.requires_grad_(False)

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
