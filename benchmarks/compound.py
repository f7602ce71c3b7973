"""Drawn faces of compound expressions, read by a reader of basic ones: which decision names the compound.

    python benchmarks/compound.py [--seeds 5]
    python benchmarks/compound.py --labels [--seeds 3]    # readers that learnt compounds, in two ways

A compound face shows the union of two basic recipes. The reader never saw one; with `--labels` readers saw
eight of eleven, labelled as classes or as halves of two basic expressions. Scored on new persons.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import torch

from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_compound import planted, planted_with_labels


def learnt(seeds: int) -> dict[str, dict[str, float]]:
    """Means and standard deviations of the accuracies of readers that learnt compounds."""
    found = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            found.append(planted_with_labels(seed, Path(folder)))
        print(seed, found[-1], flush=True)
    return {name: told([one[name] for one in found]) for name in found[0]}


def told(values: list[float]) -> dict[str, float]:
    """Mean and standard deviation over seeds."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": round(statistics.mean(values), 3), "sd": round(deviation, 3)}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--labels", action="store_true")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    if chosen.labels:
        record("compound_labels", {"seeds": chosen.seeds, **learnt(chosen.seeds)})
        return
    seeds = chosen.seeds
    found = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            found.append(planted(seed, Path(folder)))
        print(seed, found[-1], flush=True)
    summary = {
        space: {decision: told([one[space][decision] for one in found]) for decision in found[0][space]}
        for space in found[0]
    }
    record("compound", {"seeds": seeds, "training_faces": 3000, "test_faces": 700, **summary})


if __name__ == "__main__":
    main()
