"""Drawn faces of compound expressions, read by a reader of basic ones: which decision names the compound.

    python benchmarks/compound.py [--seeds 5]

A compound face shows the union of two basic recipes. The reader never saw one. Scored on new persons.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import torch

from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_compound import planted


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    seeds = options.parse_args().seeds
    torch.set_num_threads(1)
    found = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            found.append(planted(seed, Path(folder)))
        print(seed, found[-1], flush=True)
    summary = {
        space: {
            decision: {
                "mean": round(statistics.mean(one[space][decision] for one in found), 3),
                "sd": round(statistics.stdev(one[space][decision] for one in found), 3) if seeds > 1 else 0.0,
            }
            for decision in found[0][space]
        }
        for space in found[0]
    }
    record("compound", {"seeds": seeds, "training_faces": 3000, "test_faces": 700, **summary})


if __name__ == "__main__":
    main()
