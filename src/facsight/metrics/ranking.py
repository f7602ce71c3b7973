"""How well numbers put what is there before what is not: precision over recall, and the ROC curve.

Scores need no unit; labels are 0 and 1. Everything is computed in double precision.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor

from facsight.core.errors import BadLabels


def average_precision(scores: Float[Tensor, "n"], truth: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    r"""Precision averaged over the steps of recall, from the highest score down.

    .. math:: \mathrm{AP} = \sum_i (R_i - R_{i-1}) P_i

    over the different scores: equal ones make one step, so their order does not matter. As scikit-learn's
    `average_precision_score`. Chance is the share of positives. NaN without positives, where scikit-learn
    gives 0.

    >>> average_precision(torch.tensor([0.9, 0.8, 0.7]), torch.tensor([1, 0, 1])).round(decimals=4)
    tensor(0.8333, dtype=torch.float64)
    """
    hits, shown = _down_the_ranking(scores, truth)
    gained = hits.diff(prepend=hits.new_zeros(1))
    return (gained * hits / shown).sum() / _ones(truth)


def threshold_average_precision(
    scores: Float[Tensor, "n"], truth: Int[Tensor, "n"], *, thresholds: int = 1000
) -> Float[Tensor, ""]:
    """Area under precision over recall at even thresholds, by trapezoids: the AP of the BAH benchmark.

    Positive is a score of at least 0, 1/1000, ..., 999/1000; precision is 0 where nothing is positive, and
    the curve ends at the last threshold: recall below what is reached there adds nothing. So it is far below
    `average_precision` for scores that bunch near 1, and 0 where all are 1; elsewhere trapezoids lie a little
    above its steps. NaN without positives. Scores are probabilities in [0, 1], else `BadLabels`.
    """
    return area_from_counts(threshold_counts(scores, truth, thresholds=thresholds))


def threshold_counts(
    scores: Float[Tensor, "n"], truth: Int[Tensor, "n"], *, thresholds: int
) -> Int[Tensor, "truth=2 reached"]:
    """How many absent and present rows reach exactly so many of the thresholds: what adds up."""
    if len(scores) and not bool(((scores >= 0) & (scores <= 1)).all()):
        outside = scores[~((scores >= 0) & (scores <= 1))][0].item()
        raise BadLabels(f"expected probabilities from 0 to 1, found {outside}")
    edges = torch.arange(thresholds, dtype=torch.float64) / thresholds
    reached = torch.bucketize(scores.double().contiguous(), edges, right=True)
    cells = _checked(truth) * (thresholds + 1) + reached
    return torch.bincount(cells, minlength=2 * (thresholds + 1)).view(2, thresholds + 1)


def area_from_counts(counts: Num[Tensor, "*batch truth=2 reached"]) -> Float[Tensor, "*batch"]:
    """The trapezoids' area, from `threshold_counts`."""
    wrong, hits = counts.double().flip(-1).cumsum(-1).flip(-1)[..., 1:].unbind(-2)
    precision = hits / (hits + wrong).clamp(min=1)
    recall = hits / counts[..., 1, :].sum(dim=-1, keepdim=True)
    return -torch.trapezoid(precision, recall, dim=-1)


def roc_auc(scores: Float[Tensor, "n"], truth: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """Probability that a positive has a higher score than a negative, equal scores counting half.

    The area under the ROC curve. Chance is 0.5. NaN where one of both is missing.

    >>> roc_auc(torch.tensor([0.9, 0.8, 0.7]), torch.tensor([1, 0, 1]))
    tensor(0.5000, dtype=torch.float64)
    """
    hits, shown = _down_the_ranking(scores, truth)
    wrong = shown - hits
    before = torch.cat([hits.new_zeros(1), hits[:-1]])
    pairs = (wrong.diff(prepend=wrong.new_zeros(1)) * (hits + before) / 2).sum()
    return pairs / (_ones(truth) * (len(truth) - _ones(truth)))


class Ranked:
    """A score of a ranking, such as `average_precision` or `roc_auc`, batch after batch.

    A ranking cannot be known from parts of it, so this keeps every score and label: 9 bytes a row for single
    precision scores. In constant memory: `threshold_score`.
    """

    def __init__(self, score: Callable[[Tensor, Tensor], Float[Tensor, ""]]) -> None:
        self.score = score
        self.scores: list[Tensor] = []
        self.truth: list[Tensor] = []

    def update(
        self, scores: Float[Tensor, "n"], truth: Int[Tensor, "n"], *, mask: Tensor | None = None
    ) -> None:
        """Add a batch; only the rows that `mask` has."""
        if len(scores) != len(truth):
            raise BadLabels(f"expected as many scores as labels, found {len(scores)} and {len(truth)}")
        chosen = slice(None) if mask is None else mask
        self.scores.append(scores[chosen].clone())
        self.truth.append(_checked(truth[chosen]).to(torch.int8))

    def merge(self, other: "Ranked") -> None:
        """Add what another has seen of other rows."""
        self.scores += other.scores
        self.truth += other.truth

    def compute(self) -> float:
        """The score of everything so far; NaN for nothing."""
        if not self.scores:
            return float("nan")
        return float(self.score(torch.cat(self.scores), torch.cat(self.truth)))


def _down_the_ranking(scores: Tensor, truth: Tensor) -> tuple[Float[Tensor, "step"], Float[Tensor, "step"]]:
    """At each different score, from the highest down: how many positives, and how many rows, reach it."""
    if bool(scores.isnan().any()):
        raise BadLabels(f"expected scores that can be ranked, found {int(scores.isnan().sum())} that are NaN")
    ordered, order = scores.sort(descending=True)
    last = torch.cat([ordered[1:] != ordered[:-1], ordered.new_ones(min(1, len(ordered)), dtype=torch.bool)])
    hits = _checked(truth)[order].cumsum(0)[last]
    return hits.double(), (last.nonzero().squeeze(1) + 1).double()


def _checked(truth: Tensor) -> Int[Tensor, "n"]:
    outside = truth[(truth != 0) & (truth != 1)]
    if len(outside):
        raise BadLabels(f"expected labels 0 and 1, found {outside[0].item()}")
    return truth.long()


def _ones(truth: Tensor) -> Float[Tensor, ""]:
    return truth.sum().double()
