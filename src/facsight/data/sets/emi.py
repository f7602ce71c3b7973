"""Hume-Vidmimic2: people who mimic others, with six rated emotions a clip (ABAW 6, 8, 10: EMI)."""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import base_name, lists_near
from facsight.data.hume_lists import intensities, number_of, with_media
from facsight.data.layout import SOUNDS, VIDEOS, need
from facsight.data.mock_clips import write_clip, write_sound
from facsight.data.mock_files import write_lines
from facsight.data.text_rows import first_of_each

SPACE = label_space("emi6")
HEADINGS = ("Admiration", "Amusement", "Determination", "Empathic Pain", "Excitement", "Joy")
LISTS = {"train_split.csv": "train", "valid_split.csv": "val", "test_split.csv": "test"}

CARD = Card(
    name="emi",
    title="Hume-Vidmimic2, emotional mimicry intensity",
    kind="clips",
    labels=("emi6",),
    people="557 persons before their webcams; the lists do not tell who is in a clip",
    licence="research only, by an agreement; nothing may be passed on",
    obtain="ask as told at https://affective-behavior-analysis-in-the-wild.github.io/10th/",
    layout="""
train_split.csv         Filename,Admiration,Amusement,Determination,Empathic Pain,Excitement,Joy
valid_split.csv         (both also below other folders)
test_split.csv          Filename alone, if you have it
raw/00001.mp4           any folder near the top
audio/00001.mp3
face_images/00001/*.jpg
""",
    paper="Kollias and others, The 6th affective behavior analysis in-the-wild (ABAW) competition, CVPR "
    "workshops 2024, https://arxiv.org/abs/2402.19344",
    certainty="lists, headings, five digits and folders: as readers of two entrants agree. That a list "
    "may write a clip as 7 or as 00007 is told by their conversions. The name of a test list is assumed. "
    "Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The lists in their order; a clip's file is its video, or else its sound."""
    need(root, CARD)
    lists = {base_name(file): file for file in reversed(lists_near(root, ".csv"))}
    if not set(LISTS) & set(lists):
        need(root, CARD, next(iter(LISTS)))
    parts = [_list(root, lists[name], split, found) for name, split in LISTS.items() if name in lists]
    return pl.concat(parts)


def _list(root: Path, file: str, split: str, found: list[Deviation]) -> pl.DataFrame:
    headings = () if split == "test" else HEADINGS
    rows = csv_of(root, file, found, ("Filename", *headings)).rename({"Filename": "sample"})
    rows = first_of_each(rows, "sample", file, found).select(
        "line", "sample", number_of("sample"), pl.lit(split).alias("split"), *headings
    )
    if split == "test":
        rows = rows.with_columns(pl.lit(None, pl.String).alias(heading) for heading in HEADINGS)
    return with_media(intensities(rows, SPACE, HEADINGS, file, found), root, (VIDEOS, SOUNDS), file, found)


def mock(root: Path, *, seed: int = 0) -> None:
    """Seven clips: one named by its number alone, one named twice, one without a video."""
    generator = np.random.default_rng(seed)
    rows = [
        ",".join([f"{k:05d}", *(f"{(k * step) % 11 / 10:.4f}" for step in range(1, 7))]) for k in range(7)
    ]
    rows[2] = rows[2].replace("00002", "2")
    header = ",".join(("Filename", *HEADINGS))
    write_lines(root / "train_split.csv", [header, *rows[:4], rows[0]], end="\r\n", last="\r\n\r\n")
    write_lines(root / "valid_split.csv", [header, *rows[4:6]])
    write_lines(root / "test_split.csv", ["Filename", "00006"])
    for k in range(7):
        if k != 3:
            write_clip(root / f"raw/{k:05d}.mp4", generator)
        write_sound(root / f"audio/{k:05d}.wav", generator)
