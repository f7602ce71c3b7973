"""Scored runs of recordings side by side: the same recordings in the same folds under each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Tensor

from facsight.assembly import spaces_as_data, spaces_from_data, stages_of
from facsight.core.errors import BadFolds, BadLabels, BadTable, MissingData
from facsight.core.labels import LabelSpace
from facsight.metrics.classification import (
    Interval,
    accuracy_of,
    class_f1,
    macro_f1,
    positive_f1,
    weighted_f1,
)
from facsight.metrics.clusters import (
    ClusterTally,
    Comparison,
    cluster_bootstrap,
    compare,
    confusion_tally,
)
from facsight.metrics.concordance import concordance_tally
from facsight.sequence_experiment.scoring import PREDICTIONS, SPACES, TRUTH

_KEYS = ("dataset", "sample")


@dataclass(frozen=True)
class SideBySide:
    """One score of several runs over the same rows, and how much better each is than the first.

    Intervals and p are over people (recordings where nobody is known), `clusters` of them.
    """

    space: str
    score: str
    rows: int
    clusters: int
    values: tuple[Interval, ...]
    differences: tuple[Comparison, ...]

    def plain(self, runs: Sequence[str]) -> dict[str, Any]:
        """As plain data; `runs` are their names."""
        others = zip(runs[1:], self.differences, strict=True)
        return {
            "space": self.space,
            "score": self.score,
            "rows": self.rows,
            "clusters": self.clusters,
            "values": {name: _plain(one) for name, one in zip(runs, self.values, strict=True)},
            "differences": {name: {**_plain(one.difference), "p": one.p_value} for name, one in others},
        }


@dataclass(frozen=True)
class _Run:
    path: Path
    spaces: tuple[LabelSpace, ...]
    rows: pl.DataFrame


def side_by_side(runs: Sequence[Path], *, split: str = "val", seed: int = 0) -> list[SideBySide]:
    """Each score of scored runs, and the paired difference of each to the first run.

    Runs are of the same recordings with the same labels, and where they have folds everybody is in the same
    one: `BadTable`, `BadLabels` and `BadFolds` name the recording that is not. `MissingData` names a run that
    was not scored. What is compared are the answers after post-processing.
    """
    opened = [_open(run, split) for run in runs]
    for other in opened[1:]:
        _check_alike(opened[0], other)
    return [
        _compared(space, name, [_tally(run.rows, space, name) for run in opened], opened[0].rows, seed)
        for space in opened[0].spaces
        for name in _scores(space)
    ]


def _open(run: Path, split: str) -> _Run:
    home = run / stages_of(run)[-1] if stages_of(run) else run
    suffix = "" if split == "val" else f"-{split}"
    said, truth = (home / f"{name}{suffix}.parquet" for name in (PREDICTIONS, TRUTH))
    for path in (said, truth):
        if not path.is_file():
            raise MissingData(f"{home} has no {path.name}: run `facsight score {run} --split {split}` first")
    spaces = spaces_from_data(json.loads(pl.read_parquet_metadata(truth)[SPACES]))
    labels, answers = pl.read_parquet(truth), pl.read_parquet(said)
    keys = [name for name in _KEYS if name in labels.columns]
    named = [name for space in spaces for name in _columns(space)]
    answers = answers.select(*keys, *(pl.col(name).alias(f"said {name}") for name in named))
    rows = labels.join(answers, on=keys, how="left").sort(keys)
    return _Run(run, spaces, rows.with_columns(pl.col("subject").fill_null(pl.col("sample"))))


def _columns(space: LabelSpace) -> tuple[str, ...]:
    return (space.column,) if space.kind == "classes" else tuple(space.columns)


def _check_alike(one: _Run, other: _Run) -> None:
    if spaces_as_data(one.spaces) != spaces_as_data(other.spaces):
        names = [", ".join(space.name for space in run.spaces) for run in (one, other)]
        raise BadLabels(f"{one.path} has labels of {names[0]}, {other.path} of {names[1]}: not the same")
    for has, lacks in ((one, other), (other, one)):
        keys = [name for name in _KEYS if name in has.rows.columns and name in lacks.rows.columns]
        alone = has.rows.join(lacks.rows, on=keys, how="anti")["sample"]
        if len(alone):
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            raise BadTable(
                f"{has.path} was scored on {alone[0]!r}{more}, {lacks.path} was not: compare runs on the "
                "same recordings, in the same folds"
            )
    _check_folds(one, other)
    for name in ("subject", *(name for space in one.spaces for name in _columns(space))):
        differ = one.rows[name].ne_missing(other.rows[name])
        if differ.any():
            sample = one.rows["sample"].filter(differ)[0]
            raise BadLabels(f"{one.path} and {other.path} have different {name} for {sample!r}")


def _check_folds(one: _Run, other: _Run) -> None:
    if ("fold" in one.rows.columns) != ("fold" in other.rows.columns):
        whole, folded = (other, one) if "fold" in one.rows.columns else (one, other)
        raise BadFolds(f"{folded.path} has folds, {whole.path} has none: train both in the same way")
    if "fold" not in one.rows.columns:
        return
    moved = one.rows["fold"] != other.rows["fold"]
    if moved.any():
        place = moved.arg_max() or 0
        sample, first, second = one.rows["sample"][place], one.rows["fold"][place], other.rows["fold"][place]
        raise BadFolds(
            f"{sample!r} is in fold {first} of {one.path} and in fold {second} of {other.path}: train both "
            "with the same --folds and data.fold_seed"
        )


def _scores(space: LabelSpace) -> list[str]:
    if space.kind == "classes":
        return ["accuracy", "macro F1", "weighted F1", *(f"F1 of {name}" for name in space.classes)]
    kind = "F1" if space.kind == "units" else "CCC"
    return [f"{kind} of {name}" for name in space.columns]


def _tally(rows: pl.DataFrame, space: LabelSpace, score: str) -> ClusterTally:
    """A score by people."""
    column = space.column if space.kind == "classes" else score.partition(" of ")[2]
    known = rows.filter(pl.col(column).is_not_null())
    if known[f"said {column}"].is_null().any():
        sample = known.filter(pl.col(f"said {column}").is_null())["sample"][0]
        raise BadTable(f"there is no answer of {space.name} for {sample!r}: score the run again")
    said, truth, people = known[f"said {column}"], known[column], known["subject"].to_list()
    if space.kind == "classes":
        places = {name: k for k, name in enumerate(space.classes)}
        answers, labels = (torch.tensor([places[word] for word in words]) for words in (said, truth))
        return confusion_tally(_of_confusions(space, score), answers, labels, people, classes=len(space))
    answers, labels = (torch.tensor(values.to_list(), dtype=torch.float64) for values in (said, truth))
    if space.kind == "units":
        shown, there = (answers >= 0.5).long(), (labels >= 0.5).long()
        return confusion_tally(positive_f1, shown, there, people, classes=2)
    return concordance_tally(answers, labels, people)


def _of_confusions(space: LabelSpace, score: str):
    plain = {"accuracy": accuracy_of, "macro F1": macro_f1, "weighted F1": weighted_f1}
    if score in plain:
        return plain[score]
    place = space.classes.index(score.removeprefix("F1 of "))

    def f1(confusion: Tensor) -> Tensor:
        """F1 of the one class; 0 where it is neither in the truth nor among the answers."""
        return class_f1(confusion)[..., place].nan_to_num(nan=0.0)

    return f1


def _compared(
    space: LabelSpace, score: str, tallies: Sequence[ClusterTally], rows: pl.DataFrame, seed: int
) -> SideBySide:
    def draw() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    return SideBySide(
        space.name,
        score,
        len(rows),
        len(tallies[0].sums),
        tuple(cluster_bootstrap(one, generator=draw()) for one in tallies),
        tuple(compare(one, tallies[0], generator=draw()) for one in tallies[1:]),
    )


def _plain(one: Interval) -> Mapping[str, float]:
    return {"value": one.estimate, "low": one.low, "high": one.high}
