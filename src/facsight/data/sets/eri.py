"""Hume-Reaction: people who watch something, with the seven emotions that they reported (ABAW 5: ERI)."""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import base_name, lists_near
from facsight.data.hume_lists import intensities, number_of, with_media
from facsight.data.layout import VIDEOS, need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each

SPACE = label_space("eri7")
LIST = "data_info.csv"
HEADINGS = ("Adoration", "Amusement", "Anxiety", "Disgust", "Empathic-Pain", "Fear", "Surprise")
SPLITS = {"Train": "train", "Val": "val", "Test": "test"}

CARD = Card(
    name="eri",
    title="Hume-Reaction, emotional reaction intensity",
    kind="clips",
    labels=("eri7",),
    people="2,222 persons of South Africa and the United States, one clip or more each",
    licence="research only, by an agreement; nothing may be passed on",
    obtain="was given to entrants of ABAW 5, https://ibug.doc.ic.ac.uk/resources/cvpr-2023-5th-abaw/",
    layout="""
data_info.csv      File_ID,Split,Adoration,Amusement,Anxiety,Disgust,Empathic-Pain,Fear,Surprise
                   [00001],Train,0.1,... ; columns are found by name (also below another folder)
mp4/00001.mp4      any folder near the top
""",
    paper="Christ and others, The MuSe 2022 multimodal sentiment analysis challenge, MuSe workshop 2022, "
    "https://arxiv.org/abs/2207.05691",
    certainty="File_ID in brackets, the words of Split and the headings: as code of an entrant uses them. "
    "A column Subject_ID, where there is one, is taken as the subject: assumed, as is the folder of the "
    "clips. The labels.csv and partition.csv of MuSe 2022 are not read. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The list in its order; a sample is named as there, with its brackets."""
    need(root, CARD)
    file = next((file for file in lists_near(root, ".csv") if base_name(file) == LIST), None)
    if file is None:
        need(root, CARD, LIST)
        return pl.DataFrame()
    rows = first_of_each(csv_of(root, file, found, ("File_ID", "Split", *HEADINGS)), "File_ID", file, found)
    rows = keep(rows, pl.col("Split").is_in(list(SPLITS)), file, found, "Train, Val or Test", "Split")
    subject = pl.col("Subject_ID") if "Subject_ID" in rows.columns else pl.lit(None, pl.String)
    rows = rows.select(
        "line",
        pl.col("File_ID").alias("sample"),
        pl.col("Split").replace_strict(SPLITS, return_dtype=pl.String).alias("split"),
        subject.alias("subject"),
        number_of("File_ID"),
        *HEADINGS,
    )
    return with_media(intensities(rows, SPACE, HEADINGS, file, found), root, (VIDEOS,), file, found)


def mock(root: Path, *, seed: int = 0) -> None:
    """Seven clips: the test without labels, one named twice, one without a file."""
    generator = np.random.default_rng(seed)
    rows = []
    for k in range(7):
        split = "Train" if k < 4 else "Val" if k < 6 else "Test"
        values = [""] * 7 if split == "Test" else [f"{(k * step) % 11 / 10:.4f}" for step in range(1, 8)]
        rows.append(",".join([f"[{k:05d}]", split, *values]))
        if k != 2:
            write_clip(root / f"mp4/{k:05d}.mp4", generator)
    header = ",".join(("File_ID", "Split", *HEADINGS))
    write_lines(root / LIST, [header, *rows, rows[1]], end="\r\n", last="\r\n\r\n")
