"""The page of a run that adapts to people: who gained, who lost, and how sure that is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from facsight.adaptation_experiment import Result, adaptation_table, read_clips, read_results
from facsight.adaptation_experiment.tables import ScoreName, by_person
from facsight.core.errors import counted
from facsight.metrics.personal_gain import ASSUMES, PersonalGain
from facsight.recipe import Recipe, read_recipe
from facsight.report.page import write_page
from facsight.report.person_charts import Strips, change_lines, change_of, gain_strips
from facsight.training.people_plan import PeoplePlan
from facsight.training.plan import Plan
from facsight.training.run_folder import ENVIRONMENT, RECIPE, read_json

PAGE = "personal.html"
#: What a way of adapting may look at, in words.
SEES = {
    "nothing": "nothing of the person",
    "neutral": "the person's neutral clips, no labels",
    "target": "the person's clips, no labels",
    "sources": "the person's clips, no labels; source people and their labels",
    "labels": "the person's clips and their labels",
}
#: Fewer people than this make the interval too narrow.
FEW = 20


@dataclass(frozen=True)
class _Outcome:
    """What came of a run: gains and mean scores by method, best method first, and the unadapted scores."""

    score: ScoreName
    tolerance: float
    gains: Mapping[str, PersonalGain]
    first: Mapping[str, Result]
    means: Mapping[str, Mapping[str, float]]

    @property
    def before(self) -> Mapping[str, float]:
        return self.means[next(name for name in self.gains if self.first[name].sees == "nothing")]

    @property
    def adapted(self) -> dict[str, PersonalGain]:
        """All but the network unadapted."""
        return {name: gain for name, gain in self.gains.items() if self.first[name].sees != "nothing"}

    @property
    def score_name(self) -> str:
        return self.score.replace("_", " ")


def write_gains_page(
    run: Path, path: Path | None = None, *, score: ScoreName = "accuracy", tolerance: float = 0.0
) -> Path:
    """Write the page of a finished run of a recipe for people, by default as `personal.html` in it."""
    results, recipe = read_results(run), read_recipe(run / RECIPE)
    told = _Outcome(
        score,
        tolerance,
        adaptation_table(results, score=score, tolerance=tolerance),
        {one.method: one for one in results},
        _means(results, score),
    )
    return write_page(
        path or run / PAGE,
        "gains.html",
        name=run.resolve().name,
        about=recipe.about,
        score=told.score_name,
        tolerance=tolerance,
        people=len(told.before),
        seeds=sorted({one.seed for one in results}),
        methods=[_method(name, gain, told.first[name]) for name, gain in told.gains.items()],
        harmful=_harmful(told),
        lost_bound=_lost_bound(told),
        strips=_strips(told),
        changes=_every_change(told),
        table=_table(told),
        facts=_facts(recipe, results),
        clips=_clips(read_clips(run)),
        environment=read_json(run / ENVIRONMENT) if (run / ENVIRONMENT).is_file() else {},
        simulated=recipe.sections["data"]["name"] == "simulated_people",
        recipe=(run / RECIPE).read_text(encoding="utf-8"),
        assumes=ASSUMES,
        few=len(told.before) < FEW,
    )


def _means(results: Sequence[Result], score: ScoreName) -> dict[str, dict[str, float]]:
    """Of each method and person the mean score over seeds."""
    return {
        method: {person: sum(own) / len(own) for person, own in people.items()}
        for method, people in by_person(results, score).items()
    }


def _method(name: str, gain: PersonalGain, one: Result) -> dict[str, Any]:
    return {
        "name": name,
        "role": _role(one),
        "kind": one.role,
        "sees": SEES[one.sees],
        "score": f"{gain.score:.3f}",
        "spread": _number(gain.spread),
        "gain": "" if one.sees == "nothing" else f"{gain.gain.estimate:+.3f}",
        "interval": "" if one.sees == "nothing" else _interval(gain),
        "sure": gain.gain.low > 0 or gain.gain.high < 0,
        "worse": "" if one.sees == "nothing" else _share(gain.made_worse),
        "gap": "" if one.sees == "nothing" or math.isnan(gain.recovered) else _share(gain.recovered),
        "gained": [f"{person} {change:+.3f}" for person, change in gain.gained],
        "lost": [f"{person} {change:+.3f}" for person, change in gain.lost],
        "own": one.role == "method",
    }


def _role(one: Result) -> str:
    if one.role != "bound":
        return one.role
    return "lower bound" if one.sees == "nothing" else "upper bound"


def _harmful(told: _Outcome) -> list[dict[str, Any]]:
    """Ways of adapting, bounds aside, that are below no adaptation on average."""
    return [
        {
            "name": name,
            "by": f"{-gain.gain.estimate:.3f}",
            "sure": gain.gain.high < 0,
            "interval": _interval(gain),
            "worse": _share(gain.made_worse),
        }
        for name, gain in told.gains.items()
        if told.first[name].role != "bound" and gain.gain.estimate < 0
    ]


def _lost_bound(told: _Outcome) -> list[str]:
    """Bounds that see labels and are no better than no adaptation: there is no gap to take a share of."""
    return [
        name
        for name, gain in told.gains.items()
        if told.first[name].sees == "labels" and gain.gain.estimate <= 0
    ]


def _strips(told: _Outcome) -> Strips:
    return gain_strips(
        f"change of {told.score_name} by adapting, a dot a person",
        told.adapted,
        told.means,
        told.before,
        {name: told.first[name].role for name in told.adapted},
        tolerance=told.tolerance,
    )


def _every_change(told: _Outcome) -> list[dict[str, Any]]:
    """Everybody before and after, a chart a way of adapting, that of the recipe's method first."""
    order = sorted(
        told.adapted, key=lambda name: ("method", "baseline", "bound").index(told.first[name].role)
    )
    return [
        {
            "name": name,
            "role": _role(told.first[name]),
            "open": told.first[name].role == "method",
            "chart": change_lines(
                f"{name.replace('_', ' ')}: {told.score_name} of each person, unadapted and adapted",
                told.means[name],
                told.before,
                tolerance=told.tolerance,
            ),
        }
        for name in order
    ]


