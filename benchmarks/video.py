"""Frames a second of videos: stage by stage, end to end, and a peer on the same clip in the same run.

    python benchmarks/video.py CLIP [--peer path/to/python]      (a Python that has `fer`)

The stages one after the other, each alone on one thread, evidence included: decoding, finding and following
faces, reading. Then the whole pipeline on the clip repeated to a minute, tables written. Its rate is also
given as a share of the slowest stage's own rate. Goals on two cores, for a clip of 640 x 360 pixels and one
face: 100 frames a second, 0.8.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from time import perf_counter

import torch

from facsight import Reader
from facsight.analysis.frames import FRAMES_AT_ONCE
from facsight.analysis.looking import cut_out
from facsight.analysis.study import analyse_videos
from facsight.faces.following import Follower
from facsight.media.photo import Photo
from facsight.media.shots import Shots
from facsight.media.video import open_video
from facsight.nn.precision import has_bfloat16
from looped import looped
from record import record

ROUNDS = 3
PEER = """
import sys, time
import cv2
from fer.fer import FER
capture, frames = cv2.VideoCapture(sys.argv[1]), []
while len(frames) < int(sys.argv[3]):
    read, frame = capture.read()
    if not read:
        break
    frames.append(frame)
detector = FER(mtcnn=sys.argv[2] == "mtcnn")
detector.detect_emotions(frames[0])
start = time.perf_counter()
for frame in frames:
    detector.detect_emotions(frame)
print("RATE", len(frames) / (time.perf_counter() - start))
"""


def rate(work: Callable[[], int]) -> float:
    """Frames a second: the median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        start = perf_counter()
        found.append(work() / (perf_counter() - start))
    return round(median(found), 1)


def count(items: Iterable[object]) -> int:
    return sum(1 for _ in items)


def stages(clip: Path, reader: Reader) -> dict[str, float]:
    """Each stage's own rate; what it needs from the one before is at hand."""
    with open_video(clip) as video:
        frames = list(video.frames())
        decode = rate(lambda: count(video.frames()))

    def look() -> int:
        follower, shots = Follower(reader.finder), Shots()
        for frame in frames:
            faces = follower.find(frame.pixels, frame.at.time, cut=shots.is_cut(frame.pixels))
            cut_out(Photo(frame.pixels, ""), faces, reader.crop_size)
        return len(frames)

    follower = Follower(reader.finder)
    looks = [
        cut_out(Photo(frame.pixels, ""), follower.find(frame.pixels, frame.at.time), reader.crop_size)
        for frame in frames
    ]

    def read() -> int:
        for first in range(0, len(looks), FRAMES_AT_ONCE):
            reader.read_looks(looks[first : first + FRAMES_AT_ONCE])
        return len(looks)

    return {"decode": decode, "find and follow": rate(look), "read": rate(read)}


def end_to_end(clip: Path, reader: Reader) -> float:
    """The whole pipeline on a video of a minute: the first and last batch, when stages wait, count little."""

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder:
            (told,) = analyse_videos([minute], Path(folder) / "study", reader).videos
        assert told.with_face > 0.9 * told.frames
        return told.frames

    with tempfile.TemporaryDirectory() as place:
        minute = looped(clip, Path(place) / clip.name, 60)
        return rate(run)


def peer(python: str, clip: Path) -> dict[str, float]:
    """`fer` on decoded frames of the clip: no landmarks, no tracks, no evidence."""
    found = {}
    for detector, frames in (("haar", "200"), ("mtcnn", "40")):
        told = subprocess.run(
            [python, "-c", PEER, str(clip), detector, frames], capture_output=True, text=True, check=True
        ).stdout
        found[f"fer, {detector}"] = round(float(told.split("RATE")[1]), 1)
    return found


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("clip", type=Path)
    options.add_argument("--peer", help="a Python that has fer")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    results: dict[str, object] = {"clip": chosen.clip.name}
    for precision in ("bfloat16", "float32") if has_bfloat16() else ("float32",):
        reader = Reader(precision=precision)
        each, whole = stages(chosen.clip, reader), end_to_end(chosen.clip, reader)
        share = round(whole / min(each.values()), 2)
        results[precision] = {"stages": each, "end_to_end": whole, "share_of_the_slowest_stage": share}
        print(precision, results[precision], flush=True)
    if chosen.peer:
        results["peers"] = peer(chosen.peer, chosen.clip)
        print(results["peers"])
    print(record("video", results))


if __name__ == "__main__":
    main()
