"""ABAW 4, learning from synthetic data: made faces to learn from, faces of Aff-Wild2 to be judged by."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import listed
from facsight.data.frame_labels import LICENCE
from facsight.data.layout import PICTURES, files_below, need
from facsight.data.mock_files import mock_faces, write_picture

SPACE = label_space("lsd6")
FOLDERS = ("ANGRER", "DISGUST", "FEAR", "HAPPINESS", "SADNESS", "SURPRISE")

CARD = Card(
    name="affwild2_lsd",
    title="ABAW 4, learning from synthetic data",
    kind="photos",
    labels=("lsd6",),
    people="made faces in train, persons of Aff-Wild2 in val and test; not told which",
    licence=LICENCE,
    obtain="no longer given out; the database it was made from: as told at "
    "https://affective-behavior-analysis-in-the-wild.github.io/10th/",
    layout="""
train.../ANGRER/*.jpg      so spelt; also DISGUST, FEAR, HAPPINESS, SADNESS, SURPRISE
val.../ANGER/*.jpg
test.../*.jpg              without labels, if you have it
""",
    paper="Kollias, ABAW: learning from synthetic data and multi-task learning challenges, ECCV workshops "
    "2022, https://arxiv.org/abs/2207.01138",
    certainty="six class folders, ANGRER among them, and their sizes: as entrants report. That the splits "
    "are folders whose names begin with train, val and test is assumed. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """Every picture of the class folders, folder by folder; those of the test as they lie.

    A sample of train or val is named by its path, one of the test by its place below the test folder.
    """
    need(root, CARD)
    parts = [part for name in listed(root) for part in _split(root, name, found)]
    if not parts:
        need(root, CARD, f"train/{FOLDERS[0]}")
    return pl.concat(parts)


def _split(root: Path, name: str, found: list[Deviation]) -> Iterator[pl.DataFrame]:
    split = next((split for split in ("train", "val", "test") if name.lower().startswith(split)), None)
    if split is None or not (root / name).is_dir():
        return
    if split == "test":
        yield _pictures(root, name, split, None)
        return
    for folder in listed(root / name):
        try:
            label = SPACE.classes[SPACE.index(folder)]
        except BadLabels as error:
            found.append(Deviation(f"{name}/{folder}", f"expected the folder of a class: {error}"))
            continue
        yield _pictures(root, f"{name}/{folder}", split, label)


def _pictures(root: Path, folder: str, split: str, label: str | None) -> pl.DataFrame:
    names = pl.Series("sample", files_below(root / folder, PICTURES), dtype=pl.String)
    path = pl.concat_str(pl.lit(f"{folder}/"), pl.col("sample"))
    return pl.DataFrame([names]).select(
        (pl.col("sample") if split == "test" else path).alias("sample"),
        pl.lit(split).alias("split"),
        path.alias("path"),
        pl.lit(label, pl.Enum(SPACE.classes)).alias(SPACE.column),
    )


def mock(root: Path, *, seed: int = 0) -> None:
    """Three made and one real face a class, two test faces without one."""
    faces = iter(mock_faces([*SPACE.classes] * 4 + ["neutral"] * 2, seed=seed, size=48))
    for folder in FOLDERS:
        for number in range(3):
            write_picture(root / "training_set_synthetic_images" / folder / f"{number}.jpg", next(faces))
    for folder in ("ANGER", *FOLDERS[1:]):
        write_picture(root / "validation_set" / folder / "0.jpg", next(faces))
    for number in range(2):
        write_picture(root / "test_set" / f"{number}.jpg", next(faces))
