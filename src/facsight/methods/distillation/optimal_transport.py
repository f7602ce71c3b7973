"""Privileged knowledge distillation with optimal transport: a student keeps its teacher's structure.

Paper    Aslam et al., "Distilling privileged multimodal information for expression recognition using optimal
         transport" (PKDOT), FG 2024, arXiv 2401.15489
Needs    a teacher trained on all modalities; windows with all of them; a student network that sees the
         prevalent modalities and imagines the others (`network.prevalent`, `network.imagine`)
Learns   the labels; to imagine the privileged features from the prevalent ones (the paper's T-Net); and the
         teacher's structure: the cosines of each step's fused features with those of its anchors, as two
         clouds between which the Sinkhorn divergence is small
Differs  the imagination is trained, with a term of its own beside the others (in the release it is random);
         anchors are the `most` alike of a row, with the release's `least` as an option; `pairing` "rows" ties
         each step of the student to the same step of the teacher, where the release compares clouds whose
         order does not matter; points are steps, at most `points` of a batch
"""

from collections.abc import Sequence

from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.functional.structure import Anchors, Pairing, spread_out, structural_transport
from facsight.losses.label_spaces import label_terms
from facsight.nn.prevalent import PrevalentNetwork, imagining_cost, teach
from facsight.nn.sequence_network import SequenceNetwork


class OptimalTransportDistillation(SequenceMethod):
    """`weight` (lambda) of the structure beside 1 for the labels, `imagining` of the imagined features.

    `anchors` (k) others place each of at most `points` steps, chosen by the teacher: the "most" alike, the
    "least" or "all". `epsilon` of the transport is in units of half a squared distance of cosines.
    """

    def __init__(
        self,
        network: PrevalentNetwork,
        *,
        spaces: Sequence[LabelSpace],
        teacher: SequenceNetwork,
        weight: float = 0.6,
        imagining: float = 1.0,
        anchors: int = 30,
        select: Anchors = "most",
        pairing: Pairing = "clouds",
        epsilon: float = 0.05,
        points: int = 128,
    ):
        super().__init__()
        self.network, self.spaces = network, tuple(spaces)
        self.teacher = (teacher,)  # in a tuple: neither trained nor saved with the student
        self.weight, self.imagining, self.epsilon = weight, imagining, epsilon
        self.count, self.points = anchors, points
        self.select: Anchors = select
        self.pairing: Pairing = pairing

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        encoded = self.network.encode(batch.sequences)
        said = self.network.network.decide(encoded)
        known, taught = teach(self.teacher[0], batch.sequences)
        terms = label_terms(said.outputs, batch.truth, self.spaces)
        inside = batch.sequences.inside
        own, wanted = (spread_out(f.fused[inside].float(), self.points) for f in (said, taught))
        terms["structure"] = self.weight * structural_transport(
            own, wanted, count=self.count, select=self.select, pairing=self.pairing, epsilon=self.epsilon
        )
        terms["imagining"] = self.imagining * imagining_cost(self.network, encoded, known)
        return terms

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)
