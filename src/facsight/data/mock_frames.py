"""Tiny copies of Aff-Wild2: crops, a label file a video and test lists, with what is odd in the real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facsight.data.frame_labels import FrameLabels
from facsight.data.mock_files import mock_faces, write_lines, write_picture


@dataclass(frozen=True)
class MockVideo:
    """An id, its split, how many label rows and pictures it has, and the frame whose picture is missing."""

    name: str
    split: str
    rows: int
    pictures: int
    missing: int | None = None
    crops: str = "cropped_aligned"

    def has(self, frame: int) -> bool:
        return frame <= self.pictures and frame != self.missing


#: Ids that begin alike, two people of one recording, and rows one or two more or one fewer than pictures.
VIDEOS = (
    MockVideo("10-60-1280x720", "train", 10, 10),
    MockVideo("10-60-1280x720_left", "train", 9, 10),
    MockVideo("140", "train", 11, 10),
    MockVideo("140-30-632x360", "train", 12, 10),
    MockVideo("30-30-1920x1080_right", "val", 10, 10, missing=4),
    MockVideo("6-30-1920x1080", "val", 11, 10, crops="cropped_aligned_new_50_vids"),
    MockVideo("99-30-720x1280", "test", 8, 7),
)


def mock_crops(root: Path, *, seed: int) -> tuple[MockVideo, ...]:
    """The crops of all videos, 40 x 40: a drawn face each, a little brighter with every frame."""
    faces = mock_faces(["happiness", "neutral", "anger"] * 3, seed=seed, size=40)
    for video, face in zip(VIDEOS, faces, strict=False):
        for frame in (n for n in range(1, video.pictures + 1) if video.has(n)):
            brighter = np.minimum(face.astype(np.uint16) + 3 * frame, 255).astype(np.uint8)
            write_picture(root / video.crops / video.name / f"{frame:05d}.jpg", brighter)
    return VIDEOS


def mock_labels(root: Path, task: FrameLabels, row: Callable[[int, str], str]) -> None:
    """A label file for each video of train and val; every other one with Windows line ends."""
    for number, video in enumerate(video for video in VIDEOS if video.split != "test"):
        folder = next(name for name, split in task.splits.items() if split == video.split)
        lines = [",".join(task.header), *(row(frame, video.name) for frame in range(1, video.rows + 1))]
        end = "\r\n" if number % 2 else "\n"
        path = root / task.folders[0] / folder / f"{video.name}.txt"
        write_lines(path, lines, end=end, last=end * (1 + number % 2))


def mock_test_lists(root: Path, name: str, task: FrameLabels, dummy: str) -> None:
    """The list of test videos and the sample submission of a task, which says `dummy` of each frame."""
    tests = [video for video in VIDEOS if video.split == "test"]
    long, short = task.tests[-1], task.tests[0].upper()
    write_lines(root / f"{long}_{name}_test_set_release.txt", [video.name for video in tests], end="\r\n")
    frames = [f"{video.name}/{frame:05d}.jpg" for video in tests for frame in range(1, video.rows + 1)]
    header = ",".join(("image_location", *task.header))
    sample = root / f"CVPR_6th_ABAW_{short}_test_set_example.txt"
    write_lines(sample, [header, *(f"{frame},{dummy}" for frame in frames)])
