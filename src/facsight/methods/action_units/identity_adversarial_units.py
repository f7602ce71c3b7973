"""Action units from features that are to tell nobody who somebody is.

Paper    Ning, Salah and Onal Ertugrul, "Representation learning and identity adversarial training for facial
         behavior understanding" (FMAE-IAT), FG 2025, arXiv 2407.11243
Needs    coded faces of two or more known people; `network.start`, a run of masked_autoencoder, where the
         paper's pre-training (FMAE) is wanted too
Learns   unit cross entropy; an adversary learns who somebody is from pooled features, and the backbone, by
         its gradient turned around, to leave it nothing (+ alignment of maps, as in unit_detection)
Differs  the adversary sees features standardised, has a hidden layer, and learns `rounds` times in a step, as
         one that lags behind is fooled by features that move; the turned gradient rises along a ramp. The
         paper pre-trains on 9 million faces; what is at hand here is small
"""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.batch import Faces, LabelledUnits
from facsight.core.errors import BadPeople, BadRecipe
from facsight.core.method import UnitMethod
from facsight.core.prediction import UnitPrediction
from facsight.core.terms import Terms
from facsight.facs.unit_alignment import unit_misalignment
from facsight.functional.reversal import ramp, reverse_gradient
from facsight.losses.units import unit_cross_entropy
from facsight.nn.classifier import Backbone
from facsight.nn.identity_adversary import identity_adversary, teach_adversary
from facsight.nn.unit_network import UnitNetwork


class IdentityAdversarialUnits(UnitMethod):
    """The terms are "units", "identity" and, where `alignment` is above 0, "alignment".

    `persons` is how many people train, numbered from 0; faces of nobody known (-1) teach no adversary.
    `strength` is that of the turned gradient (lambda): with ten times the default, units of drawn faces were
    no longer learnt (docs/action_units.md).
    """

    importance: Tensor

    def __init__(
        self,
        network: UnitNetwork,
        persons: int,
        importance: Sequence[float] | None = None,
        *,
        alignment: float = 0.0,
        strength: float = 0.03,
        hidden: int = 128,
        rounds: int = 10,
    ):
        super().__init__()
        if persons < 2:
            raise BadPeople(f"expected two people or more, whom an adversary tells apart, found {persons}")
        if not (alignment >= 0 and strength >= 0 and rounds >= 1):
            raise BadRecipe(
                f"expected alignment and strength of 0 or more and rounds of 1 or more, found {alignment}, "
                f"{strength} and {rounds}"
            )
        self.network, self.persons, self.alignment = network, persons, alignment
        self.strength, self.rounds = strength, rounds
        channels = cast(Backbone, network.backbone).channels[-1]
        self.adversary = identity_adversary(channels, persons=persons, hidden=hidden)
        weights = torch.ones(len(network.action_units)) if importance is None else torch.tensor(importance)
        self.register_buffer("importance", weights.float(), persistent=False)

    def objective(self, batch: LabelledUnits, progress: float) -> Terms:
        pixels = batch.faces.pixels
        features = self.network.features(pixels)
        said = self.network.read(features)
        turned = reverse_gradient(features[-1].mean(dim=(2, 3)), self.strength * ramp(progress))
        terms = Terms(
            units=unit_cross_entropy(said.logits, batch.presence, self.importance),
            identity=self.recognised(turned, batch.person),
        )
        if self.alignment:
            terms["alignment"] = self.alignment * unit_misalignment(
                said.maps,
                batch.faces.landmarks,
                self.network.action_units,
                extent=(pixels.shape[2], pixels.shape[3]),
            )
        return terms

    def recognised(
        self, features: Float[Tensor, "batch channel"], person: Int[Tensor, "batch"]
    ) -> Float[Tensor, ""]:
        """Cross entropy of the adversary over faces of known people; 0 where there are not two of them."""
        if int(person.max()) >= self.persons:
            raise BadPeople(f"expected people from 0 to {self.persons - 1}, found {int(person.max())}")
        known = person >= 0
        if int(known.sum()) < 2:  # a batch normalisation needs two
            return 0 * features.sum()
        return F.cross_entropy(self.adversary(features[known]), person[known])

    def update(self, batch: LabelledUnits, optimizer: torch.optim.Optimizer, progress: float) -> Terms:
        """Rounds of the adversary alone, on features that stay, then a step of all."""
        known = batch.person >= 0
        if int(known.sum()) >= 2:
            with torch.no_grad():
                features = self.network.features(batch.faces.pixels)[-1].mean(dim=(2, 3))[known]
            teach_adversary(self.adversary, features, batch.person[known], optimizer, rounds=self.rounds - 1)
        return super().update(batch, optimizer, progress)

    def predict(self, faces: Faces) -> UnitPrediction:
        return self.network(faces.pixels)
