"""Blocks that weigh modalities against planted noise: do their shares follow the modality that is none?

    python benchmarks/planted_shares.py [--seeds 5]

Two modalities, of 8 and 6 noisy features, show what is to be told in each of 32 steps; in random stretches
one of them is noise of four to five times the power (*broken* of planted_fusion.py). Blocks read the features
themselves, or behind an encoder with a hidden layer a modality; baselines are each modality alone behind that
encoder, and both side by side. Adam on the mean squared error, 800 steps of 32 of 1024 windows; scores are of
512 others: concordance over all steps; how far what is said moves where one modality is noise when that one
is taken away, and when the other is; a modality's share while it is noise, while both are fine and while the
other is noise; in how many steps with noise the better one has the larger share. Means over seeds and 95 %
intervals by Student's t.
"""

import argparse
import sys
from pathlib import Path

import torch

from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_fusion import interval
from planted_shares import ENCODED, blocks, differences, measured

BASELINES = ("face alone", "audio alone", "concatenation", "concatenation" + ENCODED)


def told(values: list[float]) -> dict[str, float]:
    mean, low, high = interval(values)
    return {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4)}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    names = list(blocks())
    runs = []
    for seed in range(chosen.seeds):
        runs.append(measured(seed, names))
        print(seed, {name: round(row["concordance"], 3) for name, row in runs[-1].items()}, flush=True)
    results = {
        "seeds": chosen.seeds,
        "measured": {
            name: {key: told([run[name][key] for run in runs]) for key in runs[0][name]} for name in names
        },
        "differences": {
            name: {other: told(differences(runs, name, other)) for other in BASELINES if other != name}
            for name in names
            if name not in BASELINES
        },
    }
    print(record("planted_shares", results))


if __name__ == "__main__":
    main()