def _table(told: _Outcome) -> list[dict[str, Any]]:
    """A row a person in the order of the data, a cell a method in the order of `gains`."""
    return [
        {
            "person": person,
            "cells": [
                {
                    "score": f"{told.means[name][person]:.3f}",
                    "change": f"{told.means[name][person] - unadapted:+.3f}" if name in told.adapted else "",
                    "is": change_of(told.means[name][person] - unadapted, told.tolerance),
                }
                for name in told.gains
            ],
        }
        for person, unadapted in told.before.items()
    ]


def _facts(recipe: Recipe, results: Sequence[Result]) -> list[dict[str, str]]:
    """What everybody was given alike."""
    data, share = recipe.sections["data"], recipe.sections["comparison"].get("share", PeoplePlan.share)
    told = {
        "people": f"{data['name'].replace('_', ' ')}; {_targets(data['target'])}",
        "budget of the source stage": _budget(recipe.sections["training"]),
        "budget of adapting": f"{_budget(recipe.sections['adapting'])}; closed forms need none",
        "clips": f"{_share(share)} of the clips of each class are adapted to, by chance; the others are "
        f"scored: {_scored(results)} a person; a clip is never on both sides",
        "seeds": f"{counted(len({one.seed for one in results}), 'seed')}: of the network's start, of "
        "training, and of which clips are adapted to; averaged within each person",
        "chosen by": "nothing: a fixed budget, the last weights. No label of a person who is adapted to was "
        "looked at, but by bounds that say so",
    }
    return [{"name": name, "value": value} for name, value in told.items()]


def _targets(target: str | Sequence[str]) -> str:
    if target == "each":
        return "each is left out once, all others are their source people"
    if isinstance(target, str):
        return f"adapted to {target}; source people are all who are not adapted to"
    return f"adapted to {len(target)} of a list; source people are all others"


def _budget(plan: Mapping[str, Any]) -> str:
    told = [
        f"{key.replace('_', ' ')} {plan[key]}" for key in ("optimizer", "rate", "batch_size") if key in plan
    ]
    return ", ".join([counted(plan.get("epochs", Plan.epochs), "epoch"), *told])


def _scored(results: Sequence[Result]) -> str:
    return f"{_range([one.clips for one in results])} clips, {_range([one.rows for one in results])} rows"


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def _clips(clips: pl.DataFrame | None) -> list[dict[str, Any]]:
    """A row a person and seed: the numbers of their clips by what was done with them."""
    if clips is None:
        return []
    rows = []
    for (target, seed), own in clips.group_by("target", "seed", maintain_order=True):
        adapted, scored = own.filter(part="adapted"), own.filter(part="scored")
        rows.append(
            {
                "target": target,
                "seed": seed,
                "adapted": _listed(adapted),
                "neutral": _listed(adapted.filter("neutral")),
                "scored": _listed(scored),
            }
        )
    return rows


def _listed(clips: pl.DataFrame) -> str:
    numbers = ", ".join(str(one) for one in clips["clip"].sort())
    return f"{numbers} ({counted(int(clips['rows'].sum()), 'row')})" if numbers else "none"


def _interval(gain: PersonalGain) -> str:
    return (
        f"{_number(gain.gain.low, '+')} to {_number(gain.gain.high, '+')}"
        if gain.gain.low == gain.gain.low
        else ""
    )


def _number(value: float, sign: str = "") -> str:
    return "-" if math.isnan(value) else f"{value:{sign}.3f}"


def _share(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")
