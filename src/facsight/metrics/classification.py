"""Right and wrong answers over fixed classes: confusion, accuracy, F1, and how sure these numbers are.

Everything is computed in double precision. Classes are the columns of the label space, whether or not a set
happens to contain them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, Num
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
    together = torch.zeros((), dtype=torch.int64).expand(len(truth))
    return grouped_confusions(predicted, truth, together, groups=1, classes=classes)[0]


def grouped_confusions(
    predicted: Int[Tensor, "n"],
    truth: Int[Tensor, "n"],
    group: Int[Tensor, "n"],
    *,
    groups: int,
    classes: int,
) -> Int[Tensor, "group truth predicted"]:
    """A confusion matrix for each group of faces, a video or a person say; their sum is that of all faces."""
    for name, labels in (("predicted", predicted), ("true", truth)):
        if len(labels) and (int(labels.min()) < 0 or int(labels.max()) >= classes):
            outside = labels[(labels < 0) | (labels >= classes)]
            raise BadLabels(f"expected {name} labels from 0 to {classes - 1}, found {int(outside[0])}")
    cell = (group * classes + truth) * classes + predicted
    return torch.bincount(cell, minlength=groups * classes**2).view(groups, classes, classes)


def unit_confusions(
    predicted: Int[Tensor, "n unit"],
    truth: Int[Tensor, "n unit"],
    *,
    mask: Bool[Tensor, "n unit"] | None = None,
) -> Int[Tensor, "unit truth=2 predicted=2"]:
    """For each action unit how often it was absent (0) or present (1), and taken for which.

    `mask` leaves out cells, as where an annotator could not tell; what it leaves out may be any number.
    """
    cells = []
    for unit in range(truth.shape[1]):
        rows = slice(None) if mask is None else mask[:, unit]
        cells.append(confusion_matrix(predicted[rows, unit], truth[rows, unit], classes=2))
    return torch.stack(cells) if cells else torch.zeros(0, 2, 2, dtype=torch.int64)


def accuracy(predicted: Int[Tensor, "n"], truth: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """Share of faces whose class is right; NaN without faces."""
    return predicted.eq(truth).double().mean()


def accuracy_of(confusion: Num[Tensor, "*batch truth predicted"]) -> Float[Tensor, "*batch"]:
    """Share of faces whose class is right, from their confusion matrix; NaN without faces."""
    return _right(confusion).sum(dim=-1) / confusion.sum(dim=(-2, -1))


def class_recall(confusion: Num[Tensor, "*batch truth predicted"]) -> Float[Tensor, "*batch class"]:
    """Share of each class's faces that were recognised; NaN for a class without faces."""
    return _right(confusion) / confusion.sum(dim=-1)


def balanced_accuracy(confusion: Num[Tensor, "*batch truth predicted"]) -> Float[Tensor, "*batch"]:
    """Unweighted mean of `class_recall` over the classes that have faces; "UAR" of the speech literature.

    As scikit-learn's `balanced_accuracy_score`: a class without faces has no recall, and is left out.
    """
    return class_recall(confusion).nanmean(dim=-1)


def class_f1(confusion: Num[Tensor, "*batch truth predicted"]) -> Float[Tensor, "*batch class"]:
    r"""F1 of each class.

    .. math:: F_1 = \frac{2 \mathrm{TP}}{2 \mathrm{TP} + \mathrm{FP} + \mathrm{FN}}

    NaN for a class that is neither in the truth nor among the answers: there is nothing to judge.
    """
    return 2 * _right(confusion) / (confusion.sum(dim=-2) + confusion.sum(dim=-1))


def macro_f1(
    confusion: Num[Tensor, "*batch truth predicted"], *, zero_division: float = 0.0
) -> Float[Tensor, "*batch"]:
    """Unweighted mean of `class_f1` over all classes of the matrix: the number of classes is the protocol's.

    `zero_division` is what a class counts that is neither in the truth nor among the answers: 0, as in
    challenges, or NaN to leave it out of the mean; as scikit-learn's
    `f1_score(labels=all, average="macro", zero_division=...)`. Without `labels`, scikit-learn averages over
    the classes it happens to see, which gives another number.
    """
    f1 = class_f1(confusion)
    return torch.where(f1.isnan(), zero_division, f1).nanmean(dim=-1)


def weighted_f1(confusion: Num[Tensor, "*batch truth predicted"]) -> Float[Tensor, "*batch"]:
    """Mean of `class_f1` weighted by how many faces each class has in the truth; NaN without faces.

    A class without faces weighs nothing. Unlike the macro F1 it changes when truth and answers change places.
    """
    faces = confusion.sum(dim=-1)
    return (class_f1(confusion).nan_to_num(nan=0.0) * faces).sum(dim=-1) / faces.sum(dim=-1)


def positive_f1(
    confusion: Num[Tensor, "*batch truth=2 predicted=2"], *, zero_division: float = 0.0
) -> Float[Tensor, "*batch"]:
    """F1 of the second of two classes, as action units are scored: what is rightly absent counts nothing.

    `zero_division` where it is neither in the truth nor among the answers. The mean with the other F1,
    "binary macro", is a good deal higher for rare units.
    """
    f1 = class_f1(confusion)[..., 1]
    return torch.where(f1.isnan(), zero_division, f1)


def cohen_kappa(confusion: Num[Tensor, "*batch truth predicted"]) -> Float[Tensor, "*batch"]:
    r"""Agreement of two raters beyond what their own shares of the classes would give by chance.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}, \quad p_e = \sum_k p_{k \cdot} p_{\cdot k}

    Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20,
    1960; unweighted, and the same with the raters exchanged. 1 for full agreement, 0 for chance; NaN where
    both gave one and the same class throughout, or nothing.

    >>> cohen_kappa(torch.tensor([[20, 5], [10, 15]]))
    tensor(0.4000, dtype=torch.float64)
    """
    share = confusion.double() / confusion.sum(dim=(-2, -1), keepdim=True)
    chance = (share.sum(dim=-2) * share.sum(dim=-1)).sum(dim=-1)
    return (_right(share).sum(dim=-1) - chance) / (1 - chance)


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


def _right(confusion: Num[Tensor, "*batch truth predicted"]) -> Float[Tensor, "*batch class"]:
    return confusion.diagonal(dim1=-2, dim2=-1).double()
