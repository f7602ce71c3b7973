"""Aff-Wild2, valence and arousal of every frame of videos from the web (ABAW 1 to 10)."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_labels import LICENCE, FrameLabels, read_frame_labels
from facsight.data.label_columns import in_range
from facsight.data.mock_frames import mock_crops, mock_labels, mock_test_lists

SPACE = label_space("affwild2_va")
INVALID = -5

TASK = FrameLabels(
    folders=("VA_Estimation_Challenge", "VA_Set"),
    splits={"Train_Set": "train", "Training_Set": "train", "Validation_Set": "val"},
    header=("valence", "arousal"),
    columns=("valence", "arousal"),
    tests=("va", "valence_arousal"),
)

CARD = Card(
    name="affwild2_va",
    title="Aff-Wild2, valence and arousal",
    kind="frames",
    labels=("affwild2_va",),
    people="584 persons in 594 videos from the web; the table's subject is a person within a video, and "
    "the same person in two videos has two ids",
    licence=LICENCE,
    obtain="ask as told at https://affective-behavior-analysis-in-the-wild.github.io/10th/",
    layout="""
VA_Estimation_Challenge/                  (ABAW 1: VA_Set/Training_Set; also below annotations/)
  Train_Set/10-60-1280x720_left.txt       valence,arousal, then one row a frame; -5 is invalid
  Validation_Set/...
cropped_aligned/10-60-1280x720_left/00001.jpg
CVPR_6th_ABAW_VA_test_set_example.txt     the test frames, if you have it (also below other folders)
""",
    paper="Kollias and Zafeiriou, Expression, affect, action unit recognition: Aff-Wild2, multi-task "
    "learning and ArcFace, BMVC 2019, https://arxiv.org/abs/1910.04855",
    certainty="layout, header, numbering, -5 and test lists: as several readers of entrants and public "
    "copies of the labels agree. Never opened here. What a test list says of its frames besides their "
    "names is not read.",
)


def read(root: Path, found: list[Deviation], *, pictures: str = "cropped_aligned") -> pl.DataFrame:
    """Every frame that has a row, in the order of the files, then the frames of the test list.

    `pictures`: the folder of crops; "cropped" for those that are not aligned.
    """
    return read_frame_labels(root, CARD, found, TASK, _parse, pictures)


def _parse(rows: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    """Both values, or none of them: frames are invalid as a whole."""
    rows = in_range(rows, SPACE, file, found)
    half = pl.col("valence").is_null() != pl.col("arousal").is_null()
    told = f"expected {INVALID} for both or neither of valence and arousal; both are taken as invalid"
    tell(found, file, rows.filter(half)["line"], told, fatal=False)
    return rows.with_columns(pl.when(~half).then(pl.col(name)).alias(name) for name in SPACE.columns)


def mock(root: Path, *, seed: int = 0) -> None:
    """Six ids of five recordings; runs of invalid rows, one video that never changes, and test lists."""
    mock_crops(root, seed=seed)
    mock_labels(root, TASK, _row)
    mock_test_lists(root, "Estimation_Challenge", TASK, "0,0")


def _row(frame: int, video: str) -> str:
    if video.startswith("6-30"):
        return "0.25,-0.5"
    return "-5,-5" if frame in (1, 2, 7) else f"{(frame % 9) / 5 - 0.8:.3f},{(frame % 7) / 7:.3f}"
