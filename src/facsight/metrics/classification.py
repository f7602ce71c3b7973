"""Right and wrong answers over fixed classes: confusion, accuracy, F1, and how sure these numbers are.

Everything is computed in double precision. Classes are the columns of the label space, whether or not a set
happens to contain them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadLabels

Score = Callable[[Int[Tensor, "n"], Int[Tensor, "n"]], Float[Tensor, ""]]


@dataclass(frozen=True)
class Interval:
    """An estimate and the ends of its confidence interval."""

    estimate: float
    low: float
    high: float


def confusion_matrix(
    predicted: Int[Tensor, "n"], truth: Int[Tensor, "n"], *, classes: int
) -> Int[Tensor, "truth predicted"]:
    """How many faces of each class (rows) were taken for each class (columns).

    >>> confusion_matrix(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), classes=2)
    tensor([[1, 1],
            [0, 1]])
    """
    for name, labels in (("predicted", predicted), ("true", truth)):
        outside = labels[(labels < 0) | (labels >= classes)]
        if len(outside):
            raise BadLabels(f"expected {name} labels from 0 to {classes - 1}, found {int(outside[0])}")
    return torch.bincount(truth * classes + predicted, minlength=classes**2).view(classes, classes)


def accuracy(predicted: Int[Tensor, "n"], truth: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """Share of faces whose class is right; NaN without faces."""
    return predicted.eq(truth).double().mean()


def class_recall(confusion: Int[Tensor, "truth predicted"]) -> Float[Tensor, "class"]:
    """Share of each class's faces that were recognised; NaN for a class without faces."""
    return confusion.diagonal().double() / confusion.sum(dim=1)


def class_f1(confusion: Int[Tensor, "truth predicted"]) -> Float[Tensor, "class"]:
    r"""F1 of each class.

    .. math:: F_1 = \frac{2 \mathrm{TP}}{2 \mathrm{TP} + \mathrm{FP} + \mathrm{FN}}

    NaN for a class that is neither in the truth nor among the answers: there is nothing to judge.
    """
    return 2 * confusion.diagonal().double() / (confusion.sum(dim=0) + confusion.sum(dim=1))


def macro_f1(confusion: Int[Tensor, "truth predicted"]) -> Float[Tensor, ""]:
    """Unweighted mean of `class_f1` over all classes of the matrix.

    A class that is neither in the truth nor among the answers counts as 0, as with scikit-learn's
    `f1_score(labels=all, average="macro", zero_division=0)`: the number of classes is the protocol's.
    """
    return class_f1(confusion).nan_to_num(nan=0.0).mean()


def cohen_kappa(confusion: Int[Tensor, "truth predicted"]) -> Float[Tensor, ""]:
    r"""Agreement of two raters beyond what their own shares of the classes would give by chance.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}, \quad p_e = \sum_k p_{k \cdot} p_{\cdot k}

    Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20,
    1960; unweighted, and the same with the raters exchanged. 1 for full agreement, 0 for chance; NaN where
    both gave one and the same class throughout, or nothing.

    >>> cohen_kappa(torch.tensor([[20, 5], [10, 15]]))
    tensor(0.4000, dtype=torch.float64)
    """
    share = confusion.double() / confusion.sum()
    chance = (share.sum(dim=0) * share.sum(dim=1)).sum()
    return (share.diagonal().sum() - chance) / (1 - chance)


def bootstrap(
    score: Callable[..., Float[Tensor, ""]],
    *samples: Tensor,
    generator: torch.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Percentile bootstrap interval of `score(*samples)`, faces drawn with replacement.

    The samples share their first axis and are resampled together. Efron and Tibshirani, "An introduction to
    the bootstrap", 1993, section 13.3. It assumes independent faces: several of one person, or near copies,
    make it too narrow. Resamples whose score is NaN are left out.
    """
    lengths = {len(sample) for sample in samples}
    if len(lengths) != 1 or 0 in lengths:
        raise BadLabels(f"expected samples of the same length, at least 1, found lengths {sorted(lengths)}")
    count = lengths.pop()
    draws = torch.empty(resamples, dtype=torch.float64)
    for i in range(resamples):
        rows = torch.randint(count, (count,), generator=generator)
        draws[i] = score(*(sample[rows] for sample in samples))
    tail = (1 - confidence) / 2
    low, high = draws.nanquantile(torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    return Interval(float(score(*samples)), low, high)


def paired_difference(
    score: Score,
    one: Int[Tensor, "n"],
    other: Int[Tensor, "n"],
    truth: Int[Tensor, "n"],
    *,
    generator: torch.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Bootstrap interval of how much better `one` scores than `other` on the same faces.

    Both are scored on the same resampled faces, so that what makes a face easy for both cancels.
    """

    def difference(first: Tensor, second: Tensor, right: Tensor) -> Tensor:
        return score(first, right) - score(second, right)

    return bootstrap(
        difference, one, other, truth, generator=generator, resamples=resamples, confidence=confidence
    )
