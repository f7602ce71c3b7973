"""AFEW: clips of films, each with one of seven expressions (EmotiW)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import base_name, clips_in, folders_near, listed
from facsight.data.layout import VIDEOS, need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import mock_faces, write_picture

SPACE = label_space("afew7")
WORDS = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")

CARD = Card(
    name="afew",
    title="AFEW, clips of films",
    kind="clips",
    labels=("afew7",),
    people="actors, not named in the folders; films of train, val and test differ",
    licence="research only, by an agreement",
    obtain="ask as told at https://users.cecs.anu.edu.au/~few_group/AFEW.html",
    layout="""
Train_AFEW/Angry/000046280.avi      also Disgust, Fear, Happy, Neutral, Sad, Surprise (or Train/...)
Val_AFEW/...                        Test_AFEW/*.avi without labels, if you have it
Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280/*.jpg     (val: AlignedFaces_LBPTOP_Points_Val)
""",
    paper="Dhall, Goecke, Lucey and Gedeon, Collecting large, richly annotated facial-expression "
    "databases from movies, IEEE MultiMedia 2012, https://doi.org/10.1109/MMUL.2012.26",
    certainty="class folders with clips, or with a folder of frames a clip, and the aligned faces: as "
    "several readers have them. That a clip's name is unique over the splits is assumed: a second one is "
    "told. Never opened here.",
)


def read(root: Path, found: list[Deviation], *, files: Literal["clips", "faces"] = "clips") -> pl.DataFrame:
    """The clips of the class folders, split by split; a sample is named by its clip, without the ending.

    `files`: "faces" for the folders of aligned faces that came with the clips.
    """
    need(root, CARD)
    faces = _faces(root) if files == "faces" else None
    taken: dict[str, str] = {}
    rows = [row for name in listed(root) for row in _split(root, name, taken, found)]
    if not rows:
        need(root, CARD, f"Train_AFEW/{WORDS[0]}")
    kinds = {"sample": pl.String, "split": pl.String, "path": pl.String, SPACE.column: pl.Enum(SPACE.classes)}
    table = pl.DataFrame(rows, schema=kinds, orient="row").with_columns(pl.col("sample").alias("video"))
    if faces is None:
        return table
    absent = [name for name in table["sample"] if name not in faces]
    if absent:
        found.append(
            Deviation(".", f"{len(absent)} clips have no faces, the first is {absent[0]}", fatal=False)
        )
    path = pl.col("sample").replace_strict(faces, default=None, return_dtype=pl.String)
    return table.with_columns(path.alias("path"))


def _faces(root: Path) -> dict[str, str]:
    near = [folder for folder in folders_near(root, 3) if base_name(folder) == "Faces"]
    return {name: path for folder in near for name, path in clips_in(root, folder).items()}


Row = tuple[str, str, str, str | None]


def _split(root: Path, name: str, taken: dict[str, str], found: list[Deviation]) -> Iterator[Row]:
    split = next((split for split in ("train", "val", "test") if name.lower().startswith(split)), None)
    if split is None or not (root / name).is_dir():
        return
    if split == "test":
        yield from _clips(root, name, split, None, taken, found)
    for folder in listed(root / name):
        try:
            label = SPACE.classes[SPACE.index(folder)]
        except BadLabels:
            continue
        yield from _clips(root, f"{name}/{folder}", split, label, taken, found)


def _clips(
    root: Path, folder: str, split: str, label: str | None, taken: dict[str, str], found: list[Deviation]
) -> Iterator[Row]:
    for name, path in clips_in(root, folder).items():
        if not path.lower().endswith(VIDEOS) and (label is None or not (root / path).is_dir()):
            continue
        if name in taken:
            found.append(Deviation(path, f"{name} is {taken[name]} as well, which is read", fatal=False))
            continue
        taken[name] = path
        yield name, split, path, label


def mock(root: Path, *, seed: int = 0) -> None:
    """Two clips a class, a clip in two class folders, a test clip, aligned faces for all but one."""
    generator = np.random.default_rng(seed)
    faces = iter(mock_faces([*SPACE.classes] * 2, seed=seed, size=48))
    for k, (split, word) in enumerate((split, word) for split in ("Train", "Val") for word in WORDS):
        write_clip(root / f"{split}_AFEW/{word}/{k:09d}.avi", generator, frames=3)
        face, ending = next(faces), "_Val" if split == "Val" else ""
        if k:
            below = f"{split}_AFEW/AlignedFaces_LBPTOP_Points{ending}/Faces/{k:09d}"
            write_picture(root / below / "000.jpg", face)
    write_clip(root / f"Train_AFEW/Sad/{0:09d}.avi", generator, frames=3)
    write_clip(root / f"Test_AFEW/{99:09d}.avi", generator, frames=3)
