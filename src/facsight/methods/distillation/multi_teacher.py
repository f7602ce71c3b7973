"""Distillation from whichever of several aligned teachers knows a batch best.

Paper    Aslam et al., "Multi teacher privileged knowledge distillation for multimodal expression recognition"
         (MT-PKDOT), 2024, arXiv 2408.09035
Needs    first `teacher_alignment`: a network of all modalities; then `multi_teacher`: that network, and a
         student that sees the prevalent modalities and imagines the others
Learns   alignment: the labels, from all modalities together and from each one alone, and for each alone the
         direction of the fused features of all. Student: the labels, to imagine the privileged features, and
         the structure (`functional.structure`) of the teacher with the lowest cost of the labels of the batch
Differs  the teachers are one network, once with all modalities and once with each alone, the others missing,
         where the paper has networks with adapters. Steps where a modality is missing do not align it. The
         centroid term of the paper, which its release leaves out, is left out
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.functional.structure import Anchors, spread_out, structural_transport
from facsight.losses.label_spaces import label_terms
from facsight.nn.prevalent import PrevalentNetwork, imagining_cost, teach
from facsight.nn.sequence_network import SequenceNetwork


class TeacherAlignment(SequenceMethod):
    """`alone` of each modality's labels by itself beside 1 for those of all, and `align` of the alignment."""

    def __init__(
        self,
        network: SequenceNetwork,
        *,
        spaces: Sequence[LabelSpace],
        alone: float = 0.5,
        align: float = 1.0,
    ):
        super().__init__()
        self.network, self.spaces = network, tuple(spaces)
        self.alone, self.align = alone, align

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        encoded = self.network.encode(batch.sequences)
        joint = self.network.decide(encoded)
        terms = label_terms(joint.outputs, batch.truth, self.spaces)
        apart = []
        for name in encoded.names:
            said = self.network.decide(only_this(encoded, name))
            for space, cost in label_terms(said.outputs, batch.truth, self.spaces).items():
                terms[f"{space}_by_{name}"] = self.alone * cost
            # the joint features lead, and are not drawn to those of a single modality
            away = 1 - cosine_similarity(said.fused.float(), joint.fused.detach().float(), dim=-1)
            apart.append(away[encoded.known[name] & encoded.inside])
        away = torch.cat(apart)
        terms["alignment"] = self.align * away.sum() / max(1, len(away))
        return terms

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)


class MultiTeacherDistillation(SequenceMethod):
    """`weight` of the chosen teacher's structure beside 1 for the labels, `imagining` as in PKDOT.

    `anchors` (k), `select`, `epsilon` and `points` are those of `optimal_transport`.
    """

    def __init__(
        self,
        network: PrevalentNetwork,
        *,
        spaces: Sequence[LabelSpace],
        teacher: SequenceNetwork,
        weight: float = 0.25,
        imagining: float = 1.0,
        anchors: int = 30,
        select: Anchors = "most",
        points: int = 128,
    ):
        super().__init__()
        if not isinstance(network, PrevalentNetwork):
            raise BadRecipe(
                "multi_teacher teaches a student that sees some modalities: set network.prevalent"
            )
        self.network, self.spaces = network, tuple(spaces)
        self.teacher = (teacher,)  # in a tuple: neither trained nor saved with the student
        self.weight, self.imagining = weight, imagining
        self.count, self.points = anchors, points
        self.select: Anchors = select

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        encoded = self.network.encode(batch.sequences)
        said = self.network.network.decide(encoded)
        known, best = self.best_teacher(batch)
        terms = label_terms(said.outputs, batch.truth, self.spaces)
        inside = batch.sequences.inside
        own, wanted = (spread_out(fused[inside].float(), self.points) for fused in (said.fused, best))
        terms["structure"] = self.weight * structural_transport(
            own, wanted, count=self.count, select=self.select, pairing="clouds", epsilon=EPSILON
        )
        terms["imagining"] = self.imagining * imagining_cost(self.network, encoded, known)
        return terms

    @torch.no_grad()
    def best_teacher(self, batch: LabelledSequences) -> tuple[Sequences, Tensor]:
        """The windows as the teacher encodes them, and the fused features of the one with the lowest cost.

        Of equal ones, as where no label is known, the one that sees everything.
        """
        known, joint = teach(self.teacher[0], batch.sequences)
        views = [joint, *(self.teacher[0].decide(only_this(known, name)) for name in known.names)]
        costs = [label_terms(view.outputs, batch.truth, self.spaces).total for view in views]
        return known, views[int(torch.stack(costs).argmin())].fused

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)


#: As in `optimal_transport`, in units of half a squared distance of cosines.
EPSILON = 0.05


def only_this(encoded: Sequences, name: str) -> Sequences:
    """The windows as if no other modality had been recorded."""
    return encoded.missing(other for other in encoded.names if other != name)
