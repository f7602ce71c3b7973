"""Which way of learning a task is worth what: every run of a folder beside the run that learns it alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from facsight.assembly import TrainedSequences, open_sequence_run, stages_of
from facsight.core.errors import BadLabels, MissingData
from facsight.data.windows import Windows
from facsight.metrics.clusters import ClusterTally, cluster_bootstrap, compare
from facsight.recipe import Recipe, read_recipe
from facsight.sequence_experiment.choosing import Strategy
from facsight.sequence_experiment.recordings import ReadOnce, load_recordings
from facsight.training.run_folder import RECIPE, WEIGHTS
from facsight.training.sequence_scoring import predict_windows
from facsight.training.task_scores import task_tally


@dataclass(frozen=True)
class TaskRow:
    """One task of one run: how it was learnt, its score, and what it gains over being learnt alone.

    `gain` is None for the run that learns it alone and where there is no such run of the same seed and fold.
    Intervals are over people, 95 %.
    """

    task: str
    run: Path
    how: Strategy
    score: tuple[float, float, float]
    gain: tuple[float, float, float] | None

    def plain(self) -> dict[str, Any]:
        """The row as plain data."""
        names = ("value", "low", "high")
        return {
            "task": self.task,
            "run": str(self.run),
            "how": str(self.how),
            "donors": list(self.how.donors),
            "beside": list(self.how.beside),
            "temporal": self.how.temporal,
            "score": dict(zip(names, self.score, strict=True)),
            "gain": None if self.gain is None else dict(zip(names, self.gain, strict=True)),
        }


@dataclass(frozen=True)
class _Scored:
    task: str
    home: Path
    how: Strategy
    tally: ClusterTally
    same: tuple[Any, ...]


def task_table(runs: Sequence[Path], *, split: str = "val") -> list[TaskRow]:
    """A row for each task of each run at or below these folders, tasks together, the best first.

    `MissingData` where there is no finished run.
    """
    homes = sorted({found.parent for run in runs for found in run.rglob(WEIGHTS) if _is_run(found.parent)})
    if not homes:
        raise MissingData(
            f"{', '.join(map(str, runs))} holds no finished run of recordings: train with `facsight train`"
        )
    read = ReadOnce()
    scored = [one for home in homes for one in _scored(home, split, read)]
    alone = {(one.task, one.same): one for one in scored if one.how == Strategy()}
    rows = [_row(one, alone.get((one.task, one.same))) for one in scored]
    return sorted(rows, key=lambda row: (row.task, -row.score[0]))


def _is_run(home: Path) -> bool:
    return (home / RECIPE).is_file() and read_recipe(home / RECIPE).kind == "sequences"


def _scored(home: Path, split: str, read: ReadOnce) -> list[_Scored]:
    """The tasks of a run with their sums over people."""
    if stages_of(home):
        return []  # its stages are runs of their own
    trained, recipe = open_sequence_run(home), read_recipe(home / RECIPE)
    found = []
    for space in trained.spaces:
        own = {**recipe.sections["data"], "spaces": [space.name]}
        recordings, _ = load_recordings(
            replace(recipe, sections={**recipe.sections, "data": own}),
            split,
            wanted=trained.features,
            read=read,
        )
        if recordings.spaces != (space,):
            raise BadLabels(f"{recordings.name} has another {space.name} than {home} was trained on")
        said = predict_windows(trained.network, Windows(recordings, trained.windows))
        tally = task_tally(said, recordings, space)
        how = _how(trained, space.name)
        found.append(_Scored(space.name, home, how, tally, _same(recipe)))
    return found


def _how(trained: TrainedSequences, task: str) -> Strategy:
    """How a run learnt a task; donors go by the label spaces that they were trained on."""
    architecture: Mapping[str, Any] = trained.card["architecture"]
    donors = sorted("+".join(d["architecture"]["outputs"]) for d in architecture["network"].get("donors", ()))
    beside = tuple(space.name for space in trained.spaces if space.name != task)
    return Strategy(tuple(donors), beside, bool(architecture["temporal"]))


def _same(recipe: Recipe) -> tuple[Any, ...]:
    """What two runs must share to be compared: seed, and everything of [data] but which labels are read."""
    data = {key: value for key, value in recipe.sections["data"].items() if key != "spaces"}
    return recipe.seed, repr(sorted(data.items()))


def _row(one: _Scored, alone: _Scored | None) -> TaskRow:
    found = cluster_bootstrap(one.tally, generator=torch.Generator().manual_seed(0))
    gain = None
    if alone is not None and alone is not one:
        difference = compare(
            one.tally, alone.tally, generator=torch.Generator().manual_seed(0), permutations=1
        ).difference
        gain = (difference.estimate, difference.low, difference.high)
    return TaskRow(one.task, one.home, one.how, (found.estimate, found.low, found.high), gain)
