"""How long a dataset of Aff-Wild2's size takes to open: label files and a test list for three million frames.

    python benchmarks/dense_frames.py [--share 1.0] [--pictures 1000000]

Writes the folders, with empty files in place of pictures, opens the three tasks in a process each, and leaves
the figures in benchmarks/results/dense_frames.json.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from facsight.data.frame_labels import FrameLabels
from facsight.data.sets import affwild2_au, affwild2_expr, affwild2_va
from record import record

TASKS = {
    "affwild2_va": affwild2_va.TASK,
    "affwild2_expr": affwild2_expr.TASK,
    "affwild2_au": affwild2_au.TASK,
}

#: Videos and frames of each split, as the facts about the VA task have them.
SPLITS = {"train": (356, 1_682_057), "val": (76, 383_814), "test": (162, 927_210)}

ONCE = """
import json, resource, sys, time
start, cpu = time.perf_counter(), time.process_time()
from facsight.data import open_dataset
imported = time.perf_counter()
data = open_dataset(sys.argv[1], sys.argv[2])
print(json.dumps({
    "rows": len(data),
    "open_seconds": round(time.perf_counter() - imported, 2),
    "cpu_seconds": round(time.process_time() - cpu, 2),
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    "table_mb": round(data.table.estimated_size("mb")),
}))
"""


def lengths(videos: int, frames: int, generator: np.random.Generator) -> list[int]:
    """Lengths of videos, some short and some long."""
    shares = generator.gamma(1.0, 1.0, videos) + 0.05
    return [max(50, int(frames * share)) for share in shares / shares.sum()]


def write(root: Path, share: float, pictures: int) -> None:
    """Label files of three tasks, test lists, and the first frames of every video as empty pictures."""
    generator = np.random.default_rng(0)
    plan = {
        split: lengths(videos, int(frames * share), generator) for split, (videos, frames) in SPLITS.items()
    }
    kept = pictures / sum(map(sum, plan.values()))
    samples = []
    for split, counts in plan.items():
        for number, count in enumerate(counts):
            video = f"{number}-{split}-1280x720"
            folder = root / "cropped_aligned" / video
            folder.mkdir(parents=True)
            for frame in range(1, int(count * kept) + 1):
                (folder / f"{frame:05d}.jpg").touch()
            if split == "test":
                samples += [f"{video}/{frame:05d}.jpg,0" for frame in range(1, count + 1)]
                continue
            for name, task in TASKS.items():
                write_labels(root, task, split, video, rows_of(name, count, generator))
    for task in TASKS.values():
        short = task.tests[0].upper()
        lines = "\n".join(["image_location,value", *samples])
        (root / f"CVPR_6th_ABAW_{short}_test_set_example.txt").write_text(lines)


def rows_of(name: str, count: int, generator: np.random.Generator) -> list[str]:
    if name == "affwild2_va":
        return [
            f"{valence:g},{arousal:g}" for valence, arousal in generator.uniform(-1, 1, (count, 2)).round(3)
        ]
    if name == "affwild2_expr":
        return [str(code) for code in generator.integers(-1, 8, count)]
    return [",".join(map(str, row)) for row in generator.integers(0, 2, (count, 12))]


def write_labels(root: Path, task: FrameLabels, split: str, video: str, rows: list[str]) -> None:
    folder = root / task.folders[0] / next(name for name, part in task.splits.items() if part == split)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{video}.txt").write_text("\n".join([",".join(task.header), *rows, ""]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--share", type=float, default=1.0, help="of Aff-Wild2's three million frames")
    parser.add_argument("--pictures", type=int, default=1_000_000)
    chosen = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), chosen.share, chosen.pictures)
        for name in TASKS:
            command = [sys.executable, "-c", ONCE, name, folder]
            said = subprocess.run(command, capture_output=True, text=True, check=True)
            results[name] = json.loads(said.stdout)
            print(name, results[name])
    record("dense_frames", results)


if __name__ == "__main__":
    main()
