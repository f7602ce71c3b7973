"""What students of a noisy face learn from teachers that also hear a clean voice, where labels are few.

    python benchmarks/distillation.py [--seeds 5]
    python benchmarks/distillation.py --show                    prints the recorded table

The planted setting of tests/planted_distillation.py: 48 recordings of face and voice, one of them labelled;
scored on 40 recordings of other people, of whom the student has the face only. The weights that are called
tuned were chosen on the seeds 100 to 102, by the mean over them. Concordance (valence and arousal, pooled),
means over seeds with 95 % intervals by Student's t, and the same of the differences from no teacher, seed by
seed.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import torch

from record import RESULTS, record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_distillation import STUDENTS, Lessons, score, taught, teacher
from planted_fusion import interval

BASELINE, WORKERS = "no teacher", 2


def measured(seed: int, plan: Lessons) -> dict[str, float]:
    """The score of each student, of its teacher, and of a student that has all labels."""
    found = {"the teacher itself": score(teacher(seed, plan), seed, plan)}
    everything = Lessons(labelled=plan.recordings, beside=0)
    found["no teacher, all labels"] = score(taught(STUDENTS[BASELINE], seed, everything), seed, everything)
    for name, student in STUDENTS.items():
        found[name] = score(taught(student, seed, plan), seed, plan)
        print(seed, name, round(found[name], 4), flush=True)
    return found


def told(values: list[float]) -> dict[str, float]:
    mean, low, high = interval(values)
    return {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4)}


def show(rows: dict[str, dict[str, dict[str, float]]]) -> None:
    """The table of docs/distillation.md."""
    print("| student | concordance | gain over no teacher |\n|---|---|---|")
    for name, row in rows.items():
        cells = ["{mean:.3f} ({low:.3f} to {high:.3f})".format(**row[key]) for key in ("ccc", "gain")]
        print(f"| {name} | {cells[0]} | {'' if name == BASELINE else cells[1]} |")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--show", action="store_true")
    chosen = options.parse_args()
    if chosen.show:
        show(json.loads((RESULTS / "distillation.json").read_text())["results"]["students"])
        return
    plan = Lessons()
    with ProcessPoolExecutor(WORKERS, initializer=torch.set_num_threads, initargs=(1,)) as workers:
        runs = list(workers.map(measured, range(chosen.seeds), repeat(plan)))
    rows = {
        name: {
            "ccc": told([run[name] for run in runs]),
            "gain": told([run[name] - run[BASELINE] for run in runs]),
        }
        for name in runs[0]
    }
    show(rows)
    print(record("distillation", {"seeds": chosen.seeds, "plan": vars(plan), "students": rows}))


if __name__ == "__main__":
    main()
