"""Identity-adversarial training: features from which nobody can tell who somebody is.

Paper    Ning, Salah and Onal Ertugrul, "Representation learning and identity adversarial training for facial
         behavior understanding" (IAT), FG 2025, arXiv 2407.11243
Needs    labelled source people; nothing of the target
Learns   cross entropy; an adversary learns who somebody is from pooled features, and the encoder, by its
         gradient turned around, to leave it nothing
Harm     what tells people apart also tells what they show: on simulated people accuracy falls by .12 on the
         source people themselves, and new people gain nothing and may lose a little (docs/adaptation.md). A
         linear probe that fails does not prove that nobody can be recognised
Differs  the adversary sees features standardised, has a hidden layer, and learns `rounds` times in a step:
         one that lags behind is fooled by features that move, not by such as tell nothing; the turned
         gradient rises along the ramp of domain-adversarial training
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople
from facsight.core.method import Method
from facsight.core.people import People
from facsight.core.terms import Terms
from facsight.functional.reversal import ramp, reverse_gradient
from facsight.nn.identity_adversary import identity_adversary, teach_adversary
from facsight.nn.split_network import SplitNetwork, pooled


class IdentitySources(Method[People, Tensor, Tensor]):
    """The training: `persons` is how many there are, `strength` (lambda) that of the turned gradient."""

    def __init__(
        self,
        network: SplitNetwork,
        *,
        persons: int,
        strength: float = 2.0,
        hidden: int = 128,
        rounds: int = 10,
    ):
        super().__init__()
        if persons < 2:
            raise BadPeople(
                f"expected two or more source people, whom an adversary tells apart, found {persons}"
            )
        self.network, self.persons = network, persons
        self.strength, self.rounds = strength, rounds
        self.adversary = identity_adversary(network.channels, persons=persons, hidden=hidden)

    def objective(self, batch: People, progress: float) -> Terms:
        if int(batch.person.max()) >= self.persons:
            raise BadPeople(
                f"expected persons from 0 to {self.persons - 1}, found {int(batch.person.max())}: set "
                "persons to the number of source people"
            )
        features = self.network.encode(batch.inputs)
        turned = reverse_gradient(pooled(features), self.strength * ramp(progress))
        return Terms(
            expression=F.cross_entropy(self.network.decide(features), batch.label),
            identity=F.cross_entropy(self.adversary(turned), batch.person),
        )

    def update(self, batch: People, optimizer: torch.optim.Optimizer, progress: float) -> Terms:
        """Rounds of the adversary alone, on features that stay, then a step of all."""
        with torch.no_grad():
            features = pooled(self.network.encode(batch.inputs))
        teach_adversary(self.adversary, features, batch.person, optimizer, rounds=self.rounds - 1)
        return super().update(batch, optimizer, progress)

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)


class IdentityAdversarial(Adaptation):
    """What was trained so, used as it is: nothing belongs to the person."""

    sees = "neutral"
    trains = False
    stage = "identity_sources"

    def __init__(self, network: SplitNetwork):
        super().__init__()
        self.network = network.requires_grad_(False)

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
