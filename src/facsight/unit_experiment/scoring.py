"""How well a run reads action units, unit by unit, with intervals over people."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.functional.intraclass import intraclass
from facsight.metrics.classification import Interval, grouped_confusions, positive_f1
from facsight.metrics.clusters import ClusterTally, cluster_bootstrap
from facsight.metrics.ranking import roc_auc
from facsight.nn.unit_network import read_units_both_ways
from facsight.scoring.tallies import SHOWN
from facsight.training.run_folder import write_whole
from facsight.unit_experiment.answers import UnitAnswers, answers
from facsight.unit_experiment.thresholds import ONE_PERSON, Choice, choose, persons_of
from facsight.unit_experiment.training import TrainedUnits, open_unit_run

CONVENTIONS = (
    "F1 is that of the unit being there, over coded faces. On the split that thresholds were chosen on, each "
    "face is decided at the threshold of the people of the other folds; `f1_in_sample` is decided at the one "
    "threshold chosen on all, and `optimism` is how much better that looks. Means are over units that show. "
    "Intervals draw whole people. ICC is C,1 = (3,1) of the probability with the coded degree. `pointing` is "
    "how often the unit's own map is largest in the unit's region, of faces that show it. `edges` say how "
    "far the message of a unit (column) moved the logit of another (row): the mean over faces, signed, and "
    "of its size."
)


def score_units(
    run: Path,
    *,
    split: str = "val",
    folder: Path | None = None,
    on_face: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Scores of a run of action units on a split; written beside the weights.

    The files are `metrics.json` and `predictions.parquet` for the validation split, `metrics-SPLIT.json` and
    `predictions-SPLIT.parquet` otherwise. What could not be judged is named in `told`.
    """
    trained = open_unit_run(run, split=split, folder=folder, on_face=on_face)
    said = answers(lambda seen: read_units_both_ways(trained.network, seen.pixels), trained.crops)
    person = persons_of(said.person)
    cross_fitted = split == "val" and not trained.weak
    if cross_fitted:
        columns = zip(said.probabilities.T, said.shown.T, strict=True)
        choices = [choose(chance, shown, person) for chance, shown in columns]
    else:
        choices = [_given(said, place, one) for place, one in enumerate(trained.thresholds)]
    found = unit_scores(said, trained.crops.faces.action_units, choices, cross_fitted=cross_fitted)
    scores = {"data": trained.crops.faces.name, "split": split, "weak": trained.weak} | found
    if said.edges is not None:
        scores["edges"] = {name: one.tolist() for name, one in said.edges._asdict().items()}
    suffix = "" if split == "val" else f"-{split}"
    _write_predictions(run / f"predictions{suffix}.parquet", trained, said, choices)
    write_whole(run / f"metrics{suffix}.json", json.dumps(scores, indent=2) + "\n")
    return scores


def _given(said: UnitAnswers, place: int, threshold: float | None) -> Choice:
    """The decisions at a threshold that was chosen elsewhere; without one nothing is judged."""
    decided = said.probabilities[:, place] >= (SHOWN if threshold is None else threshold)
    known = said.known[:, place]
    return Choice(threshold, decided, known if threshold is not None else torch.zeros_like(known), decided)


def unit_scores(
    said: UnitAnswers, action_units: tuple[int, ...], choices: list[Choice], *, cross_fitted: bool
) -> dict[str, Any]:
    """Everything that is told of a split, as plain data; a value that does not exist is None."""
    person, told = persons_of(said.person), []
    people = int(person.max()) + 1
    if cross_fitted and people < 2:
        told.append(ONE_PERSON)
    if bool((said.person < 0).any()):
        told.append(
            f"{int((said.person < 0).sum())} faces are of unknown people: each counts as one by itself"
        )
    rows, tallies, units = [], [], {}
    for place, (unit, choice) in enumerate(zip(action_units, choices, strict=True)):
        name = f"AU{unit:02d}"
        told += _missing(name, said.shown[:, place], choice)
        entry, counts = _one_unit(said, place, choice, person, people, cross_fitted=cross_fitted)
        units[name] = entry
        if bool((said.shown[:, place] == 1).any()):
            rows.append(entry)
            tallies.append(counts)
    means = {"f1": _mean_f1(tallies)}
    means |= {name: {"value": _mean(rows, name)} for name in ("f1_at_half", "auc", "pointing")}
    return {
        "kind": "action_units",
        "faces": len(person),
        "persons": people,
        "conventions": CONVENTIONS,
        "mean": means,
        "units": units,
        "told": told,
    }


