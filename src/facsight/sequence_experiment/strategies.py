"""Searching how a task is learnt best: from whose features, beside which tasks, in time or frame by frame."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch

from facsight.assembly import open_sequence_run
from facsight.core.errors import BadLabels, BadRecipe, did_you_mean
from facsight.data.windows import Windows
from facsight.metrics.clusters import ClusterTally, cluster_bootstrap, compare
from facsight.recipe import Recipe
from facsight.sequence_experiment.choosing import Strategy, choose, exhaustive, greedy
from facsight.sequence_experiment.recordings import ReadOnce, load_recordings
from facsight.sequence_experiment.training import OnStep, train_sequences
from facsight.training.run_folder import write_whole
from facsight.training.sequence_scoring import predict_windows
from facsight.training.task_scores import task_tally

#: How strategies are searched: one step after the other, or all of them.
How = Literal["greedy", "exhaustive"]
WAYS = {"greedy": greedy, "exhaustive": exhaustive}


def search(
    recipe: Recipe,
    target: str,
    out: Path,
    *,
    how: How = "greedy",
    parts: int = 5,
    on_step: OnStep | None = None,
) -> dict[str, Any]:
    """The best strategy for a label space; trained runs and what was found are in `out`/`target`.

    The recipe is that of a plain run on recordings with labels of several spaces; with `[temporal]`, frame by
    frame is tried, too. Other tasks give features as they are learnt alone, frame by frame, in `out`/alone.
    The same call goes on with an interrupted search. Strategies are compared on the split val.
    """
    others = _others(recipe, target)
    runs = _Runs(recipe, target, out, on_step)
    evaluate = cache(runs.evaluate)
    found = choose(
        evaluate, WAYS[how](others, temporal=bool(recipe.sections["temporal"])), parts=parts, seed=recipe.seed
    )
    told = {
        "target": target,
        "how": how,
        "best": asdict(found.best) | {"name": str(found.best)},
        "score_of_the_best_on_its_own_people": found.apparent,
        "cross_fitted": _interval(found.crossfitted),
        "optimism": found.optimism,
        "chosen_by_the_others_of_each_part": [str(one) for one in found.by_part],
        "strategies": _told(runs.scored),
    }
    write_whole(out / target / f"search-{how}.json", json.dumps(told, indent=2) + "\n")
    return told


def _others(recipe: Recipe, target: str) -> list[str]:
    """The other label spaces of a recipe that can be searched."""
    if recipe.kind != "sequences" or recipe.stages or recipe.sections["network"].get("donors"):
        raise BadRecipe("a search is over a recipe of recordings without stages and donors: it adds them")
    spaces = [space.name for space in load_recordings(recipe, "train")[0].spaces]
    if target not in spaces:
        raise BadLabels(f"there are no labels of {target!r}: {did_you_mean(target, spaces)}")
    if len(spaces) < 2:
        raise BadLabels(f"there are only labels of {target}: strategies are about several tasks")
    return [name for name in spaces if name != target]


class _Runs:
    """The runs of a search: trained where they are not yet, and scored."""

    def __init__(self, recipe: Recipe, target: str, out: Path, on_step: OnStep | None):
        self.recipe, self.target, self.out, self.on_step = recipe, target, out, on_step
        self.read, self.scored = ReadOnce(), dict[Strategy, ClusterTally]()
        self.recordings, _ = load_recordings(_of(recipe, [target]), "val")

    def evaluate(self, strategy: Strategy) -> ClusterTally:
        home = self.out / self.target / strategy.folder
        donors = [self.donor(name) for name in strategy.donors]
        self.train(_of(self.recipe, [self.target, *strategy.beside], donors, strategy.temporal), home)
        trained = open_sequence_run(home)
        said = predict_windows(trained.network, Windows(self.recordings, trained.windows))
        self.scored[strategy] = task_tally(said, self.recordings, self.recordings.spaces[0])
        return self.scored[strategy]

    def donor(self, space: str) -> str:
        """The folder of a task that is learnt alone."""
        home = self.out / "alone" / space
        self.train(_of(self.recipe, [space]), home)
        return str(home)

    def train(self, recipe: Recipe, home: Path) -> None:
        train_sequences(recipe, home, on_step=self.on_step, read=self.read)


def _of(recipe: Recipe, spaces: list[str], donors: list[str] | None = None, temporal: bool = False) -> Recipe:
    """The recipe for some label spaces only, with donors, and with its [temporal] or without."""
    sections = dict(recipe.sections)
    sections["data"] = {**sections["data"], "spaces": spaces}
    sections["network"] = {**sections["network"], **({"donors": donors} if donors else {})}
    sections["temporal"] = sections["temporal"] if temporal else {}
    return replace(recipe, sections=sections)


def _told(scored: Mapping[Strategy, ClusterTally]) -> list[dict[str, Any]]:
    """Every strategy that was tried, the best first, with its difference from learning alone."""
    alone = scored[Strategy()]
    rows = []
    for strategy, tally in sorted(scored.items(), key=lambda one: -one[1].estimate):
        row: dict[str, Any] = asdict(strategy) | {"name": str(strategy), **_interval(tally)}
        if strategy != Strategy():
            found = compare(tally, alone, generator=torch.Generator().manual_seed(0)).difference
            row |= {"gain": found.estimate, "gain_interval": [found.low, found.high]}
        rows.append(row)
    return rows


def _interval(tally: ClusterTally) -> dict[str, Any]:
    found = cluster_bootstrap(tally, generator=torch.Generator().manual_seed(0))
    return {"value": found.estimate, "interval": [found.low, found.high]}
