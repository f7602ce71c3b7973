"""Fusion blocks against planted truth: what is learnt from two modalities, beside the simplest baselines.

    python benchmarks/planted_fusion.py [--seeds 5]

*Agreement*: what is to be told is how two signals go together over a window of 16 steps; neither of them
shows it. *Broken*: both show what is to be told in each of 32 steps, but in random stretches one of them is
noise. Signals lie in 8 and 6 noisy features. Everything is trained in the same way (Adam on the mean squared
error, 1024 windows) and scored by its concordance over all steps of 512 others. Baselines are each modality
and both side by side, with a linear output and with a hidden layer that has as many weights as a block. For
*broken* also how far what is said moves where one modality is noise when that one is taken away, and when
the other is; and a modality's share while it is noise, while both are fine and while the other is noise.
Means over seeds and 95 % intervals by Student's t.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_fusion import TASKS, Task, interval, measured

#: Blocks whose difference to each baseline is recorded.
NAMED = ("joint cross-attention", "recursive joint cross-attention", "joint multimodal transformer")


def told(values: list[float]) -> dict[str, object]:
    mean, low, high = interval(values)
    return {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4)}


def table(task: Task, seeds: int) -> dict[str, object]:
    """Everything measured of a task, and the differences between blocks and baselines, seed by seed."""
    runs = []
    for seed in range(seeds):
        runs.append(measured(task, seed))
        print(
            task.name,
            seed,
            {name: round(row["concordance"], 3) for name, row in runs[-1].items()},
            flush=True,
        )
    names = runs[0]
    return {
        "measured": {
            name: {key: told([run[name][key] for run in runs]) for key in names[name]} for name in names
        },
        "differences": {block: _differences(runs, block) for block in NAMED},
    }


def _differences(runs: list[Mapping[str, Mapping[str, float]]], block: str) -> dict[str, object]:
    return {
        name: told([run[block]["concordance"] - run[name]["concordance"] for run in runs])
        for name in runs[0]
        if "alone" in name or "concatenation" in name
    }


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    results = {task.name: table(task, chosen.seeds) for task in TASKS}
    print(record("planted_fusion", {"seeds": chosen.seeds, **results}))


if __name__ == "__main__":
    main()
