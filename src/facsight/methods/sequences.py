"""Plain supervised training on windows of recordings: the baseline of every method over sequences.

Needs    windows of one or several modalities with labels of steps or of whole windows
Learns   the cost of each label space by its kind (`losses.label_spaces`): cross entropy, or 1 - CCC for
         valence, arousal and other quantities
Source   1 - CCC: Lin, 1989, and Trigeorgis et al., ICASSP 2016
"""

from collections.abc import Mapping, Sequence

from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.losses.concordance import Over
from facsight.losses.label_spaces import label_terms
from facsight.nn.donors import AnyNetwork


class SupervisedSequences(SequenceMethod):
    """The weighted sum of the costs of the label spaces.

    `over` says whether each CCC is over the whole batch ("pooled") or each window by itself ("window");
    `weights` of label spaces are 1 unless told otherwise. `importance` is that of classes and units
    (`losses.label_spaces`).
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

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        said = self.network(batch.sequences)
        return label_terms(
            said.outputs,
            batch.truth,
            self.spaces,
            over=self.over,
            weights=self.weights,
            importance=self.importance,
        )

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)
