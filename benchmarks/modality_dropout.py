"""What is left of a network when a modality is missing, learnt with modality dropout and without.

    python benchmarks/modality_dropout.py [--seeds 5]

Windows and training as in planted_shares.py, blocks behind their encoders; in "dropout" each window of the
training set loses each modality with the chance 0.3, once and for all, never both
(`functional.modality_dropout.drop_modalities`). Concordance on 512 other windows with both modalities and
with each marked as missing. Means over seeds and 95 % intervals by Student's t.
"""

import argparse
import sys
from pathlib import Path

import torch

from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_fusion import interval
from planted_shares import ENCODED, measured_missing

NAMES = [
    name + ENCODED for name in ("concatenation", "late", "gated", "leader_follower", "channel_attention")
]


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    runs = []
    for seed in range(chosen.seeds):
        runs.append(measured_missing(seed, NAMES))
        print(seed, {name: {k: round(v, 3) for k, v in row.items()} for name, row in runs[-1].items()})
    results: dict[str, object] = {"seeds": chosen.seeds}
    for name, row in runs[0].items():
        spread = {key: interval([run[name][key] for run in runs]) for key in row}
        results[name] = {
            key: dict(zip(("mean", "low", "high"), (round(v, 4) for v in values), strict=True))
            for key, values in spread.items()
        }
    print(record("modality_dropout", results))


if __name__ == "__main__":
    main()
