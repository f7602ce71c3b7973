"""Drawn faces whose sticker tells the label in training only: guided against unguided, over seeds.

    python benchmarks/nuisance.py [--seeds 3]

The label depends on action units; the sticker agrees with it on 95 % of the training faces. Scored on new
persons with such a sticker, with none, and with one that is independent of the label.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_guidance import scenario, teach


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=3)
    seeds = options.parse_args().seeds
    lessons = {"unguided": [], "guided": []}
    for seed in range(seeds):
        drawn = scenario(seed)
        for name, guidance in (("unguided", 0.0), ("guided", 4.0)):
            with tempfile.TemporaryDirectory() as folder:
                lessons[name].append(
                    asdict(teach(drawn, Path(folder), guidance=guidance, seed=seed, epochs=14))
                )
            print(seed, name, lessons[name][-1], flush=True)
    summary = {
        name: {
            key: {
                "mean": round(statistics.mean(lesson[key] for lesson in said), 4),
                "sd": round(statistics.stdev(lesson[key] for lesson in said), 4) if seeds > 1 else 0.0,
            }
            for key in said[0]
        }
        for name, said in lessons.items()
    }
    record("nuisance", {"seeds": seeds, "training_faces": 1600, "epochs": 14, **summary})


if __name__ == "__main__":
    main()
