"""Learning a teacher's answers beside the labels.

Paper    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015, arXiv 1503.02531
Needs    a teacher trained on more modalities than the student sees, and windows with all of them
Learns   the labels, and the teacher's shares of classes at a `temperature`; of values, what the teacher says
Differs  values and units have no temperature: squared error, and cross entropy with the teacher's probability
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.losses.label_spaces import label_terms
from facsight.nn.prevalent import teach
from facsight.nn.sequence_network import SequenceNetwork


class LogitDistillation(SequenceMethod):
    """`weight` of the teacher's answers beside 1 for the labels; `temperature` softens classes."""

    def __init__(
        self,
        network: nn.Module,
        *,
        spaces: Sequence[LabelSpace],
        teacher: SequenceNetwork,
        weight: float = 1.0,
        temperature: float = 2.0,
    ):
        super().__init__()
        self.network, self.spaces = network, tuple(spaces)
        self.teacher = (teacher,)  # in a tuple: neither trained nor saved with the student
        self.weight, self.temperature = weight, temperature

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        said = self.network(batch.sequences)
        _, taught = teach(self.teacher[0], batch.sequences)
        terms = label_terms(said.outputs, batch.truth, self.spaces)
        for space in self.spaces:
            cost = self._cost(said.outputs[space.name].float(), taught.outputs[space.name].float(), space)
            if cost.ndim > 1:
                cost = cost[batch.sequences.inside]
            terms[f"{space.name}_taught"] = self.weight * cost.mean()
        return terms

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)

    def _cost(self, said: Tensor, taught: Tensor, space: LabelSpace) -> Tensor:
        """What each step, or window, costs."""
        if space.kind == "classes":
            soft, shares = (values / self.temperature for values in (said, taught))
            cost = F.kl_div(soft.log_softmax(-1), shares.softmax(-1), reduction="none").sum(dim=-1)
            return self.temperature**2 * cost
        if space.kind == "units":
            return F.binary_cross_entropy_with_logits(said, torch.sigmoid(taught), reduction="none").mean(-1)
        return (said - taught).square().mean(dim=-1)
