"""What ABAW's tasks predict: which rows count, what is refused, what is added up, and scores of the sums.

Each kind of label (`ValenceArousal`, `Classes`, `Units`, `Intensities`) turns predictions and labels into
sums by cluster, and such sums into named scores. Rows without a valid label are left out and counted;
predictions on the others must be what a submission may hold.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.functional.agreement import concordance_of, pearson_of
from facsight.functional.moments import Moments, from_sums, grouped_moments, pooled
from facsight.metrics.classification import (
    accuracy_of,
    class_f1,
    grouped_confusions,
    macro_f1,
    weighted_f1,
)
from facsight.metrics.order import class_likeness, column_likeness, suspected_exchange, unit_likeness

Table = Tensor | np.ndarray
Scores = dict[str, Float[Tensor, "draw"]]


@dataclass(frozen=True)
class Counted:
    """What the rows with a valid label add up to, by cluster, and the scores of such sums.

    `truth` is what depends on the labels only; `notes` says what a reader of the score should know.
    """

    sums: Float[Tensor, "cluster statistic"]
    scores: Callable[[Float[Tensor, "draw statistic"]], Scores]
    truth: Float[Tensor, "cluster known"]
    rows: int
    invalid: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ValenceArousal:
    """Two numbers from -1 to 1; a row where one of them is -5 or NaN is invalid. Scores: CCC_V, CCC_A."""

    names: tuple[str, ...] = ("valence", "arousal")

    def count(self, predicted: Table, truth: Table, codes: Int[Tensor, "row"], clusters: int) -> Counted:
        """Sums of each cluster; `BadLabels` where a valid row has a prediction outside [-1, 1], or none."""
        rows = _rows(predicted, truth, len(self.names), lambda labels: labels.eq(-5) | labels.isnan())
        rows.refuse_labels(_outside(rows.truth, -1.0, 1.0), "from -1 to 1, or -5")
        advice = "from -1 to 1: clip them, as for a submission"
        rows.refuse_predictions(_outside(rows.predicted, -1.0, 1.0), advice)
        return _traces(
            rows, codes, clusters, dict(zip(("CCC_V", "CCC_A"), self.names, strict=True)), concordance_of
        )


@dataclass(frozen=True)
class Intensities:
    """Numbers from 0 to 1 a clip; NaN is invalid. Scores: each one's Pearson correlation, mean_pearson."""

    names: tuple[str, ...]

    def count(self, predicted: Table, truth: Table, codes: Int[Tensor, "row"], clusters: int) -> Counted:
        """Sums of each cluster; `BadLabels` where a valid row has a prediction that is not finite."""
        rows = _rows(predicted, truth, len(self.names), torch.isnan)
        rows.refuse_labels(_outside(rows.truth, 0.0, 1.0), "from 0 to 1")
        rows.refuse_predictions(~rows.predicted.isfinite(), "that are finite")
        counted = _traces(rows, codes, clusters, {f"pearson_{name}": name for name in self.names}, pearson_of)

        def scores(totals: Tensor) -> Scores:
            each = counted.scores(totals)
            return each | {"mean_pearson": torch.stack(list(each.values())).mean(dim=0)}

        return Counted(counted.sums, scores, counted.truth, counted.rows, counted.invalid, counted.notes)


