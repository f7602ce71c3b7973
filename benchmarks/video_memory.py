"""Memory and time of a long video against those of a short one, both made by repeating a clip.

    python benchmarks/video_memory.py CLIP [--minutes 5 60]

Each is a process of its own, `facsight analyze`, every frame. Goals: the peak of an hour within 10 % of that
of five minutes and below 1.5 GB, seconds a minute of video within 5 %.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from looped import looped
from record import record


def measured(video: Path, out: Path) -> dict[str, float]:
    """Seconds and peak memory (MB) of reading a video in a process of its own."""
    arguments = [sys.executable, "-m", "facsight", "analyze", str(video), "--out", str(out)]
    start = perf_counter()
    process = os.posix_spawn(sys.executable, arguments, os.environ)
    _, status, used = os.wait4(process, 0)
    assert status == 0, status
    return {"seconds": round(perf_counter() - start, 1), "peak_mb": round(used.ru_maxrss / 1024, 1)}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("clip", type=Path)
    options.add_argument("--minutes", type=float, nargs=2, default=(5.0, 60.0))
    chosen = options.parse_args()
    results: dict[str, object] = {"clip": chosen.clip.name, "minutes": list(chosen.minutes)}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for minutes in chosen.minutes:
            video = looped(chosen.clip, Path(folder) / f"{minutes:g}-minutes.mp4", 60 * minutes)
            found.append(measured(video, Path(folder) / f"{minutes:g}"))
            print(minutes, found[-1], flush=True)
    (short, long), (few, many) = found, chosen.minutes
    results["short"], results["long"] = short, long
    results["peak_long_to_short"] = round(long["peak_mb"] / short["peak_mb"], 3)
    results["seconds_a_minute_long_to_short"] = round((long["seconds"] / many) / (short["seconds"] / few), 3)
    print(record("video_memory", results))


if __name__ == "__main__":
    main()
