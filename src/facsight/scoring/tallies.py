"""Predictions beside labels, added up by video or person, and every score that such sums give.

A score of sums can be had for all rows, for each resample of videos, and for two systems that change places
in some videos, without touching a row again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.labels import LabelSpace
from facsight.data.protocol import Part
from facsight.functional.agreement import concordance_of, pearson_of
from facsight.functional.intraclass import intraclass_of
from facsight.functional.moments import Moments, from_sums, grouped_moments, pooled
from facsight.metrics.calibration import expected_calibration_error
from facsight.metrics.classification import (
    accuracy_of,
    balanced_accuracy,
    class_f1,
    class_recall,
    grouped_confusions,
    macro_f1,
    positive_f1,
    weighted_f1,
)
from facsight.metrics.clusters import ClusterTally
from facsight.metrics.ranking import average_precision, threshold_average_precision

#: A number for each of any number of totals.
Score = Callable[[Float[Tensor, "draw statistic"]], Float[Tensor, "draw"]]

#: Scores of any number of confusion matrices, (truth, predicted) last.
CLASS_SCORES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "accuracy": accuracy_of,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "weighted_f1": weighted_f1,
    "positive_f1": positive_f1,
}
#: From which probability an action unit is taken for shown, where a table has probabilities.
SHOWN = 0.5


@dataclass(frozen=True)
class SpaceTally:
    """Predictions and labels of one space: sums by cluster, scores of sums, and scores that need every row.

    `each` has named scores of every class, unit or value, `each_f1` the F1 of every unit as a score of sums.
    `alone` are scores of the whole that are no
    functions of sums, so that they have no interval. `truth` is what depends on labels only; `moments` are
    those of every column of values, by cluster.
    """

    space: LabelSpace
    sums: Float[Tensor, "cluster statistic"]
    truth: Float[Tensor, "cluster known"]
    scores: Mapping[str, Score]
    each: Mapping[str, Mapping[str, float]]
    rows: int
    alone: Mapping[str, float] = field(default_factory=dict)
    moments: Mapping[str, Moments] = field(default_factory=dict)
    each_f1: Mapping[str, Score] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Float[Tensor, "1 statistic"]:
        return self.sums.sum(dim=0, keepdim=True)

    def tally(self, score: str) -> ClusterTally:
        return ClusterTally(self.sums, self.scores[score], self.truth)

    def unit_tally(self, unit: str) -> ClusterTally:
        """The F1 of one unit."""
        return ClusterTally(self.sums, self.each_f1[unit], self.truth)


def tally_space(table: pl.DataFrame, space: LabelSpace, clusters: int) -> SpaceTally:
    """The rows of a table with `true_...` and predicted columns of a space, none null, and `cluster`."""
    cluster = _tensor(table, "cluster")
    kinds = {"classes": _classes, "units": _units, "values": _values, "levels": _values}
    return kinds[space.kind](table, space, cluster, clusters)


def official_tally(parts: tuple[Part, ...], spaces: Mapping[str, SpaceTally]) -> ClusterTally:
    """The official number, a weighted sum of scores of spaces, as a score of sums by cluster."""
    tallies = list(spaces.values())
    widths = [one.sums.shape[1] for one in tallies]

    def score(totals: Tensor) -> Tensor:
        by_space = dict(zip(spaces, totals.split(widths, dim=1), strict=True))
        summands = [
            part.weight * spaces[part.space].scores[part.score](by_space[part.space]) for part in parts
        ]
        return torch.stack(summands).sum(dim=0)

    return ClusterTally(
        torch.cat([one.sums for one in tallies], dim=1),
        score,
        torch.cat([one.truth for one in tallies], dim=1),
    )


def _classes(table: pl.DataFrame, space: LabelSpace, cluster: Tensor, clusters: int) -> SpaceTally:
    size = len(space)
    predicted, truth = (_places(table, name, space) for name in (space.column, f"true_{space.column}"))
    counts = grouped_confusions(predicted, truth, cluster, groups=clusters, classes=size)
    whole = counts.sum(dim=0)
    f1, recall = class_f1(whole).nan_to_num(nan=0.0), class_recall(whole)

    def of(score: Callable[[Tensor], Tensor]) -> Score:
        return lambda totals: score(totals.view(-1, size, size))

    known = {name: one for name, one in CLASS_SCORES.items() if size == 2 or name != "positive_f1"}
    shares = zip(space.classes, f1.tolist(), recall.tolist(), whole.sum(dim=1).tolist(), strict=True)
    return SpaceTally(
        space=space,
        sums=counts.double().flatten(1),
        truth=counts.sum(dim=2).double(),
        scores={name: of(score) for name, score in known.items()},
        each={name: {"f1": f, "recall": r, "rows": n} for name, f, r, n in shares},
        rows=len(table),
        alone=_of_chances(table, space, truth),
        notes=tuple(
            f"no row is labelled {name}: its F1 counts as 0 in a macro F1"
            for name, n in zip(space.classes, whole.sum(dim=1).tolist(), strict=True)
            if not n
        ),
    )


def _of_chances(table: pl.DataFrame, space: LabelSpace, truth: Tensor) -> dict[str, float]:
    """Scores of probabilities, where the table has them."""
    names = [name.replace("share_of_", "probability_of_") for name in space.shares]
    if not set(names) <= set(table.columns):
        return {}
    chances = torch.from_numpy(table.select(names).to_numpy().copy())
    chances = chances / chances.sum(dim=1, keepdim=True).clamp(min=1e-9)
    found = {"calibration_error": float(expected_calibration_error(chances, truth))}
    if len(space) == 2:
        found["average_precision"] = float(average_precision(chances[:, 1], truth))
        reached = chances[:, 1].clamp(0, 1)
        found["threshold_average_precision"] = float(threshold_average_precision(reached, truth))
    return found


def _units(table: pl.DataFrame, space: LabelSpace, cluster: Tensor, clusters: int) -> SpaceTally:
    size, notes = len(space), ()
    if any(not table[name].is_in([0.0, 1.0]).all() for name in space.columns):
        notes = (f"action units are probabilities: shown from {SHOWN} on",)
    counts = torch.stack(
        [
            grouped_confusions(
                _tensor(table, name).ge(SHOWN).long(),
                _tensor(table, f"true_{name}").long(),
                cluster,
                groups=clusters,
                classes=2,
            )
            for name in space.columns
        ],
        dim=1,
    )
    whole = counts.sum(dim=0)
    f1, right, shown = positive_f1(whole), accuracy_of(whole), whole[:, 1].sum(dim=1)
    columns = zip(space.columns, f1.tolist(), right.tolist(), shown.tolist(), strict=True)

    def view(totals: Tensor) -> Tensor:
        return totals.view(-1, size, 2, 2)

    def of_unit(place: int) -> Score:
        return lambda totals: positive_f1(view(totals)[:, place])

    return SpaceTally(
        space=space,
        sums=counts.double().flatten(1),
        truth=counts.sum(dim=3).double().flatten(1),
        scores={
            "unit_f1": lambda totals: positive_f1(view(totals)).mean(dim=1),
            "unit_accuracy": lambda totals: accuracy_of(view(totals).sum(dim=1)),
        },
        each={name: {"f1": f, "accuracy": a, "shown": n} for name, f, a, n in columns},
        each_f1={name: of_unit(k) for k, name in enumerate(space.columns)},
        rows=len(table),
        notes=notes,
    )


def _values(table: pl.DataFrame, space: LabelSpace, cluster: Tensor, clusters: int) -> SpaceTally:
    """Moments of each column, and its absolute errors: seven sums a column."""
    sums, centres, notes, moments = [], [], [], {}
    for name in space.columns:
        predicted, truth = _tensor(table, name).double(), _tensor(table, f"true_{name}").double()
        found = grouped_moments(predicted, truth, cluster, groups=clusters)
        moments[name] = found
        centre = pooled(found).means[1].expand(2)
        gap = torch.bincount(cluster, (predicted - truth).abs(), minlength=clusters)
        sums.append(torch.cat([found.sums(centre), gap.unsqueeze(1)], dim=1))
        centres.append(centre)
        for side, spread in zip(("predicted", "labelled"), pooled(found).spreads[:2].tolist(), strict=True):
            notes += [f"{side} {name} never changes: its correlations count as 0"] * (not spread)
    together = torch.cat(sums, dim=1)
    columns = {
        name: _column_scores(k, centre)
        for k, (name, centre) in enumerate(zip(space.columns, centres, strict=True))
    }

    def mean(score: str) -> Score:
        return lambda totals: torch.stack([one[score](totals) for one in columns.values()]).mean(dim=0)

    total = together.sum(dim=0, keepdim=True)
    known = torch.cat(
        [part[:, [0, 2, 4]] for part in sums] + [c[:1].expand(clusters, 1) for c in centres], dim=1
    )
    return SpaceTally(
        space=space,
        sums=together,
        truth=known,
        scores={score: mean(score) for score in VALUE_SCORES},
        each={
            name: {score: float(one[score](total)) for score in VALUE_SCORES} for name, one in columns.items()
        },
        rows=len(table),
        moments=moments,
        notes=tuple(notes),
    )


#: Scores of moments, and of the sum of absolute errors.
VALUE_SCORES: Mapping[str, Callable[[Moments, Tensor], Tensor]] = {
    "ccc": lambda found, gap: concordance_of(found, constant=0.0),
    "pearson": lambda found, gap: pearson_of(found, constant=0.0),
    "icc": lambda found, gap: intraclass_of(found, "C,1"),
    "mae": lambda found, gap: gap / found.count,
    "rmse": lambda found, gap: _root_mean_square(found),
}


def _column_scores(place: int, centre: Tensor) -> dict[str, Score]:
    """Every score of one column of values, from its seven sums."""

    def of(score: Callable[[Moments, Tensor], Tensor]) -> Score:
        def scored(totals: Tensor) -> Tensor:
            mine = totals[:, 7 * place : 7 * place + 7]
            return score(from_sums(mine[:, :6], centre), mine[:, 6])

        return scored

    return {name: of(score) for name, score in VALUE_SCORES.items()}


def _root_mean_square(found: Moments) -> Tensor:
    one, other, both = found.spreads.unbind(-1)
    apart = (found.means[..., 0] - found.means[..., 1]).square()
    return ((one + other - 2 * both).clamp(min=0) / found.count + apart).sqrt()


def _places(table: pl.DataFrame, column: str, space: LabelSpace) -> Int[Tensor, "n"]:
    places = table[column].cast(pl.Enum(space.classes)).to_physical()
    return torch.from_numpy(places.cast(pl.Int64).to_numpy().copy())


def _tensor(table: pl.DataFrame, column: str) -> Tensor:
    return torch.from_numpy(table[column].to_numpy().copy())
