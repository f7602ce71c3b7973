"""Adjustments of single rows: thresholds of action units, a bias for every class, a scale for every value.

`adjusted` applies one. `Unadjusted`, `UnitThresholds`, `ClassBias` and `ValueScale` find the best one for the
rows of some clusters (videos or persons): what can be added up is added up by cluster once, so that the best
one for any choice of clusters costs next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from facsight.core.errors import BadProtocol
from facsight.core.labels import LabelSpace
from facsight.data.protocol import Part
from facsight.functional.moments import Moments, from_sums, grouped_moments, pooled
from facsight.metrics.classification import accuracy_of, grouped_confusions, positive_f1
from facsight.scoring.steps import Step
from facsight.scoring.tallies import CLASS_SCORES, SHOWN, VALUE_SCORES

#: Thresholds that are tried: as many near 0 and 1, where rare and common units have theirs, as between.
THRESHOLDS = (
    *(0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, SHOWN),
    *(0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.99),
)
#: Log-biases that are tried for a class, in turn for each: factors of 1/7 to 7.
BIASES = tuple(k / 4 for k in range(-8, 9))
#: How often the classes are gone through.
SWEEPS = 2
#: Scores of values that are the better, the higher.
_RISING = ("ccc", "pearson", "icc")
_TINY = 1e-12


@dataclass(frozen=True)
class Rows:
    """Numbers beside labels: values a column each, classes as probabilities and one column of places.

    `clusters` is how many there are; `parts` are the summands of the official number that are of `space`.
    """

    space: LabelSpace
    parts: tuple[Part, ...]
    numbers: np.ndarray
    truth: np.ndarray
    cluster: np.ndarray
    clusters: int


Chosen = Bool[np.ndarray, "cluster"]
Left = Float64[np.ndarray, "left"]


@dataclass(frozen=True)
class Fit:
    """The best adjustment, none if nothing is better, and what the rows it was chosen on then score.

    `without` is that score for each of their clusters, left out while the adjustment stays: how far the score
    depends on single videos.
    """

    steps: tuple[Step, ...]
    score: float
    without: Left


def sure_gain(fit: Fit, nothing: Fit) -> bool:
    """Whether an adjustment gains more than its standard error over doing nothing.

    The error is the jackknife's over clusters, of the difference (Efron and Tibshirani, "An introduction to
    the bootstrap", 1993, section 11.5); with less than two clusters there is none, and no gain is sure. That
    what is simpler is taken within a standard error is the rule of Breiman, Friedman, Olshen and Stone,
    "Classification and regression trees", 1984, section 3.4.3.
    """
    apart, count = fit.without - nothing.without, len(fit.without)
    if count < 2:
        return False
    error = np.sqrt((count - 1) / count * np.square(apart - apart.mean()).sum())
    return bool(fit.score - nothing.score > max(error, _TINY))


def in_range(values: np.ndarray, space: LabelSpace) -> np.ndarray:
    """Probabilities of classes that sum to 1 (all alike where they are all 0), others in their range."""
    if space.kind == "classes":
        shares = np.maximum(values, 0.0)
        total = shares.sum(axis=1, keepdims=True)
        return np.divide(shares, total, out=np.full_like(shares, 1 / len(space)), where=total != 0)
    low, high = (0.0, 1.0) if space.kind == "units" else (space.low, space.high)
    return np.clip(values, low, high)


def adjusted(values: np.ndarray, space: LabelSpace, step: Step) -> np.ndarray:
    """Numbers of a space, a column each, after an adjustment; NaN stays NaN.

    A threshold is a decision: the unit's numbers become 0 and 1. A bias b makes a class e^b times as likely
    beside the others. A value becomes scale times itself plus offset, clipped to its range.
    """
    after = values.copy()
    if step.name == "bias":
        bias = np.array([step.flat.get(name, 0.0) for name in space.classes])
        return in_range(after * np.exp(bias - bias.max()).astype(after.dtype), space)
    for name, number in step.flat.items():
        series = after[:, space.columns.index(name)]
        known = ~np.isnan(series)
        if step.name == "threshold":
            series[known] = series[known] >= np.asarray(number, after.dtype)
        else:
            series[known] = series[known] * number[0] + number[1]
    return after if step.name == "threshold" else in_range(after, space)


class Unadjusted:
    """No adjustment: the official score of the rows as they are."""

    def __init__(self, rows: Rows):
        self.rows = rows
        if rows.space.kind == "classes":
            self.counts = _class_counts(rows, rows.numbers.argmax(axis=1))
        elif rows.space.kind == "units":
            self.thresholds = UnitThresholds(rows, (SHOWN,))
        else:
            self.scale = ValueScale(rows)

    def fit(self, chosen: Chosen) -> Fit:
        if self.rows.space.kind == "classes":
            return Fit((), *_class_scores(self.rows, self.counts[torch.from_numpy(chosen)]))
        if self.rows.space.kind == "units":
            return self.thresholds.fit(chosen)
        return self.scale.unscaled(chosen)


class UnitThresholds:
    """For every action unit the threshold at which its score is best; of several, the nearest to .5."""

    def __init__(self, rows: Rows, thresholds: Sequence[float] = THRESHOLDS):
        self.rows, self.thresholds = rows, thresholds
        limits, bins = np.array(thresholds, rows.numbers.dtype), len(thresholds) + 1
        size, columns = rows.clusters * 2 * bins, []
        for numbers, truth in zip(rows.numbers.T, rows.truth.T, strict=True):
            reached = np.searchsorted(limits, numbers, side="right")
            place = (rows.cluster * 2 + truth.astype(np.int64)) * bins + reached
            columns.append(np.bincount(place, minlength=size))
        counts = torch.from_numpy(np.stack(columns, axis=1)).view(rows.clusters, 2, bins, -1)
        shown = counts.flip(2).cumsum(dim=2).flip(2)[:, :, 1:]  # the bins from each threshold on
        hidden = counts.sum(dim=2, keepdim=True) - shown
        #: (cluster, threshold, unit, truth, shown)
        self.confusions = torch.stack([hidden, shown], dim=-1).permute(0, 2, 3, 1, 4)

    def fit(self, chosen: Chosen) -> Fit:
        own = self.confusions[torch.from_numpy(chosen)]
        scores = self._objective(own.sum(dim=0))
        near = torch.tensor([abs(one - SHOWN) for one in self.thresholds])
        best = (scores >= scores.max(dim=0).values - _TINY).double() - 1e-3 * near[:, None]
        places = best.argmax(dim=0)
        kept = own[:, places, torch.arange(len(places))]
        without = self._objective(kept.sum(dim=0) - kept).mean(dim=1)
        of = {
            name: float(self.thresholds[place])
            for name, place in zip(self.rows.space.columns, places.tolist(), strict=True)
            if self.thresholds[place] != SHOWN
        }
        steps = (Step("threshold", {"of": of}),) if of else ()
        return Fit(steps, float(scores.gather(0, places[None]).mean()), without.numpy())

    def _objective(self, confusion: Tensor) -> Tensor:
        """(..., unit, truth, shown) -> (..., unit)."""
        known = {"unit_f1": positive_f1, "unit_accuracy": accuracy_of}
        parts = [part.weight * known[part.score](confusion) for part in self.rows.parts]
        return torch.stack(parts).sum(dim=0).double()


class ClassBias:
    """A log-bias for every class, one after the other, that makes the score best.

    With all others fixed, the rows that a class gains are those in which its log-probability and its bias
    reach the largest of the others': one pass over the rows gives the score of every bias on the grid.
    """

    def __init__(self, rows: Rows):
        self.rows = rows
        self.logs = np.log(np.maximum(rows.numbers, _TINY))

    def fit(self, chosen: Chosen) -> Fit:
        rows = chosen[self.rows.cluster]
        logs, truth = self.logs[rows], self.rows.truth[rows, 0].astype(np.int64)
        bias, best, nearest = np.zeros(len(self.rows.space)), -np.inf, np.argsort(np.abs(BIASES))
        for _ in range(SWEEPS):
            before = best
            for place in range(len(bias)):
                scores = self._scores(logs, truth, bias, place)[nearest]
                if scores.max() > best + _TINY:
                    best = float(scores.max())
                    bias[place] = BIASES[nearest[np.argmax(scores >= best - _TINY)]]
            if best <= before + _TINY:
                break
        of = {name: float(one) for name, one in zip(self.rows.space.classes, bias, strict=True) if one}
        steps = (Step("bias", {"of": of}),) if of else ()
        said = (self.logs + bias.astype(self.logs.dtype)).argmax(axis=1)
        counts = _class_counts(self.rows, said)[torch.from_numpy(chosen)]
        return Fit(steps, *_class_scores(self.rows, counts))

    def _scores(self, logs: np.ndarray, truth: np.ndarray, bias: np.ndarray, place: int) -> np.ndarray:
        """The score for every bias of one class."""
        size, grid = len(bias), len(BIASES)
        others = logs + bias.astype(logs.dtype)
        others[:, place] = -np.inf
        rival = others.argmax(axis=1)
        needed = np.take_along_axis(others, rival[:, None], axis=1)[:, 0] - logs[:, place]
        bins = np.searchsorted(np.array(BIASES, logs.dtype), needed)
        counts = np.bincount(
            (truth * size + rival) * (grid + 1) + bins, minlength=size * size * (grid + 1)
        ).reshape(size, size, grid + 1)
        gained = counts.cumsum(axis=2)[..., :grid]
        confusion = (counts.sum(axis=2, keepdims=True) - gained).transpose(2, 0, 1).astype(np.float64)
        confusion[:, :, place] = gained.sum(axis=1).T
        return _class_objective(self.rows, torch.from_numpy(confusion)).nan_to_num(nan=-np.inf).numpy()


class ValueScale:
    """Scale and offset that give predictions the mean and the spread of the labels.

    For a given correlation, CCC is then as high as it can be, and equal to it (Lin, Biometrics 45, 1989). No
    scale where the official score is no CCC, or the correlation is not above 0. Clipping is not foreseen.
    """

    def __init__(self, rows: Rows):
        unknown = [part.score for part in rows.parts if part.score not in _RISING]
        if unknown:
            raise BadProtocol(f"tuning is for scores that rise ({', '.join(_RISING)}), found {unknown[0]}")
        self.rows = rows
        said, true, group = (
            torch.from_numpy(np.array(one)) for one in (rows.numbers[:, 0], rows.truth[:, 0], rows.cluster)
        )
        self.moments = grouped_moments(said, true, group, groups=rows.clusters)

    def fit(self, chosen: Chosen) -> Fit:
        whole, left = self._of(chosen)
        said, true, both = whole.spreads.tolist()
        if both <= 0 or said <= 0 or any(part.score != "ccc" for part in self.rows.parts):
            return self.unscaled(chosen)
        scale = _rounded((true / said) ** 0.5)
        offset = _rounded(float(whole.means[1] - scale * whole.means[0]))
        step = Step("scale", {"of": {self.rows.space.columns[0]: [scale, offset]}})
        scores = [self._score(_moved(found, scale, offset)) for found in (whole, left)]
        return Fit((step,), float(scores[0]), scores[1].numpy())

    def unscaled(self, chosen: Chosen) -> Fit:
        whole, left = (self._score(found) for found in self._of(chosen))
        return Fit((), float(whole), left.numpy())

    def _of(self, chosen: Chosen) -> tuple[Moments, Moments]:
        """The moments of the chosen clusters together, and of all but one for each."""
        kept = torch.from_numpy(chosen)
        own = Moments(
            *(part[kept] for part in (self.moments.count, self.moments.means, self.moments.spreads))
        )
        whole = pooled(own)
        sums = own.sums(whole.means)
        return whole, from_sums(sums.sum(dim=0) - sums, whole.means)

    def _score(self, found: Moments) -> Tensor:
        gap = torch.zeros(())
        parts = [part.weight * VALUE_SCORES[part.score](found, gap) for part in self.rows.parts]
        return torch.stack(parts).sum(dim=0).double()


def _moved(found: Moments, scale: float, offset: float) -> Moments:
    """The moments of scaled predictions."""
    means = torch.stack([scale * found.means[..., 0] + offset, found.means[..., 1]], dim=-1)
    return Moments(found.count, means, found.spreads * found.spreads.new_tensor([scale**2, 1.0, scale]))


def _class_scores(rows: Rows, counts: Tensor) -> tuple[float, Left]:
    """The score of the confusions of clusters together, and of all but one for each."""
    total = counts.sum(dim=0, keepdim=True)
    return float(_class_objective(rows, total)[0]), _class_objective(rows, total - counts).numpy()


def _class_counts(rows: Rows, said: np.ndarray) -> Tensor:
    parts = (said, rows.truth[:, 0].astype(np.int64), rows.cluster)
    tensors = (torch.from_numpy(np.array(one)) for one in parts)
    return grouped_confusions(*tensors, groups=rows.clusters, classes=len(rows.space)).double()


def _class_objective(rows: Rows, confusions: Tensor) -> Tensor:
    """The official score of each confusion matrix."""
    parts = [part.weight * CLASS_SCORES[part.score](confusions) for part in rows.parts]
    return torch.stack(parts).sum(dim=0)


def _rounded(number: float) -> float:
    """Six digits are plenty, and can be read."""
    return float(f"{number:.6g}")
