"""Aff-Wild2 as of ABAW 1: eight action units in every frame."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_labels import LICENCE, FrameLabels, read_frame_labels, whole_units
from facsight.data.mock_frames import mock_crops, mock_labels, mock_test_lists

SPACE = label_space("abaw1_au8")

TASK = FrameLabels(
    folders=("AU_Set",),
    splits={"Training_Set": "train", "Validation_Set": "val"},
    header=("AU1", "AU2", "AU4", "AU6", "AU12", "AU15", "AU20", "AU25"),
    columns=SPACE.columns,
    tests=("au", "action_unit"),
)

CARD = Card(
    name="abaw1_au",
    title="Aff-Wild2 of ABAW 1, action units",
    kind="frames",
    labels=("abaw1_au8",),
    people="persons in videos from the web; the table's subject is a person within a video",
    licence=LICENCE,
    obtain="the labels of 2020 are no longer given out; the database: as told at "
    "https://affective-behavior-analysis-in-the-wild.github.io/10th/",
    layout="""
AU_Set/                             (also below annotations/)
  Training_Set/10-60-1280x720.txt   AU1,AU2,AU4,AU6,AU12,AU15,AU20,AU25, then eight of 0 or 1; -1 is invalid
  Validation_Set/...
cropped_aligned/10-60-1280x720/00001.jpg
""",
    paper="Kollias, Schulc, Hajiyev and Zafeiriou, Analysing affective behavior in the first ABAW 2020 "
    "competition, FG 2020, https://arxiv.org/abs/2001.11409",
    certainty="folders, the eight units in this order and -1: as a reader of an entrant has them. Never "
    "opened here.",
)


def read(root: Path, found: list[Deviation], *, pictures: str = "cropped_aligned") -> pl.DataFrame:
    """Every frame that has a row, in the order of the files, then the frames of a test list, if there is one.

    `pictures`: the folder of crops; "cropped" for those that are not aligned.
    """
    return read_frame_labels(root, CARD, found, TASK, _parse, pictures)


def _parse(rows: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    return whole_units(rows, SPACE, file, found)


def mock(root: Path, *, seed: int = 0) -> None:
    """Six ids of five recordings below `annotations`; runs of invalid frames."""
    mock_crops(root, seed=seed)
    mock_labels(root / "annotations", TASK, _row)
    mock_test_lists(root, "set", TASK, ",".join("0" * len(SPACE)))


def _row(frame: int, video: str) -> str:
    units = ["-1" if frame in (5, 6) else str((frame + unit) % 2) for unit in range(len(SPACE))]
    return ",".join(units)
