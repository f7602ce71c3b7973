"""Plain training on labelled people: the source stage of adaptation, and with no more its lower bound.

Needs    people with labels
Learns   cross entropy, people and classes as often as they come
Harm     none of its own: it never sees the target, and so is the "source only" that others are held against
Source   the lower bound of Zeeshan et al., "Subject-based domain adaptation for facial expression
         recognition", FG 2024, arXiv 2312.05632
"""

import torch.nn.functional as F
from torch import Tensor

from facsight.core.method import Method
from facsight.core.people import People
from facsight.core.terms import Terms
from facsight.nn.split_network import SplitNetwork


class SupervisedPeople(Method[People, Tensor, Tensor]):
    """Cross entropy with the labels; `smoothing` moves that share of every label evenly to all classes."""

    def __init__(self, network: SplitNetwork, *, smoothing: float = 0.0):
        super().__init__()
        self.network, self.smoothing = network, smoothing

    def objective(self, batch: People, progress: float) -> Terms:
        logits = self.network(batch.inputs)
        return Terms(expression=F.cross_entropy(logits, batch.label, label_smoothing=self.smoothing))

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
