"""All folds of a recipe for sequences: everybody is judged by a network that has not seen them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from facsight.assembly import TrainedSequences
from facsight.core.errors import BadFolds, BadRecipe, BadTraining
from facsight.data.sequence_parts import people_of
from facsight.data.sequence_set import SequenceSet
from facsight.recipe import Recipe, read_recipe
from facsight.sequence_experiment.recordings import (
    Read,
    ReadOnce,
    recipe_folds,
)
from facsight.sequence_experiment.scoring import (
    Answers,
    answers_of,
    open_with_recipe,
    score_run,
    told_of_folds,
    write_scores,
)
from facsight.sequence_experiment.training import OnStep, train_sequences
from facsight.training.run_folder import RECIPE
from facsight.training.sequence_scoring import quick_scores

#: What the folder of each fold of a run is called, before its number.
FOLD = "fold-"
#: What can be given in place of a number of folds.
PEOPLE, PROTOCOL = "people", "protocol"


def train_folds(
    recipe: Recipe, out: Path, folds: str, *, on_step: OnStep | None = None, read: Read | None = None
) -> None:
    """Train every fold into a folder of its own below `out`; the same call goes on with an interrupted one.

    `folds` is their number, "people" to leave each person out once, or "protocol" for those of
    `data.protocol`.
    """
    read = read or ReadOnce()
    asked = _asked(recipe, folds, read)
    for number in range(1, len(recipe_folds(asked, read=read)) + 1):
        train_sequences(_with_data(asked, fold=number), out / f"{FOLD}{number}", on_step=on_step, read=read)


def score_sequences(run: Path, *, split: str = "val", folder: Path | None = None) -> dict[str, Any]:
    """Scores of a run folder on a split, written beside its weights, with its predictions.

    A run with stages is scored by its last, one with folds by what each fold says of those whom it has not
    seen. `folder` is that of the data, if not the recipe's.
    """
    if not folds_in(run):
        return score_run(run, split=split, folder=folder)
    if split != "val":
        raise BadFolds(f"the folds in {run} each test people of their own: score {FOLD}1, say, on {split}")
    return score_folds(run, folder=folder)


def score_folds(run: Path, *, folder: Path | None = None, read: Read | None = None) -> dict[str, Any]:
    """Scores of all folds of a run together, and of each; written with the predictions of all recordings.

    `BadTraining` where a fold is not there or does not belong to the others.
    """
    read = read or ReadOnce()
    homes = folds_in(run)
    plans = [open_with_recipe(home, folder) for home in homes]
    _check_whole(run, plans, read)
    parts = [answers_of(trained, plan, "val", read) for trained, plan in plans]
    whole = _together(parts)
    told = {"data": whole.recordings.name, "split": "everybody, by the fold that has not seen them"}
    scores: dict[str, Any] = told | told_of_folds(plans[0][1])
    scores |= whole.scores(whole.recordings)
    scores["folds"] = [_of_fold(number, part) for number, part in enumerate(parts, 1)]
    scores["over_folds"] = _over([one["scores"] for one in scores["folds"]])
    write_scores(plans[0][0], run, parts, scores)
    return scores


def folds_in(run: Path) -> list[Path]:
    """The folders of the folds of a run, in the order of their numbers; none where it has none."""
    found = [path for path in run.glob(f"{FOLD}*") if path.name.removeprefix(FOLD).isdecimal()]
    return sorted(found, key=lambda path: int(path.name.removeprefix(FOLD)))


def holds_sequences(run: Path) -> bool:
    """Whether a folder is a run of a recipe for sequences, or of its stages or folds."""
    recipes = [one for depth in ("", "*/", "*/*/") for one in sorted(run.glob(f"{depth}{RECIPE}"))]
    return bool(recipes) and read_recipe(recipes[0]).kind == "sequences"


def _asked(recipe: Recipe, folds: str, read: Read) -> Recipe:
    """The recipe with the folds that are asked for."""
    own = recipe.sections["data"]
    if "fold" in own or "folds" in own:
        raise BadRecipe("expected either data.fold of data.folds, for one of them, or --folds for all")
    if folds == PROTOCOL:
        if "protocol" not in own:
            raise BadRecipe("expected data.protocol=NAME with --folds protocol; see `facsight protocol list`")
        return recipe
    if folds == PEOPLE:
        return _with_data(recipe, folds=len(people_of(read(recipe, None, None)[0])))
    if not folds.isdecimal() or int(folds) < 2:
        raise BadRecipe(f"expected folds to be 2 or more, {PEOPLE!r} or {PROTOCOL!r}, found {folds!r}")
    return _with_data(recipe, folds=int(folds))


def _with_data(recipe: Recipe, **options: Any) -> Recipe:
    """The recipe, and each of its stages, with options of [data]."""
    sections = {**recipe.sections, "data": {**recipe.sections["data"], **options}}
    stages = {name: _with_data(stage, **options) for name, stage in recipe.stages.items()}
    return replace(recipe, sections=sections, stages=stages)


def _check_whole(run: Path, opened: Sequence[tuple[TrainedSequences, Recipe]], read: Read) -> None:
    """All folds are there, and all of one recipe."""
    trained, first = opened[0]
    plans = [plan for _, plan in opened]
    if "fold" not in first.sections["data"]:
        raise BadTraining(f"{trained.home} is no fold: its recipe has no data.fold")
    wanted = range(1, len(recipe_folds(first, wanted=trained.features, read=read)) + 1)
    alike = [_with_data(plan, fold=1).to_toml() for plan in plans]
    numbers = [plan.sections["data"].get("fold") for plan in plans]
    if numbers != list(wanted):
        raise BadTraining(
            f"expected the folds 1 to {len(wanted)} in {run}, found {numbers}: train those that are missing"
        )
    if len(set(alike)) > 1:
        odd = next(k for k, text in enumerate(alike, 1) if text != alike[0])
        raise BadTraining(f"{FOLD}{odd} in {run} is of another recipe than {FOLD}1: see {RECIPE} in both")


def _together(parts: Sequence[Answers]) -> Answers:
    """What the folds say, as if it were one network."""
    recordings = [one for part in parts for one in part.recordings.recordings]
    first = parts[0].recordings
    whole = SequenceSet(first.name.partition("-fold")[0], first.step, first.spaces, tuple(recordings))
    without = {name: [one for part in parts for one in part.without[name]] for name in parts[0].without}
    return Answers(whole, [one for part in parts for one in part.said], without, parts[0].steps)


def _of_fold(number: int, part: Answers) -> dict[str, Any]:
    return {
        "fold": number,
        "people": people_of(part.recordings),
        "recordings": len(part.recordings),
        "scores": quick_scores(part.said, part.recordings),
    }


def _over(folds: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation (n - 1) of each score over the folds."""
    found = {}
    for name in folds[0]:
        values = torch.tensor([fold[name] for fold in folds], dtype=torch.float64)
        found[name] = {"mean": float(values.mean()), "spread": float(values.std())}
    return found
