"""Domain-adversarial training: features from which nobody can tell the target from the source people.

Paper    Ganin, Ustinova, Ajakan, Germain, Larochelle, Laviolette, Marchand and Lempitsky, "Domain-adversarial
         training of neural networks" (DANN), JMLR 17, 2016, arXiv 1505.07818
Needs    the target without labels, and labelled source people
Learns   cross entropy on the source people; an adversary learns to tell source and target by their pooled
         features, and the encoder, by its gradient turned around, to leave it nothing (equation 10)
Harm     where the target's mix of classes is not that of the sources, and with few inputs of the target, by
         which the adversary goes before the features have met; no run tells whether the adversary was fooled
         or merely weak. On simulated people it is above no adaptation and below the plain discrepancy
         (docs/adaptation.md)
Differs  both start trained, so that the ramp of the turned gradient is over a short adaptation; the adversary
         has one hidden layer
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facsight.core.adaptation import Adaptation
from facsight.core.people import Adapting
from facsight.core.terms import Terms
from facsight.functional.reversal import ramp, reverse_gradient
from facsight.nn.split_network import SplitNetwork, pooled


class DomainAdversarial(Adaptation):
    """`strength` of the turned gradient once its ramp is over; `hidden` units of the adversary."""

    sees = "sources"

    def __init__(self, network: SplitNetwork, *, strength: float = 1.0, hidden: int = 64):
        super().__init__()
        self.network, self.strength = network.requires_grad_(True), strength
        self.adversary = nn.Sequential(nn.Linear(network.channels, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def objective(self, batch: Adapting, progress: float) -> Terms:
        assert batch.sources is not None
        # together: batch normalisation then sees one mixture
        features = self.network.encode(torch.cat([batch.sources.inputs, batch.target.inputs]))
        known = features[: len(batch.sources)]
        turned = reverse_gradient(pooled(features), self.strength * ramp(progress))
        of_target = torch.arange(len(features), device=features.device) >= len(known)
        return Terms(
            expression=F.cross_entropy(self.network.decide(known), batch.sources.label),
            domain=F.binary_cross_entropy_with_logits(self.adversary(turned)[:, 0], of_target.float()),
        )

    def is_personal(self, name: str) -> bool:
        return name.startswith("network.")

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
