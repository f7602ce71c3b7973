"""Every way to adapt to one person, on simulated people: 30 sources and 10 targets who differ, under 5 seeds.

    python benchmarks/planted_people.py [--seeds 5] [--out FOLDER]    goes on in a folder where it was stopped
    python benchmarks/planted_people.py --only METHOD                 one method, its row added to the record
    python benchmarks/planted_people.py --unbalanced                  the same for targets who show one thing
    python benchmarks/planted_people.py --show [--unbalanced]         prints the recorded tables

Each seed has people of its own, so that intervals are over 50 targets. "styled": people differ by gains,
offsets and rotation (`facsight.data.simulated.people`); "alike": they do not differ, and nothing can be
gained. Half of a target's clips, without labels, are adapted to, and the other half is scored on; what sees
neutral clips only gets those of the first half. "mostly" and "nearly": people differ as in "styled", and a
target shows one expression, each one another, in ten or in thirteen of sixteen clips; sources show all alike.
All start from the same source stage of 20 epochs, or from
their own of the same budget; all that train have the same budget, the options are the usual ones.
"""

import argparse
import json
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from facsight import catalog
from facsight.adaptation_experiment import Result, adaptation_table, open_people, train_people
from facsight.adaptation_experiment.sources import Sources
from facsight.adaptation_experiment.tables import ScoreName
from facsight.core.people import People
from facsight.data.people_set import rows_of_people, split_clips, target_groups
from facsight.methods.adaptation.disentangled import DisentangledSources
from facsight.metrics.classification import accuracy_of, balanced_accuracy, confusion_matrix
from facsight.metrics.identity_leak import identity_leak
from facsight.nn.split_network import SplitNetwork
from facsight.recipe import Recipe, check_recipe
from facsight.training.adapting import adapt
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from record import RESULTS, commit, record

SOURCES, TARGETS, WORKERS = 30, 10, 2
CONTROL = "mmd_without_term"
CONTROLLED = {"accuracy": accuracy_of, "balanced_accuracy": balanced_accuracy}
SETTINGS = {
    "styled": {},
    "alike": {"gain": 0.0, "offset": 0.0, "rotation": 0.0},
    "mostly": {"one_sided": TARGETS, "mostly": 0.625},
    "nearly": {"one_sided": TARGETS, "mostly": 0.8125},
}
BALANCED, UNBALANCED = ("styled", "alike"), ("mostly", "nearly")
#: Where classes are not as often, a class counts as much as another.
SCORES: dict[str, ScoreName] = {"mostly": "balanced_accuracy", "nearly": "balanced_accuracy"}


def recipe(setting: str, seed: int, methods: tuple[str, ...] = tuple(sorted(catalog.ADAPTATION))) -> Recipe:
    """Methods, usually all, on people of this seed alone, the last ten of whom are targets."""
    first = (SOURCES + TARGETS) * seed
    people = {"people": SOURCES + TARGETS, "first": first, "clips": 16, "frames": 8, "data_seed": seed}
    targets = [f"person {first + SOURCES + k}" for k in range(TARGETS)]
    return check_recipe(
        {
            "seed": seed,
            "data": {"name": "simulated_people", "target": targets, **people, **SETTINGS[setting]},
            "network": {"name": "split_perceptron"},
            "method": {"name": "subject_based" if "subject_based" in methods else methods[0]},
            "training": {"epochs": 20},
            "comparison": {"methods": list(methods), "bounds": ["few_labels"], "seeds": 1},
        }
    )


Leaks = dict[str, dict[str, float]]


def measured(job: tuple[str, int, Path]) -> tuple[list[Result], Leaks]:
    """All results of a setting under a seed, and what its source stages tell of people."""
    setting, seed, out = job
    of, folder = recipe(setting, seed), out / f"{setting}-{seed}"
    results = train_people(of, folder)
    sources = opened(of, folder)
    results += controls(sources, results, folder)
    print(setting, seed, flush=True)
    return results, {} if setting in UNBALANCED else leaks(sources)


