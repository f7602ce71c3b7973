"""Information maximisation: answers that are sure of each input and, over the person, not all the same.

Paper    Liang, Hu and Feng, "Do we really need to access the source data? Source hypothesis transfer for
         unsupervised domain adaptation" (SHOT), ICML 2020, arXiv 2002.08546, eq. 3-7
Needs    the target without labels; no one else's inputs
Learns   what lies under a frozen head (the hypothesis): low entropy of every answer, high entropy of their
         mean, and pseudo-labels by the nearest of the target's own class centroids, found anew before each
         epoch: first weighted by answers, then from their own labels (eq. 4-6, distance by cosine)
Differs  a gain and an offset a channel are learnt, so that what is personal stays small; `trained` "encoder"
         learns the encoder as the paper does. Features are averaged over places for centroids. The head is
         as given: no weight normalisation is put in
Harm     where the target shows few of the classes, or one most of the time: answers are pushed to all classes
         alike. Pseudo-labels make a network surer of its own mistakes. Where classes were as
         often, in actors' voices and portraits, it gained (docs/personal.md). On planted
         people, who show all classes alike, diversity alone did better than all terms (docs/adaptation.md)
Stops    after the steps of its plan; nothing is selected
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import Adapting, Unlabelled
from facsight.core.terms import Terms
from facsight.functional.centroids import nearest, weighted_centroids
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.people_style import channel_rows
from facsight.nn.split_network import SplitNetwork


class InformationMaximisation(Adaptation):
    """`diversity` weighs the entropy of the mean answer, `pseudo` (beta) the pseudo-labels, beside 1."""

    sees = "target"
    centroids: Tensor
    seen: Tensor

    def __init__(
        self,
        network: SplitNetwork,
        *,
        classes: int,
        trained: Literal["style", "encoder"] = "style",
        diversity: float = 1.0,
        pseudo: float = 0.3,
    ):
        super().__init__()
        self.network = network.requires_grad_(False)
        network.encoder.requires_grad_(trained == "encoder")
        self.style = ChannelStyle(network.channels).requires_grad_(trained == "style")
        self.diversity, self.pseudo = diversity, pseudo
        self.register_buffer("centroids", torch.zeros(classes, network.channels))
        self.register_buffer("seen", torch.ones(classes, dtype=torch.bool))

    @torch.no_grad()
    def refresh(self, target: Unlabelled, progress: float) -> None:
        """The target's own centroids."""
        known = self.network.eval().encode_all(target.inputs, then=self._answers_and_directions)
        answers, rows = known.tensor_split([len(self.seen)], dim=1)
        self.seen.copy_(answers.argmax(dim=1).bincount(minlength=len(self.seen)) > 0)
        self.centroids.copy_(weighted_centroids(rows, answers))
        label = self.pseudo_labels(rows)
        again = F.one_hot(label, len(self.seen)).to(rows.dtype)
        self.seen &= again.any(dim=0)
        self.centroids.copy_(weighted_centroids(rows, again))

    def _answers_and_directions(self, features: Tensor) -> Tensor:
        styled = self.style(features)
        return torch.cat([self.network.decide(styled).softmax(dim=1), directions(styled)], dim=1)

    def pseudo_labels(self, rows: Tensor) -> Tensor:
        """The class of the nearest centroid, among classes that some answer names."""
        classes = self.seen.nonzero().flatten()
        return classes[nearest(rows, F.normalize(self.centroids[classes], dim=1))]

    def objective(self, batch: Adapting, progress: float) -> Terms:
        self.network.eval()
        features = self.style(self.network.encode(batch.target.inputs))
        logits = self.network.decide(features)
        answers = logits.softmax(dim=1)
        mean = answers.mean(dim=0)
        terms = Terms(
            sure=-(answers * logits.log_softmax(dim=1)).sum(dim=1).mean(),
            diverse=self.diversity * (mean * mean.clamp(min=1e-12).log()).sum(),
        )
        label = self.pseudo_labels(directions(features.detach()))
        terms["pseudo"] = self.pseudo * F.cross_entropy(logits, label)
        return terms

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network.decide(self.style(self.network.encode(inputs)))


def directions(features: Tensor) -> Tensor:
    """Means over places, at length 1: the nearer, the larger the cosine."""
    return F.normalize(channel_rows(features), dim=1)