@dataclass(frozen=True)
class Classes:
    """One of several classes, numbered from 0; a label of -1 or NaN is invalid.

    Scores: F1_ and the name for each class, macro_F1, weighted_F1, accuracy.
    """

    names: tuple[str, ...]

    def count(self, predicted: Table, truth: Table, codes: Int[Tensor, "row"], clusters: int) -> Counted:
        """Confusions of each cluster; `BadLabels` where a valid row's prediction is no class."""
        top = len(self.names) - 1
        rows = _rows(predicted, truth, 0, lambda labels: labels.eq(-1) | labels.isnan())
        rows.refuse_labels(_no_number(rows.truth, top), f"from 0 to {top}, or -1")
        advice = f"that are classes from 0 to {top}: of probabilities take the largest's"
        rows.refuse_predictions(_no_number(rows.predicted, top), advice)
        answers, labels = (table.squeeze(1) for table in rows.kept(torch.int64))
        counts = grouped_confusions(answers, labels, codes[rows.valid], groups=clusters, classes=top + 1)
        whole = counts.sum(dim=0)
        unlabelled = [n for n, some in zip(self.names, whole.any(dim=1).tolist(), strict=True) if not some]
        notes = [f"no row is labelled {name}: its F1 counts as 0" for name in unlabelled]
        notes.append(suspected_exchange(class_likeness(whole), self.names) or "")
        return rows.counted(counts.double().flatten(1), self._scores, counts.sum(dim=2).double(), notes)

    def _scores(self, totals: Float[Tensor, "draw statistic"]) -> Scores:
        confusion = totals.view(-1, len(self.names), len(self.names))
        each = class_f1(confusion).nan_to_num(nan=0.0)
        return _named("F1_", self.names, each) | {
            "macro_F1": macro_f1(confusion),
            "weighted_F1": weighted_f1(confusion),
            "accuracy": accuracy_of(confusion),
        }


@dataclass(frozen=True)
class Units:
    """Several action units, each absent (0) or present (1); any -1 or NaN makes the whole row invalid.

    Scores: F1_ and the name for each unit, of the present class alone; mean_F1; decision_accuracy, over all
    decisions of all units.
    """

    names: tuple[str, ...]

    def count(self, predicted: Table, truth: Table, codes: Int[Tensor, "row"], clusters: int) -> Counted:
        """Confusions of each cluster; `BadLabels` where a valid row has a prediction other than 0 and 1."""
        rows = _rows(predicted, truth, len(self.names), lambda labels: labels.eq(-1) | labels.isnan())
        rows.refuse_labels(_no_number(rows.truth, 1), "0 and 1, or -1")
        advice = "0 and 1: of probabilities take whether they reach a threshold"
        rows.refuse_predictions(_no_number(rows.predicted, 1), advice)
        answers, labels = rows.kept(torch.int8)
        group = codes[rows.valid]
        counts = torch.stack(
            [
                grouped_confusions(one, other, group, groups=clusters, classes=2)
                for one, other in zip(answers.unbind(1), labels.unbind(1), strict=True)
            ],
            dim=1,
        )
        present = counts[:, :, 1].sum(dim=(0, 2)).tolist()
        silent = [name for name, some in zip(self.names, present, strict=True) if not some]
        notes = [f"{name} is in no row: its F1 counts as 0" for name in silent]
        notes.append(suspected_exchange(unit_likeness(answers, labels), self.names) or "")
        known = counts.sum(dim=3).double().flatten(1)
        return rows.counted(counts.double().flatten(1), self._scores, known, notes)

    def _scores(self, totals: Float[Tensor, "draw statistic"]) -> Scores:
        confusion = totals.view(-1, len(self.names), 2, 2)
        each = class_f1(confusion)[..., 1].nan_to_num(nan=0.0)
        return _named("F1_", self.names, each) | {
            "mean_F1": each.mean(dim=1),
            "decision_accuracy": accuracy_of(confusion.sum(dim=1)),
        }


Kind = ValenceArousal | Intensities | Classes | Units


@dataclass(frozen=True)
class _Rows:
    """Predictions and labels, as (row, column), and which rows have a valid label."""

    predicted: Tensor
    truth: Tensor
    valid: Bool[Tensor, "row"]

    def refuse_labels(self, bad: Bool[Tensor, "row column"], expected: str) -> None:
        """`BadLabels` where a label is bad."""
        self._refuse(bad, self.truth, f"labels {expected}")

    def refuse_predictions(self, bad: Bool[Tensor, "row column"], expected: str) -> None:
        """`BadLabels` where a prediction beside a valid label is bad: it is never left out silently."""
        self._refuse(bad, self.predicted, f"predictions {expected}")

    def kept(self, kind: torch.dtype) -> tuple[Tensor, Tensor]:
        """Predictions and labels of the rows that count, as numbers of that kind."""
        return self.predicted.to(kind)[self.valid], self.truth.to(kind)[self.valid]

    def counted(
        self, sums: Tensor, scores: Callable[..., Scores], truth: Tensor, notes: list[str]
    ) -> Counted:
        """The sums, with how many rows counted."""
        rows = int(self.valid.sum())
        told = tuple(note for note in notes if note)
        return Counted(sums, scores, truth, rows, len(self.valid) - rows, told)

    def _refuse(self, bad: Tensor, values: Tensor, expected: str) -> None:
        wrong = bad.any(dim=1) & self.valid
        if not bool(wrong.any()):
            return
        first = int(wrong.nonzero()[0])
        found = values[first][bad[first]][0].item()
        raise BadLabels(
            f"expected {expected}; {int(wrong.sum())} of {int(self.valid.sum())} rows with a valid label "
            f"have others, the first is row {first}, counted from 0, with {found}"
        )


