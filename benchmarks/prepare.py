"""`facsight prepare`: photos a second beside `facsight analyze`, voice and videos against real time.

    python benchmarks/prepare.py [--data ../shared/data] [--photos 200] [--sounds 480]

Photos are made of the real ones under `--data` (samples/images and london/images), each shrunk a little
differently; sounds are RAVDESS speech (ravdess/speech), videos are samples/video and samples/video_av. Every
figure is a call in a process of its own, starting up included, as a user makes it; a second call finds
everything there. Memory is read from the process that hears an hour of sound.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from facsight.media.samples import read_sound
from facsight.media.video import open_video
from record import record

#: An hour at CD quality, of which no more than 16 kHz samples should be held.
HOUR, RATE = 3600, 44_100


def facsight(*arguments: object) -> dict[str, float]:
    """One command: seconds, and the peak memory of its process in MB."""
    command = [sys.executable, "-m", "facsight", *map(str, arguments)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {process.returncode}")
    return {"seconds": round(seconds, 2), "memory_mb": round(used.ru_maxrss / 1024)}


def make_photos(folder: Path, count: int, data: Path) -> None:
    sources = sorted((data / "samples/images").glob("*.*g")) + sorted((data / "london/images").glob("*.jpg"))
    folder.mkdir()
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as source:
            photo = source.convert("RGB")
        photo.thumbnail((1280 - number % 97, 1280 - number % 97))
        photo.save(folder / f"{number:04d}.jpg", quality=90)


def photos(place: Path, count: int, data: Path) -> dict[str, object]:
    make_photos(place / "photos", count, data)
    prepared = facsight("prepare", place / "photos", "--out", place / "crops")
    again = facsight("prepare", place / "photos", "--out", place / "crops")
    analyzed = facsight("analyze", place / "photos", "--out", place / "readings", "--pictures", 0)
    return {
        "photos": count,
        "crops": len(pl.read_parquet(place / "crops/manifest.parquet")),
        "prepare": prepared,
        "again": again,
        "analyze": analyzed,
        "photos_a_second": round(count / prepared["seconds"], 1),
        "of_analyze": round(analyzed["seconds"] / prepared["seconds"], 2),
    }


def sounds(place: Path, count: int, data: Path) -> dict[str, object]:
    files = sorted((data / "ravdess/speech").glob("*.*"))[:count]
    heard = sum(sound.end - sound.start for sound in map(read_sound, files))
    features = "audio:logmel,audio:prosody"
    told = facsight("prepare", *files, "--features", features, "--out", place / "voices")
    return {
        "files": len(files),
        "hours_of_sound": round(heard / 3600, 2),
        "prepare": told,
        "times_real_time": round(heard / told["seconds"]),
    }


def an_hour(place: Path) -> dict[str, object]:
    """An hour of noise at 44.1 kHz, in stereo."""
    generator = np.random.default_rng(0)
    with wave.open(str(place / "hour.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for _ in range(HOUR):
            file.writeframes(generator.normal(0, 2000, 2 * RATE).astype("<i2").tobytes())
    told = facsight(
        "prepare", place / "hour.wav", "--features", "audio:logmel,audio:prosody", "--out", place / "hour"
    )
    return {
        "prepare": told,
        "times_real_time": round(HOUR / told["seconds"]),
        "samples_mb": round(HOUR * 16_000 * 4 / 2**20),
    }


def videos(place: Path, data: Path) -> dict[str, object]:
    files = [path for name in ("video", "video_av") for path in sorted((data / "samples" / name).iterdir())]
    seconds = sum(open_video(path).duration or 0.0 for path in files)
    faces = facsight("prepare", *files, "--features", "face:facsight,face:crop", "--out", place / "faces")
    both = facsight("prepare", *files, "--features", "face:facsight,audio:logmel", "--out", place / "both")
    return {
        "videos": len(files),
        "seconds_of_video": round(seconds, 1),
        "faces": faces,
        "faces_and_voice": both,
        "videos_a_second": round(len(files) / faces["seconds"], 2),
        "times_real_time": round(seconds / faces["seconds"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--sounds", type=int, default=480)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        results = {
            "sounds": sounds(place, options.sounds, options.data),
            "an_hour": an_hour(place),
            "videos": videos(place, options.data),
            "photos": photos(place, options.photos, options.data),
        }
    results["goals"] = {"sounds": {"times_real_time": 20}}
    print(results)
    print(record("prepare", results))


if __name__ == "__main__":
    main()
