"""The contract of a paper that is a way of training."""

from abc import ABC, abstractmethod

import torch
from torch import nn

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms


class Method(nn.Module, ABC):
    """One paper: what to minimise, and how to predict. Never how to loop."""

    @abstractmethod
    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        """The named terms to minimise; `progress` runs from 0 to 1 over training, for ramps and schedules."""

    @abstractmethod
    def predict(self, faces: Faces) -> Prediction:
        """Scores and evidence for each face; does not depend on the other faces of the batch."""

    def forward(self, batch: LabelledFaces, progress: float) -> Terms:
        """`objective`, by the door at which training hooks mixed precision in."""
        return self.objective(batch, progress)

    def update(self, batch: LabelledFaces, optimizer: torch.optim.Optimizer, progress: float) -> Terms:
        """One optimisation step; overridden only by a paper that alternates several."""
        terms = self(batch, progress)
        optimizer.zero_grad(set_to_none=True)
        terms.total.backward()
        optimizer.step()
        return terms
