"""How well intensities (PSPI of pain, action units from 0 to 5) are told, frame by frame."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.functional.agreement import concordance_of, pearson_of
from facsight.functional.intraclass import intraclass_of
from facsight.functional.moments import Moments, joined, merged, moments, no_moments, pooled
from facsight.metrics.concordance import check_pairs


@dataclass(frozen=True)
class Intensity:
    """What the literature on intensities reports, over all frames.

    `pearson` (PCC), `icc` (C,1 of McGraw and Wong = (3,1) of Shrout and Fleiss, prediction and label as two
    raters), `concordance`, `mae`, `mse` and `rmse` in the labels' unit. Correlations are NaN where one side
    never changes; everything is NaN without frames.
    """

    pearson: float
    icc: float
    concordance: float
    mae: float
    mse: float
    rmse: float
    frames: int


class IntensityAgreement:
    """`Intensity` over batches, in constant memory and in any order.

    >>> agreement = IntensityAgreement()
    >>> agreement.update(torch.tensor([0.0, 1.0, 3.0]), torch.tensor([0.0, 2.0, 4.0]))
    >>> round(agreement.compute().icc, 4), round(agreement.compute().mse, 4)
    (0.9474, 0.6667)
    """

    def __init__(self) -> None:
        self.moments = no_moments()
        self.errors = torch.zeros(2).double()

    def update(
        self, predicted: Float[Tensor, "n"], truth: Float[Tensor, "n"], *, mask: Tensor | None = None
    ) -> None:
        """Add a batch; only frames that `mask` has. `BadLabels` for numbers on them that are not finite."""
        check_pairs(predicted, truth, mask)
        if mask is not None:
            predicted, truth = predicted[mask], truth[mask]
        gap = predicted.double() - truth.double()
        self._add(moments(predicted.unsqueeze(0), truth.unsqueeze(0)))
        self.errors = self.errors + torch.stack([gap.abs().sum(), gap.square().sum()])

    def merge(self, other: "IntensityAgreement") -> None:
        """Add what another has seen of other frames."""
        self._add(other.moments)
        self.errors = self.errors + other.errors

    def compute(self) -> Intensity:
        """The agreement of everything so far."""
        found = pooled(self.moments)
        mae, mse = (self.errors / found.count).tolist()
        changes = bool(found.spreads[:2].gt(0).all())
        return Intensity(
            pearson=float(pearson_of(found)),
            icc=float(intraclass_of(found, "C,1")) if changes else float("nan"),
            concordance=float(concordance_of(found)),
            mae=mae,
            mse=mse,
            rmse=mse**0.5,
            frames=int(found.count),
        )

    def _add(self, found: Moments) -> None:
        parts = joined(self.moments, found)
        self.moments = merged(parts, torch.zeros(len(parts.count), dtype=torch.int64), groups=1)
