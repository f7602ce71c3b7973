"""A folder of 1,000 photos, ten of them broken in different ways: time, memory, exit code, and a restart.

    python benchmarks/folder.py [--photos 1000] [--data ../shared/data]

The folder is made in a temporary place from the photos under `--data` (samples/images and london/images),
each shrunk a little differently so that no two are alike. `facsight analyze` runs on it as a user runs it; a
second run is killed half-way and started again, and must end with the same table.
"""

import argparse
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
from PIL import Image

from record import record


def truncated(path: Path) -> None:
    whole = path.with_suffix(".whole.jpg")
    Image.effect_noise((800, 600), 60).convert("RGB").save(whole)
    path.write_bytes(whole.read_bytes()[:20_000])
    whole.unlink()


def huge_png(path: Path) -> None:
    """A PNG that claims 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")))


#: Ten ways in which a file is no photo.
BROKEN: dict[str, Callable[[Path], object]] = {
    "empty.jpg": lambda path: path.write_bytes(b""),
    "zeros.png": lambda path: path.write_bytes(bytes(4096)),
    "text.jpg": lambda path: path.write_text("not a photo\n"),
    "page.jpg": lambda path: path.write_text("<!doctype html><title>404</title>"),
    "truncated.jpg": truncated,
    "huge.png": huge_png,
    "document.jpeg": lambda path: path.write_bytes(b"%PDF-1.7\n" + bytes(100)),
    "dangling.jpg": lambda path: path.symlink_to("nowhere.jpg"),
    "noise.webp": lambda path: path.write_bytes(os.urandom(5000)),
    "two\nlines<b>.png": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n"),
}


def make_folder(folder: Path, photos: int, data: Path) -> None:
    """Good photos made of the real ones, and the broken ones."""
    sources = sorted((data / "samples/images").glob("*.*g")) + sorted((data / "london/images").glob("*.jpg"))
    if not sources:
        raise SystemExit(f"no photos under {data}")
    for number in range(photos - len(BROKEN)):
        with Image.open(sources[number % len(sources)]) as source:
            photo = source.convert("RGB")
        photo.thumbnail((1280 - number % 97, 1280 - number % 97))
        photo.save(folder / f"{number:04d}.jpg", quality=90)
    for name, make in BROKEN.items():
        make(folder / name)


def analyze(folder: Path, out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "facsight", "analyze", str(folder), "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def whole_run(folder: Path, out: Path) -> dict[str, object]:
    """One run to the end: time, peak memory of the process, exit code, what it named."""
    start = time.perf_counter()
    process = analyze(folder, out)
    told = process.communicate()[0]
    took = time.perf_counter() - start
    named = told.split("could not be read:")[-1]
    table = pl.read_parquet(out / "readings.parquet")
    return {
        "seconds": round(took, 1),
        "photos_per_second": round(table["file"].n_unique() / took, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "exit_code": process.returncode,
        "rows": dict(table.group_by("status").len().sort("status").iter_rows()),
        "broken_named": sum(name.replace("\n", "\\n") in named for name in BROKEN),
        "reasons": {
            Path(file).name: reason
            for file, reason in table.filter(status="failed").select("file", "reason").iter_rows()
        },
        "report_mb": round((out / "report.html").stat().st_size / 1e6, 1),
    }


def killed_and_resumed(folder: Path, out: Path, seconds: float) -> dict[str, object]:
    """Kill a run after some seconds, give the command again, and see what it says."""
    process = analyze(folder, out)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    start = time.perf_counter()
    process = analyze(folder, out)
    told = process.communicate()[0]
    resumed = [line for line in told.splitlines() if "before the last run stopped" in line]
    return {
        "killed_after_s": round(seconds, 1),
        "resumed": int(resumed[0].split()[0]) if resumed else 0,
        "seconds": round(time.perf_counter() - start, 1),
        "exit_code": process.returncode,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, one, two = (Path(place) / name for name in ("photos", "one", "two"))
        folder.mkdir()
        make_folder(folder, options.photos, options.data)
        results = whole_run(folder, one)
        results["restart"] = killed_and_resumed(folder, two, seconds=float(results["seconds"]) / 2)  # pyright: ignore
        results["restart"]["same_table"] = (one / "readings.csv").read_bytes() == (
            two / "readings.csv"
        ).read_bytes()
    results["goals"] = {"peak_memory_mb": 1500, "exit_code": 1, "broken_named": len(BROKEN)}
    print(results)
    print(record("folder", results))


if __name__ == "__main__":
    main()
