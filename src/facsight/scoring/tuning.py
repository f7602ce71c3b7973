"""Post-processing chosen on labels, and what it is honestly worth: cross-fitted over videos.

Widths, thresholds, biases and scales that are chosen on the rows on which they are then scored look better
than they are. So the videos (or persons: what the protocol resamples) are divided into folds. The options for
the videos of a fold are chosen on all other folds, and the predictions of all folds together, each with its
own options, are scored once: that is the tuned score. Beside it stand the score of the predictions as they
are, and the optimism: how much higher the score is if the options are chosen and scored on the same rows.

Every summand of the official number is tuned for itself: each value, all classes together, all units together
(with a threshold for each). For every width of the box the best adjustment is found, then the best width is
taken; nothing is done where the gain is not more than its standard error on the rows that choose.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import torch

from facsight.core.errors import BadRecipe, BadTable, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.data.predictions import Predictions
from facsight.data.protocol import Protocol
from facsight.metrics.clusters import ClusterTally, compare
from facsight.scoring.adjusting import ClassBias, Rows, Unadjusted, UnitThresholds, ValueScale, sure_gain
from facsight.scoring.matching import Matched, match, of_space
from facsight.scoring.postprocess import Axis, as_numbers, filtered, numbers_of, one_axis, postprocess
from facsight.scoring.score import Scored, scored
from facsight.scoring.steps import Step, Steps
from facsight.scoring.truth import Truth

#: What can be tuned, and the kinds of label space that it is for.
TUNED = {
    "smooth": ("classes", "units", "values", "levels"),
    "threshold": ("units",),
    "bias": ("classes",),
    "scale": ("values", "levels"),
}
#: Widths of the box that are tried, in seconds.
WIDTHS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0)
FOLDS = 5
_FOLDS_NOTE = (
    "the protocol has folds and no split: predictions must be of readers that did not learn from the person"
)
#: A choice that is better by less is not.
_BETTER = 1e-9


@dataclass(frozen=True)
class FoldChoice:
    """How many videos and rows a fold has, and the steps that the other folds chose for it."""

    clusters: int
    rows: int
    steps: Steps


@dataclass(frozen=True)
class Tuned:
    """The official score of predictions as they were, cross-fitted, and with the steps that all rows chose.

    `crossfitted` has the tuned score. `chosen` are the steps for other predictions, and `insample` is what
    they score on the rows that chose them: too much, by the optimism. `rows` are the places, in the table of
    predictions, of all samples of the videos that were cross-fitted.
    """

    untuned: ClusterTally
    crossfitted: Scored
    insample: float
    folds: tuple[FoldChoice, ...]
    chosen: Steps
    rows: np.ndarray
    notes: tuple[str, ...] = ()


def tune(
    protocol: Protocol,
    truth: Truth,
    found: Predictions,
    what: Sequence[str],
    *,
    fps: float | None = None,
    folds: int = FOLDS,
) -> Tuned:
    """Choose what is asked for (names of `TUNED`) and say what it is worth.

    `BadRecipe`: labels are those of the protocol's result, or frames a second are lacking. `BadTable`: rows
    are of fewer than two videos, videos are not known, or nothing that is asked for can be tuned.
    """
    check_tunable(protocol, truth, what)
    numbered = replace(truth, table=truth.table.with_row_index("row"))
    matched = match(found, numbered, protocol.spaces)
    if matched.clusters < 2:
        raise BadTable(
            f"tuning needs rows of at least 2 {truth.over}s, better twenty: one chooses, another is scored; "
            f"all {len(matched.table)} rows are of one"
        )
    fold = _folds(matched, min(folds, matched.clusters))
    axis = one_axis(found.table, fps) if "smooth" in what else None
    chosen, notes = _chosen(protocol, found, matched, what, fold, axis)
    steps = [Steps(tuple(own), fps) for own in chosen]
    place = _fold_of_samples(truth, matched, fold)
    counts = np.bincount(fold[matched.table["cluster"].to_numpy()])
    del matched, numbered  # of millions of rows, before the others are scored
    whole = postprocess(found, protocol.spaces, steps[-1], axis=axis)
    insample = scored(protocol, truth, whole).official.estimate
    del whole
    after = _crossfitted(found, protocol.spaces, steps[:-1], place)
    return Tuned(
        untuned=scored(protocol, truth, found).official,
        crossfitted=scored(protocol, truth, after),
        insample=insample,
        folds=tuple(
            FoldChoice(int((fold == k).sum()), int(counts[k]), own) for k, own in enumerate(steps[:-1])
        ),
        chosen=steps[-1],
        rows=np.flatnonzero(place >= 0),
        notes=(*notes, *((_FOLDS_NOTE,) if not protocol.score else ())),
    )


def as_data(tuned: Tuned) -> dict[str, Any]:
    """The gain with its interval, the optimism, and what was chosen, as plain data."""
    scores = {
        "untuned": tuned.untuned.estimate,
        "cross_fitted": tuned.crossfitted.official.estimate,
        "chosen_and_scored_on_all": tuned.insample,
    }
    generator = torch.Generator().manual_seed(0)
    found = compare(tuned.crossfitted.official, tuned.untuned, generator=generator)
    over = f"{tuned.crossfitted.truth.over}s"
    return scores | {
        "gain": found.difference.estimate,
        "interval": [found.difference.low, found.difference.high],
        "optimism": scores["chosen_and_scored_on_all"] - scores["cross_fitted"],
        "over": over,
        "folds": [{over: one.clusters, "rows": one.rows, "steps": str(one.steps)} for one in tuned.folds],
        "chosen": str(tuned.chosen),
        "assumes": "The interval draws whole "
        + over
        + " for both, with the options as each fold chose them.",
        "notes": list(tuned.notes),
    }


def check_tunable(protocol: Protocol, truth: Truth, what: Sequence[str]) -> None:
    """`BadRecipe` where nothing may be tuned on these labels; `BadTable` where videos are not known."""
    for name in what:
        if name not in TUNED:
            raise BadRecipe(f"{name!r} cannot be tuned: {did_you_mean(name, TUNED)}")
    if not what:
        raise BadRecipe(f"expected what to tune, of {', '.join(TUNED)}")
    if truth.opened_test:
        raise BadRecipe(
            f"the labels of {truth.split!r} are those of the result of {protocol.name}: nothing is tuned on "
            "them. Tune on validation labels (--split val), and give the steps to --postprocess"
        )
    if protocol.unit == "frame" and truth.over == "sample":
        raise BadTable(
            "tuning divides videos, and it is not known which frames are of one: expected samples like "
            "video/00012.jpg, or labels with a column `video`"
        )


def _folds(matched: Matched, count: int) -> np.ndarray:
    """The fold of every cluster: the longest first, each into the fold with the fewest rows."""
    sizes = np.bincount(matched.table["cluster"].to_numpy(), minlength=matched.clusters)
    fold, filled = np.zeros(len(sizes), np.int64), np.zeros(count, np.int64)
    for cluster in np.argsort(-sizes, kind="stable"):
        fold[cluster] = filled.argmin()
        filled[fold[cluster]] += sizes[cluster]
    return fold


def _chosen(
    protocol: Protocol,
    found: Predictions,
    matched: Matched,
    what: Sequence[str],
    fold: np.ndarray,
    axis: Axis | None,
) -> tuple[list[list[Step]], tuple[str, ...]]:
    """The steps that the others choose for every fold, and last those that all rows choose."""
    sides = [fold != k for k in range(fold.max() + 1)] + [np.ones(len(fold), bool)]
    steps: list[list[Step]] = [[] for _ in sides]
    notes, some = [], False
    for space in protocol.spaces:
        asked = [name for name in what if space.kind in TUNED[name]]
        if not numbers_of(found.table, space):
            notes.append(f"{space.column} has answers only, no probabilities: nothing of it is tuned")
            continue
        if not asked or not any(part.space == space.name for part in protocol.official):
            continue
        some = True
        for k, own in enumerate(_of_space(protocol, found, matched, space, asked, sides, axis)):
            steps[k] += own
    if not some:
        raise BadTable(f"{found.path}: of {', '.join(what)} nothing can be tuned here; {'; '.join(notes)}")
    return steps, tuple(notes)


def _of_space(
    protocol: Protocol,
    found: Predictions,
    matched: Matched,
    space: LabelSpace,
    asked: Sequence[str],
    sides: Sequence[np.ndarray],
    axis: Axis | None,
) -> list[list[Step]]:
    """For every side, the steps with which its clusters score best, for every group of columns together."""
    labelled = of_space(matched, space)
    parts = tuple(part for part in protocol.official if part.space == space.name)
    values = as_numbers(found.table, numbers_of(found.table, space))
    truth, cluster = _labels(labelled, space), labelled["cluster"].to_numpy()
    places, groups, fitter = labelled["row"].to_numpy(), _groups(space), _fitter(space, asked)

    def rows(numbers: np.ndarray) -> list[Rows]:
        kept = numbers[places]
        return [Rows(own, parts, kept[:, k], truth[:, k], cluster, matched.clusters) for own, k in groups]

    plain = [[Unadjusted(own).fit(side) for side in sides] for own in rows(values)]
    best = [list(fits) for fits in plain]
    for seconds in (None, *(WIDTHS if "smooth" in asked else ())):
        smooth = None if seconds is None else Step("box", {"seconds": seconds}, space.columns)
        numbers = filtered(values, space, smooth, axis) if smooth and axis else values
        for kept, own in zip(best, rows(numbers), strict=True):
            first = (replace(smooth, columns=own.space.columns),) if smooth else ()
            fits = fitter(own)
            for k, side in enumerate(sides):
                fit = fits.fit(side)
                if fit.score > kept[k].score + _BETTER:
                    kept[k] = replace(fit, steps=(*first, *fit.steps))
    pairs = [list(zip(*fits, strict=True)) for fits in zip(best, plain, strict=True)]
    return [
        [step for group in pairs if sure_gain(*group[k]) for step in group[k][0].steps]
        for k in range(len(sides))
    ]


def _groups(space: LabelSpace) -> list[tuple[LabelSpace, slice]]:
    """What is tuned together: each value for itself, as its score is; all classes, all units."""
    if space.kind in ("classes", "units"):
        return [(space, slice(None))]
    return [(replace(space, classes=(name,)), slice(k, k + 1)) for k, name in enumerate(space.classes)]


def _fitter(space: LabelSpace, asked: Sequence[str]) -> Callable[[Rows], Any]:
    ways = {"threshold": UnitThresholds, "bias": ClassBias, "scale": ValueScale}
    return next((ways[name] for name in asked if name in ways), Unadjusted)


def _labels(table: pl.DataFrame, space: LabelSpace) -> np.ndarray:
    """Labels, a column each; of classes one column of places."""
    if space.kind == "classes":
        return table[f"true_{space.column}"].to_physical().cast(pl.Int64).to_numpy()[:, None]
    return np.column_stack([table[f"true_{name}"].to_numpy() for name in space.columns])


def _fold_of_samples(truth: Truth, matched: Matched, fold: np.ndarray) -> np.ndarray:
    """The fold of every sample, -1 where its video has none because no row of it counts."""
    places = matched.table["row"].to_numpy()
    named = truth.table["cluster"]
    pairs = pl.DataFrame(
        {"cluster": named[places], "fold": fold[matched.table["cluster"].to_numpy()]}
    ).unique()
    known = named.replace_strict(pairs["cluster"], pairs["fold"], default=-1, return_dtype=pl.Int64)
    return known.fill_null(-1).to_numpy()


def _crossfitted(
    found: Predictions, spaces: Sequence[LabelSpace], steps: Sequence[Steps], place: np.ndarray
) -> Predictions:
    """Predictions in which the rows of every fold went through its own steps."""
    numbered = found.table.with_row_index("(row)")
    parts = [numbered.filter(place < 0)]
    for k, own in enumerate(steps):
        part = replace(found, table=numbered.filter(place == k))
        parts.append(postprocess(part, spaces, own).table)
    whole = pl.concat(parts, how="vertical_relaxed").sort("(row)").drop("(row)")
    listed = "; ".join(f"fold {k}: {own}" for k, own in enumerate(steps, 1))
    before = f"{found.about['postprocess']}; then " if "postprocess" in found.about else ""
    told = f"{before}cross-fitted over {len(steps)} folds ({listed})"
    return replace(found, table=whole, about=dict(found.about) | {"postprocess": told})
