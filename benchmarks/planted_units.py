"""Action units on drawn faces whose truth is known: what a graph, alignment, weak labels and an adversary do.

    python benchmarks/planted_units.py [--seeds 5] [--parts relations weak identity]

*Relations*: ten units, eight of which go together in four pairs; on half of all faces one unit is hidden
by a patch, without a trace. Heads by themselves and over a graph, with and without alignment of maps with
regions, at the same number of steps of the same loop: F1 at 0.5 over all cells, over those that can be seen,
and over hidden ones with a partner and alone; how the graph's edges, and plain correlations of training
labels, rank the planted pairs (AUC); how often the highest place of a unit's map lies in its region. *Weak*:
the same heads from expressions and a codebook alone, beside coded units, and beside the codebook's own answer
for the true expression. *Identity*: forty people; how well a linear probe reads who somebody is, and F1 on
other people, with and without the adversary. Test people are in no training set; means over seeds and 95 %
intervals by Student's t. What is measured of a seed is kept in the folder --runs, so that a run can go on.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from record import kept, record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import planted_units as task
from facsight.data.drawn import PAIRED
from facsight.facs.codebook import DEFAULT_CODEBOOK
from facsight.methods.action_units.identity_adversarial_units import IdentityAdversarialUnits
from facsight.methods.action_units.weak_units import WeakUnits
from planted_fusion import interval

Row = dict[str, float]
ALIGNED = 1.0
FACES, EPOCHS, PEOPLE = 1200, 8, 40


def relations(seed: int) -> dict[str, Row]:
    drawn = task.planted(seed)
    rows = {
        "what can be seen, and the planted table": task.told_by_partners(drawn.test),
        "a place by lot": {"pointing": task.chance_of_pointing(drawn.test)},
        "correlations of training labels": {"edges_auc": task.ranked_by_labels(drawn.train)},
    }
    for head in ("unit_attention", "relation_graph"):
        for alignment in (0.0, ALIGNED):
            method = task.trained(
                task.detection(alignment), task.network(seed, head), drawn.train.units, seed
            )
            name = f"{head}{', aligned' if alignment else ''}"
            rows[name] = task.measured(method, drawn.test)
    return rows


def weak(seed: int) -> dict[str, Row]:
    train = task.by_expression(4 * seed + 2, FACES, range(800))
    test = task.by_expression(4 * seed + 3, 800, range(800, 1000))
    assert train.space is not None
    from_codebook = WeakUnits(task.network(seed), train.space, codebook=DEFAULT_CODEBOOK, alignment=ALIGNED)
    told = ~from_codebook.told.isnan().all(dim=0)

    def row(said: torch.Tensor) -> Row:
        truth = test.presence > 0.5
        return {"f1": task.f1(said > 0.5, truth, torch.ones_like(truth))[told].mean().item()}

    def learnt(make: Callable) -> Row:
        method = task.trained(make, task.network(seed), train, seed, EPOCHS)
        faces = task.cropper(test)(torch.arange(len(test)), torch.Generator()).faces
        with torch.no_grad():
            return row(method.predict(faces).probabilities)

    space = train.space
    return {
        "coded units": learnt(task.detection(ALIGNED)),
        "expressions and a codebook": learnt(lambda net: WeakUnits(net, space, alignment=ALIGNED)),
        "the codebook of the true expression": row(from_codebook.expected(test.expression).nan_to_num()),
        "every unit on every face": row(torch.ones_like(test.presence)),
    }


def identity(seed: int) -> dict[str, Row]:
    generators = [torch.Generator().manual_seed(1_000 + 2 * seed + part) for part in (0, 1)]
    options = {"size": task.SIZE, "difficulty": 0.1, "occluded": 0.0}
    people = range(PEOPLE * seed, PEOPLE * (seed + 1))
    train = task.numbered(task.draw_units(FACES, generator=generators[0], people=people, **options).units)
    test = task.draw_units(800, generator=generators[1], people=range(800, 840), **options)

    def row(make: Callable) -> Row:
        method = task.trained(make, task.network(seed), train, seed, EPOCHS)
        own = {"person_read_of_training_people": task.leak(method, train)}
        other = {"person_read_of_new_people": task.leak(method, test.units)}
        return {"f1": task.measured(method, test)["f1"]} | own | other

    return {
        "without adversary": row(task.detection(ALIGNED)),
        "with adversary": row(lambda net: IdentityAdversarialUnits(net, PEOPLE, alignment=ALIGNED)),
        "a person by lot": dict.fromkeys(("person_read_of_training_people",), 1 / PEOPLE),
    }


PARTS = {"relations": relations, "weak": weak, "identity": identity}


def told(runs: list[dict[str, Row]]) -> dict[str, dict[str, object]]:
    """Mean and interval over seeds of every figure."""
    table: dict[str, dict[str, object]] = {}
    for name, row in runs[0].items():
        for key in row:
            mean, low, high = interval([run[name][key] for run in runs])
            figure = {"mean": round(mean, 3), "low": round(low, 3), "high": round(high, 3)}
            table.setdefault(name, {})[key] = figure
    return table


def differences(runs: list[dict[str, Row]], one: str, other: str) -> dict[str, object]:
    """One less the other, seed by seed."""
    rows = [
        {one: {key: run[one][key] - run[other][key] for key in run[other] if key in run[one]}} for run in runs
    ]
    return told(rows)[one]


def told_of(part: str, seed: int) -> dict[str, Row]:
    """A part of one seed, measured and told on the screen."""
    start = time.process_time()
    rows = PARTS[part](seed)
    took = f"{time.process_time() - start:.0f} s of a processor"
    print(f"{part}-{seed}", took, json.dumps(rows), flush=True)
    return rows


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    options.add_argument("--runs", type=Path, default=Path("runs/planted_units"))
    chosen = options.parse_args()
    torch.set_num_threads(1)
    results: dict[str, object] = {"seeds": chosen.seeds, "pairs": [list(pair) for pair in PAIRED.pairs]}
    for part in chosen.parts:
        runs = [
            kept(chosen.runs / f"{part}-{seed}.json", partial(told_of, part, seed))
            for seed in range(chosen.seeds)
        ]
        results[part] = told(runs)
        if part == "relations":
            pairs = {"without alignment": "", "aligned": ", aligned"}
            results["graph_less_own_heads"] = {
                about: differences(runs, f"relation_graph{mark}", f"unit_attention{mark}")
                for about, mark in pairs.items()
            }
        if part == "identity":
            results["with_less_without_adversary"] = differences(runs, "with adversary", "without adversary")
    record("planted_units", results)


if __name__ == "__main__":
    main()
