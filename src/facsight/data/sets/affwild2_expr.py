"""Aff-Wild2, one of eight expressions in every frame of videos from the web (ABAW 3 to 10)."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_labels import LICENCE, FrameLabels, read_frame_labels
from facsight.data.label_columns import decode
from facsight.data.mock_frames import mock_crops, mock_labels, mock_test_lists

SPACE = label_space("affwild2_expr8")

TASK = FrameLabels(
    folders=("EXPR_Recognition_Challenge", "EXPR_Classification_Challenge"),
    splits={"Train_Set": "train", "Validation_Set": "val"},
    header=("Neutral", "Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Other"),
    columns=("code",),
    tests=("expr", "expression"),
)

CARD = Card(
    name="affwild2_expr",
    title="Aff-Wild2, expressions",
    kind="frames",
    labels=("affwild2_expr8",),
    people="persons in some 548 videos from the web; the table's subject is a person within a video",
    licence=LICENCE,
    obtain="ask as told at https://affective-behavior-analysis-in-the-wild.github.io/10th/",
    layout="""
EXPR_Recognition_Challenge/         (ABAW 5: EXPR_Classification_Challenge; also below annotations/)
  Train_Set/10-60-1280x720.txt      Neutral,Anger,...,Other, then one integer 0 to 7 a frame; -1 is invalid
  Validation_Set/...
cropped_aligned/10-60-1280x720/00001.jpg
CVPR_6th_ABAW_Expr_test_set_example.txt   the test frames, if you have it (also below other folders)
""",
    paper="Kollias and Zafeiriou, Expression, affect, action unit recognition: Aff-Wild2, multi-task "
    "learning and ArcFace, BMVC 2019, https://arxiv.org/abs/1910.04855",
    certainty="both names of the folder, the header of eight names over rows of one integer, numbering "
    "and -1: as several readers of entrants agree. Never opened here. Labels of ABAW 1 and 2, without "
    "Other: abaw1_expr.",
)


def read(root: Path, found: list[Deviation], *, pictures: str = "cropped_aligned") -> pl.DataFrame:
    """Every frame that has a row, in the order of the files, then the frames of the test list.

    `pictures`: the folder of crops; "cropped" for those that are not aligned.
    """
    return read_frame_labels(root, CARD, found, TASK, _parse, pictures)


def _parse(rows: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    return decode(rows, SPACE, file, found)


def mock(root: Path, *, seed: int = 0) -> None:
    """Six ids of five recordings; runs of frames without a label, and test lists."""
    mock_crops(root, seed=seed)
    mock_labels(root, TASK, _row)
    mock_test_lists(root, "Recognition_Challenge", TASK, "0")


def _row(frame: int, video: str) -> str:
    return "-1" if frame in (3, 4) else str((frame + len(video)) % len(SPACE))
