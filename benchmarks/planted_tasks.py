"""Three tasks of planted overlap and label quality: alone, together, with features of others, in time.

    python benchmarks/planted_tasks.py [--seeds 5]
    python benchmarks/planted_tasks.py --small                  measures the last two below only
    python benchmarks/planted_tasks.py --show                   prints the recorded tables

The planted recordings of tests/planted_tasks.py: 60 of 16 s for training, 40 of others to be scored on, with
all labels, and right ones. *Together*: what each task gains when all three are learnt by one network, where
causes are shared and labels unequal, where they are shared and all scarce, and where each task has its own.
*Donors*: what a task gains from the features of another that was learnt alone, or of a network that knows
nothing. *In time*: what temporal convergence adds to a slow and to a fast target. Scores are CCC (mean of
valence and arousal) and macro F1; gains are differences seed by seed, means with 95 % intervals by Student's
t. Width and number of steps were set on the seeds 100 and 101. *Step*: processor time of training all tasks
together, over the sum of training each for as many steps. *Datasets*: so many recordings with labels of
expression and so many of other people with labels of affect, in one run. *Few*: donors where nine noisy
recordings are all that there is, in networks of two widths; gains over two layers that are given nothing.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from record import RESULTS, record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_fusion import interval
from planted_tasks import (
    APART,
    FEW,
    IN_TIME,
    MANY,
    NAMES,
    SCARCE,
    TWO,
    UNEQUAL,
    WAYS,
    WRONG,
    Lessons,
    Silent,
    learnt,
    score,
    scores,
)

SETTINGS = {"shared, unequal": Lessons(), "shared, all scarce": SCARCE, "apart": APART}
WORKERS, ROUNDS, WIDTHS = 2, 5, (96, 384)
BALANCES = {"as they are": 0.0, "square roots": 0.5, "evenly": 1.0}


def measured(seed: int) -> dict[str, float]:
    """Scores and gains of a seed, by what was done to whom."""
    found: dict[str, float] = {}
    for setting, plan in SETTINGS.items():
        networks = {task: learnt([task], seed, plan) for task in NAMES}
        alone = {task: scores(networks[task], [task], seed, plan)[task] for task in NAMES}
        found |= {f"alone; {setting}; {task}": value for task, value in alone.items()}
        ways = WAYS if setting == "shared, unequal" else {"weights 1": {}}
        if setting == "apart":
            ways = {**ways, "weights 1, three times as wide": {}}
        for way, options in ways.items():
            own = replace(plan, width=3 * plan.width) if "wide" in way else plan
            together = scores(learnt(NAMES, seed, own, **options), NAMES, seed, own)
            found |= {f"together; {setting}; {way}; {task}": together[task] - alone[task] for task in NAMES}
        if setting == "shared, unequal":
            for task in NAMES:
                for donor in (name for name in NAMES if name != task):
                    fused = score(task, seed, plan, donors=[networks[donor]])
                    found[f"donors; {donor} to {task}"] = fused - alone[task]
                nothing = learnt([task], seed + 50, replace(plan, steps=0))
                fused = score(task, seed, plan, donors=[nothing])
                found[f"donors; random weights to {task}"] = fused - alone[task]
        print(seed, setting, {key: round(value, 3) for key, value in found.items()}, flush=True)
    for task, pace in (("affect", "slow"), ("units", "fast")):
        frame = score(task, seed, IN_TIME)
        found[f"by frame; {task}, {pace}"] = frame
        found[f"in time; {task}, {pace}"] = score(task, seed, IN_TIME, temporal=True) - frame
    return found


def measured_small(seed: int) -> dict[str, float]:
    """Scores and gains of a seed where there is little to learn from."""
    found: dict[str, float] = {}
    pair = ("expression", "affect")
    for name, plan in {"12 and 12": TWO, "60 and 6": UNEQUAL}.items():
        alone = {task: score(task, seed, plan) for task in pair}
        found |= {f"alone; datasets of {name}; {task}": value for task, value in alone.items()}
        for way, balance in BALANCES.items():
            own = replace(plan, balance=balance)
            together = scores(learnt(pair, seed, own), pair, seed, own)
            found |= {
                f"together; datasets of {name}; {way}; {task}": together[task] - alone[task] for task in pair
            }
    for width in WIDTHS:
        few, wrong, many = (replace(plan, width=width) for plan in (FEW, WRONG, MANY))
        donors = {
            "random weights": learnt(["units"], seed + 50, replace(few, steps=0)),
            "expression, half wrong": learnt(["expression"], seed, few),
            "expression, all wrong": learnt(["expression"], seed, wrong),
            "units of 60 recordings": learnt(["units"], seed + 40, many),
        }
        silent = score("affect", seed, few, donors=[Silent(donors["random weights"])])
        alone = score("affect", seed, few)
        found |= {f"alone; few; {width} wide; affect": alone, f"layers; few; {width} wide": silent - alone}
        for name, donor in donors.items():
            gain = score("affect", seed, few, donors=[donor]) - silent
            found[f"donors; few; {width} wide; {name} to affect"] = gain
    print(seed, {key: round(value, 3) for key, value in found.items()}, flush=True)
    return found


def step_ratio() -> float:
    """Processor time of steps of all tasks over that of the same steps of each, median of rounds."""
    plan = Lessons(labelled={}, doubt={}, steps=40)

    def seconds(tasks: tuple[str, ...]) -> float:
        start = time.process_time()
        learnt(tasks, 0, plan)
        return time.process_time() - start

    seconds(NAMES)
    return median(seconds(NAMES) / sum(seconds((task,)) for task in NAMES) for _ in range(ROUNDS))


def told(values: list[float]) -> dict[str, float]:
    mean, low, high = interval(values)
    return {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4)}


def show(results: dict[str, dict[str, float]]) -> None:
    """The tables of docs/multitask.md."""
    print("| what | score or gain |\n|---|---|")
    for name, row in results.items():
        sign = "" if name.startswith(("alone", "by frame")) else "+"
        cells = " to ".join(f"{row[key]:{sign}.3f}" for key in ("low", "high"))
        print(f"| {name} | {row['mean']:{sign}.3f} ({cells}) |")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--small", action="store_true")
    options.add_argument("--show", action="store_true")
    chosen = options.parse_args()
    if chosen.show:
        for name in ("planted_tasks", "planted_tasks_small"):
            show(json.loads((RESULTS / f"{name}.json").read_text())["results"]["measured"])
        return
    torch.set_num_threads(1)
    if not chosen.small:
        results = over_seeds(measured, chosen.seeds)
        ratio = round(step_ratio(), 3)
        print(record("planted_tasks", {"seeds": chosen.seeds, "measured": results, "step over parts": ratio}))
    results = over_seeds(measured_small, chosen.seeds)
    print(record("planted_tasks_small", {"seeds": chosen.seeds, "measured": results}))


def over_seeds(measure: Callable[[int], dict[str, float]], seeds: int) -> dict[str, dict[str, float]]:
    """What is measured, over seeds; printed, too."""
    with ProcessPoolExecutor(WORKERS, initializer=torch.set_num_threads, initargs=(1,)) as workers:
        runs = list(workers.map(measure, range(seeds)))
    results = {name: told([run[name] for run in runs]) for name in runs[0]}
    show(results)
    return results


if __name__ == "__main__":
    main()
