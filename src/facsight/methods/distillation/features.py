"""Learning a teacher's fused features beside the labels.

Paper    Romero et al., "FitNets: hints for thin deep nets", ICLR 2015, arXiv 1412.6550, equation 3
Needs    a teacher trained on more modalities than the student sees, and windows with all of them
Learns   the labels, and through a linear layer the teacher's fused features of each step
Differs  both at once, not one after the other; the teacher's features are brought to a mean of 0 and a spread
         of 1 over the batch, so that `weight` means the same for every teacher
"""

from collections.abc import Sequence

from torch import nn

from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.losses.label_spaces import label_terms
from facsight.nn.prevalent import teach
from facsight.nn.sequence_network import SequenceNetwork


class FeatureDistillation(SequenceMethod):
    """`weight` of the teacher's features beside 1 for the labels."""

    def __init__(
        self,
        network: nn.Module,
        *,
        spaces: Sequence[LabelSpace],
        teacher: SequenceNetwork,
        weight: float = 1.0,
    ):
        super().__init__()
        self.network, self.spaces = network, tuple(spaces)
        self.teacher = (teacher,)  # in a tuple: neither trained nor saved with the student
        self.weight = weight
        self.translate = nn.Linear(int(network.size), int(teacher.size))  # pyright: ignore

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        said = self.network(batch.sequences)
        _, taught = teach(self.teacher[0], batch.sequences)
        inside = batch.sequences.inside
        wanted = taught.fused[inside].float()
        wanted = (wanted - wanted.mean(dim=0)) / wanted.std(dim=0, correction=0).clamp(min=1e-6)
        apart = self.translate(said.fused[inside]).float() - wanted
        terms = label_terms(said.outputs, batch.truth, self.spaces)
        return Terms(terms | {"features": self.weight * apart.square().mean()})

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)
