"""Learning which steps are alike to a teacher, beside the labels.

Paper    Tung and Mori, "Similarity-preserving knowledge distillation", ICCV 2019, arXiv 1907.09682,
         equations 1 to 4
Needs    a teacher trained on more modalities than the student sees, and windows with all of them
Learns   the labels, and the matrix of products of the teacher's fused features, each row of length 1
Differs  the samples of a batch are steps of its windows, at most `points` of them, evenly spread
"""

from collections.abc import Sequence

from torch import nn

from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.functional.structure import products, spread_out
from facsight.losses.label_spaces import label_terms
from facsight.nn.prevalent import teach
from facsight.nn.sequence_network import SequenceNetwork


class SimilarityDistillation(SequenceMethod):
    """`weight` of the structure beside 1 for the labels; the paper's gamma is `weight` x 1000 or so."""

    def __init__(
        self,
        network: nn.Module,
        *,
        spaces: Sequence[LabelSpace],
        teacher: SequenceNetwork,
        weight: float = 1.0,
        points: int = 256,
    ):
        super().__init__()
        self.network, self.spaces = network, tuple(spaces)
        self.teacher = (teacher,)  # in a tuple: neither trained nor saved with the student
        self.weight, self.points = weight, points

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        said = self.network(batch.sequences)
        _, taught = teach(self.teacher[0], batch.sequences)
        inside = batch.sequences.inside
        own, wanted = (products(spread_out(f.fused[inside].float(), self.points)) for f in (said, taught))
        terms = label_terms(said.outputs, batch.truth, self.spaces)
        # the paper's mean over pairs, times the number of points: near 1 for matrices that are unlike
        return Terms(terms | {"similarity": self.weight * (own - wanted).square().mean() * len(own)})

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)