def _missing(name: str, shown: Tensor, choice: Choice) -> list[str]:
    """What of a unit cannot be judged, in words."""
    if not bool(shown.isfinite().any()):
        return [f"{name} was coded on no face: it has no score"]
    if not bool((shown == 1).any()):
        return [f"{name} is never present on these faces: it is left out of the means"]
    if choice.threshold is None:
        return [f"{name} has no threshold, as it was never present where thresholds were chosen"]
    left = int((shown.isfinite() & ~choice.judged).sum())
    return [f"{name}: {left} faces are not judged, as nobody in the other folds shows it"] if left else []


def _one_unit(
    said: UnitAnswers, place: int, choice: Choice, person: Tensor, people: int, *, cross_fitted: bool
) -> tuple[dict[str, Any], Float[Tensor, "person 4"]]:
    shown, chance, known = said.shown[:, place], said.probabilities[:, place], said.known[:, place]
    counts = _counts(choice.decided, shown, choice.judged, person, people)
    f1 = _f1(counts)
    entry: dict[str, Any] = {
        "coded": int(known.sum()),
        "present": _value(shown.nanmean()),
        "threshold": choice.threshold,
        "f1": _with_interval(ClusterTally(counts, _f1_of, counts)) if f1 is not None else {"value": None},
        "f1_at_half": _f1(_counts(chance >= SHOWN, shown, known, person, people)),
        "auc": _value(roc_auc(chance[known], shown[known].long())),
    }
    if cross_fitted:
        best = _f1(_counts(choice.at_own, shown, known, person, people))
        entry |= {
            "f1_in_sample": best,
            "optimism": None if best is None or f1 is None else best - f1,
        }
    degree = said.presence[:, place][known]
    if bool(((degree > 0) & (degree < 1)).any()):
        entry["icc"] = _value(intraclass(torch.stack([chance[known], degree.double()], dim=1), "C,1"))
    there = shown == 1
    entry["pointing"] = _value(said.pointed[there, place].nanmean())
    return entry, counts


def _counts(
    decided: Bool[Tensor, "n"], shown: Tensor, rows: Tensor, person: Int[Tensor, "n"], people: int
) -> Float[Tensor, "person 4"]:
    found = grouped_confusions(
        decided[rows].long(), shown[rows].long(), person[rows], groups=people, classes=2
    )
    return found.flatten(1).double()


def _f1_of(totals: Float[Tensor, "draw 4"]) -> Float[Tensor, "draw"]:
    return positive_f1(totals.view(-1, 2, 2), zero_division=math.nan)


def _f1(counts: Float[Tensor, "person 4"]) -> float | None:
    """None where the unit is never there: there is nothing to find."""
    if not counts[:, 2:].any():
        return None
    return _value(_f1_of(counts.sum(dim=0, keepdim=True))[0])


def _mean_f1(tallies: list[Tensor]) -> dict[str, Any]:
    """The mean over units, whole people drawn for all units together."""
    judged = [counts for counts in tallies if _f1(counts) is not None]
    if not judged:
        return {"value": None}
    sums = torch.cat(judged, dim=1)

    def score(totals: Tensor) -> Tensor:
        return positive_f1(totals.view(len(totals), -1, 2, 2), zero_division=math.nan).nanmean(dim=1)

    return _with_interval(ClusterTally(sums, score, sums))


def _with_interval(tally: ClusterTally) -> dict[str, Any]:
    if len(tally.sums) < 2:
        return {"value": tally.estimate}
    found: Interval = cluster_bootstrap(tally, generator=torch.Generator().manual_seed(0))
    return {"value": found.estimate, "interval": [_value(found.low), _value(found.high)]}


def _mean(rows: list[dict[str, Any]], name: str) -> float | None:
    values = [row[name] for row in rows if row.get(name) is not None]
    return sum(values) / len(values) if values else None


def _value(number: Tensor | float) -> float | None:
    """JSON has no NaN: a value that does not exist is None."""
    plain = float(number)
    return None if math.isnan(plain) else plain


def _write_predictions(path: Path, trained: TrainedUnits, said: UnitAnswers, choices: list[Choice]) -> None:
    """One row a face: who, and each unit's probability, the decision on it and what was coded."""
    faces = trained.crops.faces
    columns: dict[str, Any] = {"face": list(faces.ids), "person": faces.person.tolist()}
    for place, unit in enumerate(faces.action_units):
        name, choice = f"AU{unit:02d}", choices[place]
        decided = zip(choice.decided.tolist(), choice.judged.tolist(), strict=True)
        columns[f"{name}_probability"] = said.probabilities[:, place].tolist()
        columns[f"{name}_present"] = [int(one) if judged else None for one, judged in decided]
        columns[f"{name}_coded"] = [_value(one) for one in said.presence[:, place]]
    partial = path.with_name(path.name + ".part")
    pl.DataFrame(columns).write_parquet(partial)
    partial.replace(path)
