"""Pseudo-labels of clusters: inputs of the person that lie together are told to be one class.

Paper    Conti, Rota, Wang and Ricci, "Cluster-level pseudo-labelling for source-free cross-domain facial
         expression recognition" (CluP), BMVC 2022, arXiv 2210.05246
Needs    the target without labels; no one else's inputs
Learns   cross entropy with the label of the cluster an input lies in: the class that its members' answers
         name on the mean. Clusters whose members agree little are left out: one odd frame does not lead
Differs  clusters are of the source network's own features (k-means, anew before each epoch), where the paper
         first learns the target's features without labels, which one person has too little for; a gain and an
         offset a channel are learnt and nothing else, unless `trained` is "encoder"
Harm     where answers are wrong for most of a cluster, all of it becomes wrong, and sure of it; where what a
         person shows does not lie in clusters at all, it is worse than no adaptation (planted people whose
         classes overlap in their features: it loses accuracy, the less agreement is asked for, the more;
         actors' voices and portraits, too)
Stops    after the steps of its plan; nothing is selected
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import Adapting, Unlabelled
from facsight.core.terms import Terms
from facsight.functional.centroids import k_means, nearest, weighted_centroids
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.people_style import channel_rows
from facsight.nn.split_network import SplitNetwork

#: What starts of clusters are drawn by: the same target has the same clusters.
SEED = 0
#: The label of a cluster that there is not.
NONE = -1


class ClusterPseudoLabels(Adaptation):
    """At most `clusters` of them; one is used where at least `agreement` of its members say its class."""

    sees = "target"
    centroids: Tensor
    label: Tensor
    used: Tensor

    def __init__(
        self,
        network: SplitNetwork,
        *,
        clusters: int = 8,
        agreement: float = 0.9,
        trained: Literal["style", "encoder"] = "style",
    ):
        super().__init__()
        self.network, self.agreement = network.requires_grad_(False), agreement
        network.encoder.requires_grad_(trained == "encoder")
        self.style = ChannelStyle(network.channels).requires_grad_(trained == "style")
        self.register_buffer("centroids", torch.zeros(clusters, network.channels))
        self.register_buffer("label", torch.full((clusters,), NONE))
        self.register_buffer("used", torch.zeros(clusters, dtype=torch.bool))

    @torch.no_grad()
    def refresh(self, target: Unlabelled, progress: float) -> None:
        """New clusters and their labels; there are as many as inputs, where these are fewer."""
        known = self.network.eval().encode_all(target.inputs, then=self._rows_and_answers)
        rows, answers = known.tensor_split([self.centroids.shape[1]], dim=1)
        count = min(len(self.used), len(rows))
        centroids = k_means(rows, count, torch.Generator().manual_seed(SEED))
        members = F.one_hot(nearest(rows, centroids), count).to(rows.dtype)
        label = weighted_centroids(answers, members).argmax(dim=1)
        agree = (answers.argmax(dim=1)[:, None] == label).to(rows.dtype) * members
        self.used.zero_()
        self.used[:count] = agree.sum(dim=0) >= self.agreement * members.sum(dim=0).clamp(min=1)
        self.label[:count], self.centroids[:count] = label, centroids
        self.label[count:] = NONE

    def _rows_and_answers(self, features: Tensor) -> Tensor:
        styled = self.style(features)
        return torch.cat([channel_rows(styled), self.network.decide(styled).softmax(dim=1)], dim=1)

    def objective(self, batch: Adapting, progress: float) -> Terms:
        self.network.eval()
        features = self.style(self.network.encode(batch.target.inputs))
        count = int((self.label != NONE).sum())
        cluster = nearest(channel_rows(features.detach()), self.centroids[:count])
        used = self.used[cluster].to(features.dtype)
        costs = F.cross_entropy(self.network.decide(features), self.label[cluster], reduction="none")
        return Terms(cluster=(costs * used).sum() / used.sum().clamp(min=1))

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network.decide(self.style(self.network.encode(inputs)))