def measured_only(job: tuple[str, int, Path], method: str) -> tuple[list[Result], Leaks]:
    """Results of one method and the bounds, and what its source stage and the plain one tell of people."""
    setting, seed, out = job
    of, folder = recipe(setting, seed, (method,)), out / f"{setting}-{seed}"
    results = train_people(of, folder)
    print(setting, seed, flush=True)
    return results, {} if setting in UNBALANCED else leaks(opened(of, folder))


def opened(of: Recipe, folder: Path) -> Sources:
    """The source people of a run, with what was trained on them."""
    data = open_people(of)
    (group,) = target_groups(data.people, of.sections["data"]["target"])
    (home,) = (folder / "sources").glob(f"*/seed-{of.seed}")
    people = rows_of_people(data.people, group.sources)
    return Sources(of, data, people, seed=of.seed, home=home, on_step=None)


def controls(sources: Sources, results: list[Result], folder: Path) -> list[Result]:
    """What `mmd` does without its term: source labels, and batch normalisation that sees the target."""
    found, data, seed = [], sources.data, sources.seed
    for one in (result for result in results if result.method == "mmd"):
        target = data.people.of(data.people.names.index(one.target))
        shown, scored = split_clips(target, share=0.5, seed=seed, first=data.neutral_class)
        method = sources.method("mmd", {"weight": 0.0})
        plan, run = (
            Plan(**sources.recipe.sections["adapting"]),
            RunFolder(folder / "control" / one.target, ""),
        )
        method = adapt(method, shown.without_labels(), sources.people, plan, run, seed=seed)
        with torch.no_grad():
            said = method.predict(scored.inputs).argmax(dim=1)
        confusion = confusion_matrix(said, scored.label, classes=len(data.classes))
        scores = {name: float(of(confusion)) for name, of in CONTROLLED.items()}
        found.append(replace(one, method=CONTROL, **scores))
    return found


def leaks(sources: Sources) -> Leaks:
    """How well source people, in clips of their own, are told apart by the features of each source stage."""
    people, found = sources.people, {}
    for name in sorted(path.name for path in sources.home.iterdir()):
        stage = sources.stage(name).eval()
        features = stage.network.encode_all(people.inputs)
        found[name] = told_apart(stage.network, features, people)
        if isinstance(stage, DisentangledSources):
            with torch.no_grad():
                part = stage.expression(features)
            found[f"{name}, expression"] = told_apart(stage.network, part, people)
    return found


def told_apart(network: SplitNetwork, features: Tensor, people: People) -> dict[str, float]:
    with torch.no_grad():
        right = float((network.decide(features).argmax(dim=1) == people.label).float().mean())
    leak = identity_leak(features, people.person, people.clip)
    return {"told_apart": leak.accuracy, "chance": leak.chance, "accuracy_on_sources": right}


def table(results: list[Result], score: ScoreName) -> dict[str, dict[str, object]]:
    """A row a method, best first."""
    rows: dict[str, dict[str, object]] = {}
    for name, found in adaptation_table(results, score=score).items():
        own = [one for one in results if one.method == name]
        rows[name] = {
            "sees": own[0].sees,
            "role": own[0].role,
            score: round(found.score, 4),
            "spread": round(found.spread, 4),
            "gain": [round(x, 4) for x in (found.gain.estimate, found.gain.low, found.gain.high)],
            "recovered": round(found.recovered, 3) if found.recovered == found.recovered else None,
            "made_worse": round(found.made_worse, 3),
            "seconds": round(statistics.median(one.seconds for one in own), 2),
        }
    return rows


