"""The contract of a paper that is a way of training."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from facsight.core.batch import Faces, LabelledFaces, LabelledUnits
from facsight.core.prediction import Prediction, UnitPrediction
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms

Labelled = TypeVar("Labelled")
Seen = TypeVar("Seen")
Said = TypeVar("Said")


class Method(nn.Module, ABC, Generic[Labelled, Seen, Said]):
    """One paper: what to minimise, and how to predict. Never how to loop.

    It learns from labelled batches, and says something of what it sees: see `FaceMethod`, `UnitMethod`,
    `SequenceMethod`.
    """

    def examples(self, given: Any) -> Any:
        """What training draws from, out of what there is; overridden only by a paper that chooses."""
        return given

    @abstractmethod
    def objective(self, batch: Labelled, progress: float) -> Terms:
        """The named terms to minimise; `progress` runs from 0 to 1 over training, for ramps and schedules."""

    @abstractmethod
    def predict(self, seen: Seen, /) -> Said:
        """Scores and evidence for each sample; does not depend on the other samples of the batch."""

    def forward(self, batch: Labelled, progress: float) -> Terms:
        """`objective`, by the door at which training hooks mixed precision in."""
        return self.objective(batch, progress)

    def update(self, batch: Labelled, optimizer: torch.optim.Optimizer, progress: float) -> Terms:
        """One optimisation step; overridden only by a paper that alternates several."""
        terms = self(batch, progress)
        optimizer.zero_grad(set_to_none=True)
        terms.total.backward()
        optimizer.step()
        return terms


#: Methods that learn from faces, one by one.
FaceMethod = Method[LabelledFaces, Faces, Prediction]
#: Methods that learn from faces whose action units are coded.
UnitMethod = Method[LabelledUnits, Faces, UnitPrediction]
#: Methods that learn from windows of recordings.
SequenceMethod = Method[LabelledSequences, Sequences, SequencePrediction]
