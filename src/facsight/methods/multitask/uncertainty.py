"""Several tasks at once, weighed by how uncertain the network is of each.

Paper    Kendall, Gal and Cipolla, "Multi-task learning using uncertainty to weigh losses for scene geometry
         and semantics", CVPR 2018, https://arxiv.org/abs/1705.07115
Needs    windows with labels of one or more label spaces; what is not labelled is NaN, each label by itself
Learns   the costs of all label spaces, and the log variance of each
Differs  one form for all kinds of labels, that of equation 10 for classes: 1 - CCC is no log likelihood, to
         which the halves of equation 7 would belong. A task without a label in the batch moves nothing, its
         log variance included: else that would fall for ever, as if the task were learnt without error
"""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.losses.concordance import Over
from facsight.losses.label_spaces import label_terms, labelled_spaces
from facsight.nn.donors import AnyNetwork


class UncertaintyWeights(SequenceMethod):
    r"""Label space :math:`i`, with the cost :math:`L_i` and the learnt log variance :math:`s_i`, adds

    .. math:: e^{-s_i} L_i + s_i / 2

    so that a cost of :math:`L` settles at the weight :math:`e^{-s} = 1 / (2 L)`. `weights` of spaces and
    values multiply the costs, `importance` and `over` are as in `supervised_sequences`.
    """

    def __init__(
        self,
        network: AnyNetwork,
        *,
        spaces: Sequence[LabelSpace],
        over: Over = "pooled",
        weights: Mapping[str, float] | None = None,
        importance: Mapping[str, Sequence[float]] | None = None,
    ):
        super().__init__()
        self.network, self.spaces = network, tuple(spaces)
        self.over: Over = over
        self.weights, self.importance = weights, importance
        self.log_variance = nn.Parameter(torch.zeros(len(self.spaces)))

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        said = self.network(batch.sequences)
        terms = label_terms(
            said.outputs,
            batch.truth,
            self.spaces,
            over=self.over,
            weights=self.weights,
            importance=self.importance,
        )
        there = labelled_spaces(batch.truth, self.spaces)
        for space, uncertain in zip(self.spaces, self.log_variance, strict=True):
            terms[space.name] = terms[space.name] * (-uncertain).exp()
        terms["uncertainty"] = (self.log_variance * there / 2).sum()
        return terms

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)