def _rows(predicted: Table, truth: Table, columns: int, invalid: Callable[[Tensor], Tensor]) -> _Rows:
    """Both as tensors; `columns` = 0 means one number a row. `BadLabels` where no row has a valid label."""
    tables = [torch.as_tensor(predicted), torch.as_tensor(truth)]
    expected = f"{columns} columns" if columns else "one number a row"
    for name, table in zip(("predictions", "labels"), tables, strict=True):
        if table.ndim != 1 + (columns > 0) or (columns > 0 and table.shape[1] != columns):
            raise BadLabels(f"expected {name} with {expected}, found shape {list(table.shape)}")
    if len(tables[0]) != len(tables[1]):
        raise BadLabels(f"expected a prediction for each of {len(tables[1])} rows, found {len(tables[0])}")
    answers, labels = (table if columns else table.unsqueeze(1) for table in tables)
    valid = ~invalid(labels).any(dim=1)
    if not bool(valid.any()):
        raise BadLabels(f"expected rows with a valid label, found none among {len(valid)}")
    return _Rows(answers, labels, valid)


def _traces(
    rows: _Rows,
    codes: Int[Tensor, "row"],
    clusters: int,
    columns: dict[str, str],
    score: Callable[..., Tensor],
) -> Counted:
    """Sums of moments of each column, and a score of moments: both are 0 where a column is constant."""
    (answers, labels), group = rows.kept(torch.float64), codes[rows.valid]
    pairs = zip(answers.unbind(1), labels.unbind(1), strict=True)
    by_cluster = [grouped_moments(one, other, group, groups=clusters) for one, other in pairs]
    centres = [pooled(found).means[1].expand(2) for found in by_cluster]
    sums = [found.sums(centre) for found, centre in zip(by_cluster, centres, strict=True)]

    def scores(totals: Float[Tensor, "draw statistic"]) -> Scores:
        parts = zip(columns, totals.split(6, dim=1), centres, strict=True)
        return {key: score(from_sums(part, centre), constant=0.0) for key, part, centre in parts}

    flat = [_constant(pooled(found), name) for found, name in zip(by_cluster, columns.values(), strict=True)]
    notes = [note for some in flat for note in some]
    notes.append(suspected_exchange(column_likeness(answers, labels), tuple(columns.values())) or "")
    truth = torch.cat(
        [part[:, [0, 2, 4]] for part in sums] + [c[:1].expand(clusters, 1) for c in centres], dim=1
    )
    return rows.counted(torch.cat(sums, dim=1), scores, truth, notes)


def _constant(found: Moments, name: str) -> list[str]:
    sides = zip(("predicted", "labelled"), found.spreads[:2].tolist(), strict=True)
    return [
        f"{side} {name} never changes: its correlation counts as 0" for side, spread in sides if not spread
    ]


def _outside(values: Tensor, low: float, high: float) -> Bool[Tensor, "row column"]:
    return ~((values >= low) & (values <= high))


def _no_number(values: Tensor, top: int) -> Bool[Tensor, "row column"]:
    bad = _outside(values, 0.0, float(top))
    return bad | (values != values.floor()) if values.is_floating_point() else bad


def _named(prefix: str, names: tuple[str, ...], values: Float[Tensor, "draw name"]) -> Scores:
    return {prefix + name: column for name, column in zip(names, values.unbind(1), strict=True)}
