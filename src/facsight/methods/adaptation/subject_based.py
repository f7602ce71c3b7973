"""Subject-based adaptation: every source person is a domain, and the target learns from its own sure labels.

Paper    Zeeshan, Aslam, Belharbi, Koerich, Pedersoli, Bacon and Granger, "Subject-based domain adaptation for
         facial expression recognition" (MSDA), FG 2024, arXiv 2312.05632
Needs    labelled source people, two or more; the target without labels
Learns   of the sources: cross entropy, and the discrepancy between people. Of the target: cross entropy on
         source people; cross entropy on its own inputs where two looks at them make a copy of the network,
         renewed before each epoch, sure (augmented confident pseudo-labels); the discrepancy between source
         people and target
Harm     pseudo-labels, where the network is wrong and sure; the discrepancy, where the target's classes are
         not mixed as those of the sources. On simulated people, who have all classes alike, it is above no
         adaptation, by its discrepancy alone: own labels add nothing there (docs/adaptation.md)
Differs  the discrepancy has a gradient (in the release it is a plain number, so that it trains nothing);
         between sources it is the mean over all pairs of the people in a batch; the second look is always
         another one (in the release a mirror image by chance), of rows of numbers a shaken one; all inputs of
         the target are looked at anew each time (in the release those once rejected never return); nothing
         is selected by labels of the target. The most relevant source people are chosen for all methods alike
         (`nn.relevant_people`)
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.method import Method
from facsight.core.people import Adapting, People, Unlabelled
from facsight.core.terms import Terms
from facsight.functional.discrepancy import discrepancy_of_groups, maximum_mean_discrepancy
from facsight.functional.pseudo_labels import other_look, sure_cost, sure_labels
from facsight.nn.split_network import SplitNetwork, pooled


class SubjectSources(Method[People, Tensor, Tensor]):
    """The source stage: `weight` of the discrepancy between people beside 1 for the labels."""

    #: People in a batch.
    together = 4

    def __init__(self, network: SplitNetwork, *, weight: float = 1.0):
        super().__init__()
        self.network, self.weight = network, weight

    def objective(self, batch: People, progress: float) -> Terms:
        features = self.network.encode(batch.inputs)
        return Terms(
            expression=F.cross_entropy(self.network.decide(features), batch.label),
            discrepancy=self.weight * discrepancy_of_groups(pooled(features), batch.person),
        )

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)


class SubjectBased(Adaptation):
    """`weight` of the discrepancy and `labelling` of the own labels, beside 1 for those of source people.

    Labels are sure above `threshold` (tau), which falls by `fall` over the adaptation.
    """

    sees = "sources"
    stage = "subject_sources"

    def __init__(
        self,
        network: SplitNetwork,
        *,
        weight: float = 1.0,
        labelling: float = 1.0,
        threshold: float = 0.9,
        fall: float = 0.1,
    ):
        super().__init__()
        self.network = network.requires_grad_(True)
        self.labeller = copy.deepcopy(network).requires_grad_(False)
        self.weight, self.labelling = weight, labelling
        self.threshold, self.fall = threshold, fall

    def refresh(self, target: Unlabelled, progress: float) -> None:
        self.labeller.load_state_dict(self.network.state_dict())

    def objective(self, batch: Adapting, progress: float) -> Terms:
        assert batch.sources is not None
        # together: batch normalisation then sees one mixture
        features = self.network.encode(torch.cat([batch.sources.inputs, batch.target.inputs]))
        known, unknown = features.tensor_split([len(batch.sources)])
        label, sure = self.labels(batch.target.inputs, progress)
        return Terms(
            expression=F.cross_entropy(self.network.decide(known), batch.sources.label),
            labels=self.labelling * sure_cost(self.network.decide(unknown), label, sure),
            discrepancy=self.weight * maximum_mean_discrepancy(pooled(known), pooled(unknown)),
        )

    @torch.no_grad()
    def labels(self, inputs: Tensor, progress: float) -> tuple[Tensor, Tensor]:
        """What the copy of the network says of inputs of the target, and of which it is sure."""
        self.labeller.eval()
        looks = self.labeller(inputs), self.labeller(other_look(inputs))
        return sure_labels(*looks, self.threshold - self.fall * progress)

    def is_personal(self, name: str) -> bool:
        return name.startswith("network.")

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
