"""Training of what a recipe for people says: sources first, then every target by every method and seed."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Tensor

from facsight import catalog
from facsight.adaptation_experiment.sources import Sources
from facsight.adaptation_experiment.tables import (
    CLIPS,
    RESULT,
    Result,
    Role,
    clips_of,
    read_result,
    write_results,
)
from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadFolds
from facsight.core.method import Method
from facsight.core.people import People, Unlabelled
from facsight.data.people_set import (
    PeopleSet,
    TargetGroup,
    few_clips,
    rows_of_people,
    split_clips,
    target_groups,
)
from facsight.metrics.classification import accuracy_of, balanced_accuracy, confusion_matrix, macro_f1
from facsight.nn.relevant_people import relevant_people
from facsight.nn.split_network import AT_ONCE
from facsight.recipe import Recipe
from facsight.training.adapting import OnStep, adapt, train_sources
from facsight.training.people_plan import BASELINES, PeoplePlan
from facsight.training.plan import Plan
from facsight.training.run_folder import CHECKPOINT, ENVIRONMENT, RunFolder, environment, write_whole

#: The bounds: the network as it was trained on source people, and what sees labels of the target.
LOWER, UPPER = "supervised_people", "fine_tuning"

OnTarget = Callable[[int, int], None]


def train_people(
    recipe: Recipe, out: Path, *, on_step: OnStep | None = None, on_result: OnTarget | None = None
) -> list[Result]:
    """Adapt to every target by every method over all seeds, into the folder `out`; a killed run goes on.

    Below `out`: `sources/GROUP/seed-N/STAGE` and `targets/PERSON/seed-N/METHOD`, `results.csv`, and in
    `clips.csv` which clips were adapted to and which scored.
    `on_result` hears how many of all results there are.
    """
    run = RunFolder(out, recipe.to_toml())
    data, plan = open_people(recipe), PeoplePlan(**recipe.sections["comparison"])
    groups = target_groups(data.people, recipe.sections["data"]["target"])
    run.write_json(ENVIRONMENT, environment(recipe.seed))
    own = recipe.sections["method"]["name"]
    methods = tuple(dict.fromkeys((LOWER, UPPER, *plan.bounds, *plan.methods, own)))
    total = sum(len(group.targets) for group in groups) * plan.seeds * len(methods)
    results: list[Result] = []
    clips: list[pl.DataFrame] = []
    for sources, target in _pairs(recipe, data, groups, plan.seeds, out, on_step):
        divided = split_clips(
            data.people.of(target), share=plan.share, seed=sources.seed, first=data.neutral_class
        )
        clips.append(clips_of(*divided, seed=sources.seed, neutral=data.neutral_class))
        whose = out / "targets" / folder_name(target, data.people.names[target]) / f"seed-{sources.seed}"
        for name in methods:
            results.append(_result(name, sources, divided, plan, whose / name))
            if on_result:
                on_result(len(results), total)
    write_whole(out / CLIPS, pl.concat(clips).write_csv())
    write_results(out, results)
    return results


def _pairs(
    recipe: Recipe,
    data: PeopleSet,
    groups: Sequence[TargetGroup],
    seeds: int,
    out: Path,
    on_step: OnStep | None,
) -> Iterator[tuple[Sources, int]]:
    """Every target under every seed, with what is trained on their source people."""
    for number, group in enumerate(groups):
        people = rows_of_people(data.people, group.sources)
        for seed in range(recipe.seed, recipe.seed + seeds):
            home = out / "sources" / folder_name(number, group.name) / f"seed-{seed}"
            sources = Sources(recipe, data, people, seed=seed, home=home, on_step=on_step)
            for target in group.targets:
                yield sources, target


def folder_name(number: int, name: str) -> str:
    """A folder for what has a name that may hold anything: its number, and what of the name files may have.

    >>> folder_name(7, "../ann a")
    '7-___ann_a'
    """
    return f"{number}-" + "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:60]


def open_people(recipe: Recipe) -> PeopleSet:
    """The people of a recipe, all of them."""
    options = {key: value for key, value in recipe.sections["data"].items() if key != "target"}
    return catalog.load("people", options.pop("name"))(**options)


def _result(
    name: str, sources: Sources, divided: tuple[People, People], plan: PeoplePlan, folder: Path
) -> Result:
    """What a method says of a target, after its clips to adapt to, on the others; read if it is there."""
    if (folder / RESULT).is_file():
        return read_result(folder)
    began = time.monotonic()
    adapting, scored = divided
    run = RunFolder(folder, sources.recipe.to_toml())
    if name in catalog.BOUNDS and name != UPPER:
        adapting = few_clips(adapting, plan.few, seed=sources.seed)
    method, sees = _adapted(name, sources, adapting, run, relevant=plan.relevant)
    confusion = confusion_matrix(
        _answers(method, scored.inputs), scored.label, classes=len(sources.data.classes)
    )
    found = Result(
        target=scored.names[int(scored.person[0])],
        method=name,
        role=_role(name, sources.recipe),
        sees=sees,
        seed=sources.seed,
        rows=len(scored),
        clips=len(scored.clip.unique()),
        accuracy=float(accuracy_of(confusion)),
        balanced_accuracy=float(balanced_accuracy(confusion)),
        macro_f1=float(macro_f1(confusion, zero_division=torch.nan)),
        seconds=time.monotonic() - began,
    )
    run.write_json(RESULT, found.as_data())
    run.file(CHECKPOINT).unlink(missing_ok=True)  # of use only while it is not finished
    return found


def _adapted(
    name: str, sources: Sources, adapting: People, run: RunFolder, *, relevant: int | None
) -> tuple[Method[Any, Any, Any], str]:
    """The method after all it does for a target, and what it has seen of them."""
    if name in catalog.SOURCE_STAGES:
        return sources.stage(name), "nothing"
    recipe, seed = sources.recipe, sources.seed
    own = recipe.sections["method"]
    options = {key: value for key, value in own.items() if key != "name"} if name == own["name"] else {}
    method = sources.method(name, options)
    plan = Plan(**recipe.sections["adapting"])
    if name in catalog.BOUNDS:
        size = min(plan.batch_size, len(adapting))
        plan = Plan(**{**recipe.sections["adapting"], "batch_size": size})
        return train_sources(method, adapting, plan, run, seed=seed, on_step=sources.on_step), "labels"
    shown = _shown(method, adapting, sources.data)
    people = sources.people
    if relevant is not None and method.sees == "sources":
        people = relevant_people(method.network.eval(), people, shown, count=relevant)
    adapted = adapt(method, shown, people, plan, run, seed=seed, on_step=sources.on_step)
    return adapted, method.sees


def _shown(method: Adaptation, adapting: People, data: PeopleSet) -> Unlabelled:
    """The target without labels: of all clips to adapt to, or of those that are known to be neutral."""
    if method.sees != "neutral":
        return adapting.without_labels()
    neutral = adapting.take(adapting.label == data.neutral_class)
    if not len(neutral):
        raise BadFolds(
            f"expected a neutral clip of {adapting.names[int(adapting.person[0])]} to adapt to, found none: "
            "leave the person out of the targets, or use methods that need no neutral clip"
        )
    return neutral.without_labels()


def _role(name: str, recipe: Recipe) -> Role:
    if name == LOWER or name in catalog.BOUNDS:
        return "bound"
    return "baseline" if name in BASELINES and name != recipe.sections["method"]["name"] else "method"


@torch.no_grad()
def _answers(method: Method[Any, Any, Any], inputs: Tensor) -> Tensor:
    device = next(method.parameters()).device
    parts = [method.eval().predict(part.to(device)) for part in inputs.split(AT_ONCE)]
    return torch.cat(parts).argmax(dim=1).cpu()
