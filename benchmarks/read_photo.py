"""How long one photo takes with a warm reader, and one command from a cold start.

    python benchmarks/read_photo.py

A 640 x 480 photo with one face (scikit-image's portrait on a grey ground), evidence included, on two threads;
`facsight analyze` as a new process, three times. Goals: 15 ms and 4 s on two cores.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from PIL import Image
from skimage.data import astronaut

from facsight import Reader
from facsight.analysis.looking import look_at
from facsight.media.photo import read_photo
from record import record

THREADS, ROUNDS, STARTS = 2, 200, 3


def portrait() -> np.ndarray:
    """480 x 640 pixels, one face."""
    photo = np.full((480, 640, 3), 127, dtype=np.uint8)
    photo[:, 80:560] = np.asarray(Image.fromarray(astronaut()).resize((480, 480)))
    return photo


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
    """The median, the fastest tenth and the slowest tenth of many rounds."""
    for _ in range(20):
        work()
    took = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        took.append((perf_counter() - start) * 1e3)
    fast, slow = np.percentile(took, [10, 90])
    return {"median": round(median(took), 2), "p10": round(float(fast), 2), "p90": round(float(slow), 2)}


def cold_start(photo: np.ndarray) -> list[float]:
    """Seconds of `facsight analyze` on one photo, each time as a new process."""
    took = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.png"
        Image.fromarray(photo).save(path)
        command = [sys.executable, "-m", "facsight", "analyze", str(path), "--out", str(Path(folder) / "out")]
        for _ in range(STARTS):
            start = perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            took.append(round(perf_counter() - start, 2))
    return took


def main() -> None:
    torch.set_num_threads(THREADS)
    photo, reader = portrait(), Reader()
    assert len(reader.read(photo)) == 1
    seen = read_photo(photo)
    results = {
        "read_ms": milliseconds(lambda: reader.read(photo)),
        "of_which_finding_and_cutting_out_ms": milliseconds(
            lambda: look_at(seen, reader.finder, reader.crop_size)
        ),
        "on_photo_ms": milliseconds(reader.read(photo)[0].evidence.on_photo),
        "cold_start_s": cold_start(photo),
        "goals": {"read_ms": 15, "cold_start_s": 4},
    }
    print(results)
    print(record("read_photo", results))


if __name__ == "__main__":
    main()
