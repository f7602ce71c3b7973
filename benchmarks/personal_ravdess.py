"""Adapting to one actor's voice: RAVDESS speech, every actor in turn the target, all others the sources.

    python benchmarks/personal_ravdess.py --data ../shared/data/ravdess [--seeds 3] [--cut numbers]

A clip is one row of numbers (`functional.voice`), sources are seen slower and faster, too. For each target
and seed, networks are trained on the 19 others from scratch; the target's clips are halved by class, one half
to adapt to (of which a method sees what it may: two neutral clips; all 30 without labels; or, of the bounds,
with labels), the other to be scored on. `--cut` says where features are: "numbers" (the standardised rows) or
"hidden" (after two layers, before the last). `--targets last` trains once on the first 18 actors and adapts
to the last two. All methods have the same budget (`ADAPTING`); it and the networks were set before anything
was scored, but PFT's form (weights by evidence, no cross entropy with neutral) was found on these actors,
with other networks and folds of four, so that some optimism remains for it. Figures: accuracy by actor, mean,
paired gains over "source only" with intervals over actors, and the share of actors made worse.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from facsight import catalog
from facsight.core.method import Method
from facsight.core.people import People
from facsight.data.people_set import TargetGroup, rows_of_people, split_clips, target_groups
from facsight.methods.adaptation.few_labels import FewLabels
from facsight.methods.adaptation.fine_tuning import FineTuning
from facsight.metrics.personal_gain import PersonalGain, personal_gain
from facsight.nn.split_network import PooledHead, SplitNetwork
from facsight.nn.split_perceptron import RowEncoder
from facsight.training.adapting import BUDGET, adapt, train_sources
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from personal import Trained
from ravdess import SPACE, Clips, load
from record import record

NEUTRAL = SPACE.classes.index("neutral")
#: What sources are trained with, and every target is adapted with.
SOURCES = Plan(
    epochs=6, batch_size=64, optimizer="adamw", rate=2e-3, weight_decay=0.05, average=0.9, precision="no"
)
ADAPTING = replace(BUDGET, epochs=100)
#: Of `ravdess.SPEEDS`: as it is, slower, faster.
COPIES = 3
#: Labelled clips of the bound that sees a few.
FEW = 5
#: Name -> name in the catalogue, options.
METHODS: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "neutral subtraction": ("neutral_subtraction", {}),
    "nearest neutral": ("nearest_neutral", {}),
    "PFT": ("personalized_feature_translation", {}),
    "PFT, no expression term": ("personalized_feature_translation", {"expression": 0.0}),
    "PFT, no style term": ("personalized_feature_translation", {"style": 0.0}),
    "DSFDA": ("disentangled", {}),
    "DSFDA, labels beside": ("disentangled", {"labels": 1.0}),
    "person normalisation": ("person_normalisation", {}),
    "entropy": ("entropy", {}),
    "information maximisation": ("information_maximisation", {}),
    "cluster pseudo-labels": ("cluster_pseudo_labels", {}),
    "MMD": ("mmd", {}),
    "subject-based MSDA": ("subject_based", {}),
}


def people_of(clips: Clips) -> People:
    """Every clip, its copies after all clips: the first rows are the clips themselves."""
    names = tuple(sorted(set(clips.actors)))
    copies, count = COPIES, len(clips.actors)
    person = torch.tensor([names.index(actor) for actor in clips.actors])
    return People(
        clips.rows[:COPIES].flatten(0, 1),
        clips.classes.repeat(copies),
        person.repeat(copies),
        torch.arange(count).repeat(copies),
        names,
    )


def network(people: People, cut: str) -> SplitNetwork:
    """A perceptron of 512 and 256 on standardised rows, cut before the first layer or before the last."""
    columns = people.inputs.shape[1]
    layers = [nn.Dropout(0.2), nn.Linear(columns, 512), nn.ReLU(), nn.Dropout(0.5)]
    layers += [nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.5)]
    scale = RowEncoder(columns, size=1, layers=0, dropout=0.0)
    scale.fit(people.inputs)
    last = PooledHead(256, classes=len(SPACE))
    if cut == "numbers":
        return SplitNetwork(scale, nn.Sequential(*layers, last))
    return SplitNetwork(nn.Sequential(scale, *layers), last)


def accuracy(method: Method, people: People) -> float:
    with torch.inference_mode():
        said = method.eval().predict(people.inputs)
    return float((said.argmax(dim=1) == people.label).float().mean())


def few(target: People, seed: int) -> People:
    """So many clips, neutral among them."""
    order = torch.randperm(len(target), generator=torch.Generator().manual_seed(seed))
    order = order[(target.label[order] != NEUTRAL).long().argsort(stable=True)]
    others = order[target.label[order] != NEUTRAL]
    return target.take(torch.cat([order[:1], others[: FEW - 1]]))


def one_target(trained: Trained, target: People, seed: int) -> dict[str, float]:
    """Accuracy of every method on the half of the clips that nothing was adapted to."""
    adapting, scored = split_clips(target, share=0.5, seed=seed, first=NEUTRAL)
    found = {"source only": accuracy(trained.stage("supervised_people"), scored)}
    for name, (entry, options) in METHODS.items():
        if entry not in catalog.ADAPTATION:
            continue
        method = trained.method(entry, options)
        shown = adapting.take(adapting.label == NEUTRAL) if method.sees == "neutral" else adapting
        with tempfile.TemporaryDirectory() as run:
            adapted = adapt(
                method, shown.without_labels(), trained.people, ADAPTING, RunFolder(run, ""), seed=seed
            )
        found[name] = accuracy(adapted, scored)
    bounds: dict[str, tuple[Callable[[SplitNetwork], Method], People]] = {
        f"bound: {FEW} labelled clips, last layer": (FewLabels, few(adapting, seed)),
        "bound: all clips with labels": (FineTuning, adapting),
    }
    for name, (make, shown) in bounds.items():
        plan = replace(ADAPTING, batch_size=min(ADAPTING.batch_size, len(shown)))
        with tempfile.TemporaryDirectory() as run:
            own = make(trained.stage("supervised_people").network)
            found[name] = accuracy(train_sources(own, shown, plan, RunFolder(run, ""), seed=seed), scored)
    return found


def measured(
    people: People, groups: list[TargetGroup], cut: str, seeds: int
) -> dict[str, dict[str, list[float]]]:
    """Name -> actor -> accuracy by seed."""
    clips = len(people.clip.unique())
    themselves = people.take(torch.arange(clips))
    found: dict[str, dict[str, list[float]]] = {}
    for group in groups:
        sources = rows_of_people(people, group.sources)
        for seed in range(seeds):
            start = time.perf_counter()
            trained = Trained(
                lambda rows=sources: network(rows, cut),
                sources,
                SOURCES,
                seed,
                classes=len(SPACE),
                neutral=NEUTRAL,
            )
            for target in group.targets:
                for name, score in one_target(trained, themselves.of(target), seed).items():
                    found.setdefault(name, {}).setdefault(people.names[target], []).append(score)
            print(group.name, seed, f"{time.perf_counter() - start:.0f} s", flush=True)
    return found


def told(found: Mapping[str, Mapping[str, list[float]]], name: str) -> dict[str, object]:
    """A method's scores by actor and what it gains."""
    bound = found["bound: all clips with labels"]
    gain: PersonalGain = personal_gain(
        found[name], found["source only"], bound, generator=torch.Generator().manual_seed(0)
    )
    return {
        "accuracy": round(gain.score, 4),
        "deviation over actors": round(gain.spread, 4),
        "gain": [round(v, 4) for v in (gain.gain.estimate, gain.gain.low, gain.gain.high)],
        "share made worse": round(gain.made_worse, 3),
        "share of the bound's gain": round(gain.recovered, 3),
        "by actor": {who: round(sum(s) / len(s), 4) for who, s in found[name].items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of RAVDESS speech")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cut", choices=["numbers", "hidden"], default="numbers")
    parser.add_argument("--targets", choices=["each", "last"], default="each")
    options = parser.parse_args()
    torch.set_num_threads(1)
    people = people_of(load(options.data))
    groups = target_groups(people, "each" if options.targets == "each" else list(people.names[-2:]))
    found = measured(people, groups, options.cut, options.seeds)
    results = {name: told(found, name) for name in found}
    for name, row in results.items():
        print(f"{name:45s} {row['accuracy']:.3f} {row['gain']} worse {row['share made worse']}")
    print(
        record(
            f"personal_ravdess_{options.cut}_{options.targets}", {"seeds": options.seeds, "methods": results}
        )
    )


if __name__ == "__main__":
    main()
