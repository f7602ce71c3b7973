"""How long one photo takes with a warm reader, and one command from a cold start.

    python benchmarks/read_photo.py

A 640 x 480 photo with one face (scikit-image's portrait on a grey ground), evidence included, with the
network on one thread and on two; `facsight analyze` as a new process, three times. Goals: 15 ms and 4 s on
two cores. On a busy machine two threads wait for each other: mind the load average beside the figures.
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

ROUNDS, STARTS = 200, 3


def portrait() -> np.ndarray:
    """480 x 640 pixels, one face."""
    photo = np.full((480, 640, 3), 127, dtype=np.uint8)
    photo[:, 80:560] = np.asarray(Image.fromarray(astronaut()).resize((480, 480)))
    return photo


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
    """The best of many rounds, their median and the slowest tenth."""
    for _ in range(20):
        work()
    took = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        took.append((perf_counter() - start) * 1e3)
    slow = float(np.percentile(took, 90))
    return {"best": round(min(took), 2), "median": round(median(took), 2), "p90": round(slow, 2)}


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
    photo, reader = portrait(), Reader()
    assert len(reader.read(photo)) == 1
    seen = read_photo(photo)
    results: dict[str, object] = {"goals": {"read_ms": 15, "cold_start_s": 4}}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results[f"read_ms_{threads}_threads"] = milliseconds(lambda: reader.read(photo))
    results["of_which_finding_and_cutting_out_ms"] = milliseconds(
        lambda: look_at(seen, reader.finder, reader.crop_size)
    )
    results["attention_on_photo_ms"] = milliseconds(reader.read(photo)[0].evidence.on_photo)
    results["cold_start_s"] = cold_start(photo)
    print(results)
    print(record("read_photo", results))


if __name__ == "__main__":
    main()
