"""Aff-Wild2, twelve action units in every frame of videos from the web (ABAW 2 to 10)."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_labels import LICENCE, FrameLabels, read_frame_labels, whole_units
from facsight.data.mock_frames import mock_crops, mock_labels, mock_test_lists

SPACE = label_space("affwild2_au12")

TASK = FrameLabels(
    folders=("AU_Detection_Challenge",),
    splits={"Train_Set": "train", "Validation_Set": "val"},
    header=("AU1", "AU2", "AU4", "AU6", "AU7", "AU10", "AU12", "AU15", "AU23", "AU24", "AU25", "AU26"),
    columns=SPACE.columns,
    tests=("au", "action_unit"),
)

CARD = Card(
    name="affwild2_au",
    title="Aff-Wild2, action units",
    kind="frames",
    labels=("affwild2_au12",),
    people="persons in some 545 videos from the web; the table's subject is a person within a video",
    licence=LICENCE,
    obtain="ask as told at https://affective-behavior-analysis-in-the-wild.github.io/10th/",
    layout="""
AU_Detection_Challenge/             (also below annotations/)
  Train_Set/10-60-1280x720.txt      AU1,AU2,...,AU26, then twelve of 0 or 1 a frame; -1 is invalid
  Validation_Set/...
cropped_aligned/10-60-1280x720/00001.jpg
CVPR_6th_ABAW_AU_test_set_example.txt     the test frames, if you have it (also below other folders)
""",
    paper="Kollias and Zafeiriou, Expression, affect, action unit recognition: Aff-Wild2, multi-task "
    "learning and ArcFace, BMVC 2019, https://arxiv.org/abs/1910.04855",
    certainty="layout, header, numbering and -1 for a frame as a whole: as several readers of entrants "
    "agree. Never opened here. The eight units of ABAW 1: abaw1_au.",
)


def read(root: Path, found: list[Deviation], *, pictures: str = "cropped_aligned") -> pl.DataFrame:
    """Every frame that has a row, in the order of the files, then the frames of the test list.

    `pictures`: the folder of crops; "cropped" for those that are not aligned.
    """
    return read_frame_labels(root, CARD, found, TASK, _parse, pictures)


def _parse(rows: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    return whole_units(rows, SPACE, file, found)


def mock(root: Path, *, seed: int = 0) -> None:
    """Six ids of five recordings; runs of invalid frames, and test lists."""
    mock_crops(root, seed=seed)
    mock_labels(root, TASK, _row)
    mock_test_lists(root, "Detection_Challenge", TASK, ",".join("0" * len(SPACE)))


def _row(frame: int, video: str) -> str:
    units = ["-1" if frame in (5, 6) else str((frame + unit) % 2) for unit in range(len(SPACE))]
    return ",".join(units)