def show_unbalanced(found: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
    """The table of docs/adaptation.md for targets who show one thing."""
    mostly, nearly = (found[setting]["methods"] for setting in UNBALANCED)
    print(
        "| method | sees | ten of sixteen | gain (95 %) | made worse | thirteen | gain (95 %) | made worse |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, row in mostly.items():
        cells = []
        for one in (row, nearly[name]):
            gain = "{:+.3f} ({:+.3f} to {:+.3f})".format(*one["gain"])  # pyright: ignore
            cells += [f"{one['balanced_accuracy']:.3f}", gain, f"{one['made_worse']:.2f}"]
        print(f"| `{name}` | {row['sees']} | {' | '.join(cells)} |")


def mean_leaks(runs: list[Leaks]) -> Leaks:
    return {
        stage: {key: round(statistics.mean(run[stage][key] for run in runs), 4) for key in runs[0][stage]}
        for stage in runs[0]
    }


def add(name: str, method: str, found: dict[str, dict[str, dict]]) -> None:
    """A method's rows to a record, with the commit they were measured at.

    An error where the bounds are not the recorded ones: then the people are not, or the network is not.
    """
    file = RESULTS / f"{name}.json"
    whole = json.loads(file.read_text())
    for setting, own in found.items():
        told, score = whole["results"][setting], SCORES.get(setting, "accuracy")
        for bound in (row for row in own["methods"] if own["methods"][row]["role"] == "bound"):
            if own["methods"][bound][score] != told["methods"][bound][score]:
                raise SystemExit(f"{setting}: {bound} is not as recorded; measure all methods again")
        rows = told["methods"] | {method: {**own["methods"][method], "commit": commit()}}
        best_first = sorted(rows, key=lambda row: -rows[row][score])
        leaks_of = own["leaks"] | told["leaks"]
        told["methods"] = {row: rows[row] for row in best_first}
        told["leaks"] = {stage: leaks_of[stage] for stage in sorted(leaks_of)}
    file.write_text(json.dumps(whole, indent=2) + "\n")


def show(found: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
    """The tables of docs/adaptation.md."""
    styled, alike = found["styled"]["methods"], found["alike"]["methods"]
    print("| method | sees | accuracy | gain (95 %) | recovered | made worse | alike: gain (95 %) |")
    print("|---|---|---|---|---|---|---|")
    for name, row in styled.items():
        gains = ["{:+.3f} ({:+.3f} to {:+.3f})".format(*r["gain"]) for r in (row, alike[name])]  # pyright: ignore
        recovered = "" if row["recovered"] is None else f"{row['recovered']:.2f}"
        print(
            f"| `{name}` | {row['sees']} | {row['accuracy']:.3f} | {gains[0]} | {recovered} "
            f"| {row['made_worse']:.2f} | {gains[1]} |"
        )
    print("\n| source stage | people told apart (chance) | accuracy on source people |\n|---|---|---|")
    for name, row in found["styled"]["leaks"].items():
        print(
            f"| `{name}` | {row['told_apart']:.3f} ({row['chance']:.3f}) | {row['accuracy_on_sources']:.3f} |"
        )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--out", type=Path)
    options.add_argument("--only", choices=sorted(catalog.ADAPTATION))
    options.add_argument("--show", action="store_true")
    options.add_argument("--unbalanced", action="store_true")
    chosen = options.parse_args()
    name, settings, shown = "planted_people", BALANCED, show
    if chosen.unbalanced:
        name, settings, shown = "planted_people_unbalanced", UNBALANCED, show_unbalanced
    if chosen.show:
        shown(json.loads((RESULTS / f"{name}.json").read_text())["results"])
        return
    out = chosen.out or Path(tempfile.mkdtemp())
    found = {}
    jobs = [(setting, seed, out) for setting in settings for seed in range(chosen.seeds)]
    measure = measured if chosen.only is None else partial(measured_only, method=chosen.only)
    with ProcessPoolExecutor(WORKERS, initializer=torch.set_num_threads, initargs=(1,)) as workers:
        runs = dict(zip(jobs, workers.map(measure, jobs), strict=True))
    for setting in settings:
        own = [run for job, run in runs.items() if job[0] == setting]
        results = [one for found_of_seed, _ in own for one in found_of_seed]
        rows = table(results, SCORES.get(setting, "accuracy"))
        found[setting] = {"methods": rows, "leaks": mean_leaks([told for _, told in own])}
    if chosen.only:
        add(name, chosen.only, found)
    shown(found)
    if not chosen.only:
        print(record(name, {"seeds": chosen.seeds, **found}))


if __name__ == "__main__":
    main()
