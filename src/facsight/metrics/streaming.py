"""Scores that are functions of sums over rows: batch after batch in constant memory, in any order, in parts.

Confusions, binned calibration, means of anything that each row has: what is added up is small, and the score
of the sum is the score of all rows at once.
"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.metrics.calibration import binned_gap, class_bins, confidence_bins
from facsight.metrics.classification import confusion_matrix, unit_confusions
from facsight.metrics.ranking import area_from_counts, threshold_counts


class Summed:
    """A score of sums over rows.

    `count` gives a batch's sums, of the shape of `zero`; `score` gives the score of such sums. `compute` of
    nothing is the score of `zero`: NaN, or what the score says of no rows.

    >>> from facsight.metrics.classification import macro_f1
    >>> f1 = confusion_score(macro_f1, classes=2)
    >>> f1.update(torch.tensor([0, 1]), torch.tensor([0, 1]))
    >>> f1.update(torch.tensor([1]), torch.tensor([0]))
    >>> f1.compute()
    0.6666666666666666
    """

    def __init__(
        self, count: Callable[..., Tensor], score: Callable[[Tensor], Float[Tensor, ""]], zero: Tensor
    ) -> None:
        self.count = count
        self.score = score
        self.total = zero

    def update(self, *rows: Tensor, mask: Tensor | None = None) -> None:
        """Add a batch: predictions, then truth; only the rows that `mask` has."""
        lengths = {len(values) for values in rows}
        if len(lengths) != 1:
            raise BadLabels(
                f"expected as many predictions as labels, found {' and '.join(map(str, lengths))}"
            )
        counted = self.count(*(rows if mask is None else (values[mask] for values in rows)))
        if not bool(counted.isfinite().all()):
            raise BadLabels("expected finite predictions and labels, found NaN or infinity: mask such rows")
        self.total = self.total + counted

    def merge(self, other: "Summed") -> None:
        """Add what another has counted of other rows."""
        if self.total.shape != other.total.shape:
            shapes = f"{list(self.total.shape)} and {list(other.total.shape)}"
            raise BadLabels(f"expected two counts of the same score, found sums of shapes {shapes}")
        self.total = self.total + other.total

    def compute(self) -> float:
        """The score of everything so far."""
        return float(self.score(self.total))


def confusion_score(score: Callable[[Tensor], Tensor], *, classes: int) -> Summed:
    """A score of a confusion matrix: `macro_f1`, `weighted_f1`, `accuracy_of`, `cohen_kappa` and so on."""
    return Summed(partial(confusion_matrix, classes=classes), score, torch.zeros(classes, classes).long())


def unit_score(score: Callable[[Tensor], Tensor], *, units: int, unknown: int | None = None) -> Summed:
    """A score of one confusion a unit, such as `emotionet_score`; labels of `unknown` do not count."""

    def count(predicted: Tensor, truth: Tensor) -> Tensor:
        return unit_confusions(predicted, truth, mask=None if unknown is None else truth != unknown)

    return Summed(count, score, torch.zeros(units, 2, 2).long())


def mean_score(rows: Callable[..., Float[Tensor, "n"]]) -> Summed:
    """The mean over rows of what `rows` says of each: a squared difference, `brier_distance`, `surprise`."""

    def count(*samples: Tensor) -> Tensor:
        values = rows(*samples).double()
        return torch.stack([values.sum(), values.new_tensor(len(values))])

    return Summed(count, lambda total: total[0] / total[1], torch.zeros(2).double())


def calibration_score(*, bins: int = 15) -> Summed:
    """`expected_calibration_error`, of probabilities and true classes."""
    return Summed(partial(confidence_bins, bins=bins), binned_gap, torch.zeros(1, bins, 2).double())


def classwise_calibration_score(*, classes: int, bins: int = 15) -> Summed:
    """`classwise_calibration_error`, of probabilities and true classes."""
    return Summed(partial(class_bins, bins=bins), binned_gap, torch.zeros(classes, bins, 2).double())


def threshold_score(*, thresholds: int = 1000) -> Summed:
    """`threshold_average_precision`, of scores in [0, 1] and 0 or 1."""
    count = partial(threshold_counts, thresholds=thresholds)
    return Summed(count, area_from_counts, torch.zeros(2, thresholds + 1).long())
