"""Adjustments of single rows: thresholds of action units, a bias for every class, a scale for every value.

`adjusted` applies one. `Unadjusted`, `UnitThresholds`, `ClassBias` and `ValueScale` find the best one for the
rows of some clusters (videos or persons): what can be added up is added up by cluster once, so that the best
one for any choice of clusters costs next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from facsight.core.errors import BadProtocol
from facsight.core.labels import LabelSpace
from facsight.data.protocol import Part
from facsight.functional.moments import Moments, grouped_moments, pooled
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


@dataclass(frozen=True)
class Fit:
    """The best adjustment, none if nothing is better, and what the rows it was chosen on then score."""

    steps: tuple[Step, ...]
    score: float


Chosen = Bool[np.ndarray, "cluster"]


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
            total = self.counts[torch.from_numpy(chosen)].sum(dim=0, keepdim=True)
            return Fit((), float(_class_objective(self.rows, total)[0]))
        if self.rows.space.kind == "units":
            return Fit((), self.thresholds.fit(chosen).score)
        return Fit((), self.scale.unscaled(chosen))


class UnitThresholds:
    """For every action unit the threshold at which its score is best; of several, the nearest to .5."""

    def __init__(self, rows: Rows, thresholds: Sequence[float] = THRESHOLDS):
        self.rows, self.thresholds = rows, thresholds
        limits, bins = np.array(thresholds, rows.numbers.dtype), len(thresholds) + 1
        reached = np.searchsorted(limits, rows.numbers, side="right")
        place = (rows.cluster[:, None] * 2 + rows.truth.astype(np.int64)) * bins + reached
        size = rows.clusters * 2 * bins
        counts = [np.bincount(column, minlength=size) for column in place.T]
        self.counts = torch.from_numpy(np.stack(counts, axis=1)).view(rows.clusters, 2, bins, -1)

    def fit(self, chosen: Chosen) -> Fit:
        total = self.counts[torch.from_numpy(chosen)].sum(dim=0)  # (truth, bin, unit)
        shown = total.flip(1).cumsum(dim=1).flip(1)[:, 1:]  # the bins above each threshold
        confusion = torch.stack([total.sum(dim=1, keepdim=True) - shown, shown], dim=-1)
        scores = self._objective(confusion.permute(1, 2, 0, 3))
        near = torch.tensor([abs(one - SHOWN) for one in self.thresholds])
        best = (scores >= scores.max(dim=0).values - _TINY).double() - 1e-3 * near[:, None]
        places = best.argmax(dim=0)
        score = scores.gather(0, places[None]).mean()
        of = {
            name: float(self.thresholds[place])
            for name, place in zip(self.rows.space.columns, places.tolist(), strict=True)
            if self.thresholds[place] != SHOWN
        }
        return Fit((Step("threshold", {"of": of}),) if of else (), float(score))

    def _objective(self, confusion: Tensor) -> Tensor:
        """(threshold, unit, truth, predicted) -> (threshold, unit)."""
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
        return Fit((Step("bias", {"of": of}),) if of else (), best)

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
        found = self._of(chosen)
        said, true, both = found.spreads.tolist()
        if both <= 0 or said <= 0 or any(part.score != "ccc" for part in self.rows.parts):
            return Fit((), self._score(found))
        scale = _rounded((true / said) ** 0.5)
        offset = _rounded(float(found.means[1] - scale * found.means[0]))
        means = torch.stack([scale * found.means[0] + offset, found.means[1]])
        factors = found.spreads.new_tensor([scale**2, 1.0, scale])
        moved = Moments(found.count, means, found.spreads * factors)
        of = {self.rows.space.columns[0]: [scale, offset]}
        return Fit((Step("scale", {"of": of}),), self._score(moved))

    def unscaled(self, chosen: Chosen) -> float:
        return self._score(self._of(chosen))

    def _of(self, chosen: Chosen) -> Moments:
        kept = torch.from_numpy(chosen)
        all_of = self.moments
        return pooled(Moments(all_of.count[kept], all_of.means[kept], all_of.spreads[kept]))

    def _score(self, found: Moments) -> float:
        gap = torch.zeros(())
        return sum(part.weight * float(VALUE_SCORES[part.score](found, gap)) for part in self.rows.parts)


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
