"""How long a dataset of AffectNet's size takes to open: both releases, with empty files in place of pictures.

    python benchmarks/dataset_index.py [--pictures 290000]

Writes the folders, opens each dataset in new processes, first with nothing kept in the cache folder and then
again, and leaves the figures in benchmarks/results/dataset_index.json. The files were just written: they are
in the system's memory, not only on disk.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from facsight.data.sets.affectnet import HEADER
from record import record

ONCE = """
import sys, time
start = time.perf_counter()
from facsight.data import open_dataset
imported, used = time.perf_counter(), time.process_time()
data = open_dataset("affectnet", sys.argv[1])
print(len(data), imported - start, time.perf_counter() - imported, time.process_time() - used)
"""


def write_lists(home: Path, pictures: int) -> None:
    """The large release: two lists, with 68 points a face as there, and a folder for every 300 pictures."""
    points = ";".join(f"{k * 1.25:.2f}" for k in range(136))
    values = np.random.default_rng(0).uniform(-1, 1, (pictures, 2)).round(4)
    for name, first, last in (("training", 0, pictures - 4000), ("validation", pictures - 4000, pictures)):
        with (home / f"{name}.csv").open("w") as file:
            file.write(",".join(HEADER) + "\n")
            for k in range(first, last):
                valence, arousal = values[k]
                file.write(f"{k // 300}/{k:08x}.jpg,10,10,200,200,{points},{k % 8},{valence},{arousal}\n")
    for k in range(pictures):
        folder = home / f"Manually_Annotated_Images/{k // 300}"
        if k % 300 == 0:
            folder.mkdir(parents=True)
        (folder / f"{k:08x}.jpg").touch()


def write_arrays(home: Path, pictures: int) -> None:
    """The small release: a picture and three arrays of one number each, as text."""
    stored = {}
    for folder, count in (("train_set", pictures - 4000), ("val_set", 4000)):
        for name in ("images", "annotations"):
            (home / folder / name).mkdir(parents=True)
        for k in range(count):
            (home / folder / f"images/{k}.jpg").touch()
            for ending, value in (("exp", k % 8), ("val", k % 2000 / 1000 - 1), ("aro", 0.5)):
                if value not in stored:
                    np.save(home / "number.npy", np.array(str(value)))
                    stored[value] = (home / "number.npy").read_bytes()
                (home / folder / f"annotations/{k}_{ending}.npy").write_bytes(stored[value])


def timed(home: Path, repeats: int) -> dict[str, object]:
    """Seconds to import and to open: the first time, and later; each time in a new process."""
    time.sleep(3)  # files that are younger are not kept
    first, later = [], []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as cache:
            first.append(opened(home, cache))
            later += [opened(home, cache) for _ in range(repeats)]
    return {
        "rows": int(first[0][0]),
        "import_seconds": round(median(run[1] for run in first + later), 2),
        "first": told(first),
        "later": told(later),
    }


def opened(home: Path, cache: str) -> list[float]:
    """Rows, seconds to import, seconds to open, and processor seconds of that."""
    said = subprocess.run(
        [sys.executable, "-c", ONCE, home],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"FACSIGHT_CACHE": cache},
    )
    return [float(word) for word in said.stdout.split()]


def told(runs: list[list[float]]) -> dict[str, object]:
    return {
        "open_seconds": round(median(run[2] for run in runs), 2),
        "open_seconds_each": [round(run[2], 2) for run in runs],
        "processor_seconds": round(median(run[3] for run in runs), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=290_000)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    results = {}
    for name, write in (("lists", write_lists), ("arrays", write_arrays)):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), chosen.pictures)
            results[name] = timed(Path(folder), chosen.repeats)
            print(name, results[name])
    record("dataset_index", results)


if __name__ == "__main__":
    main()
