"""CASME II: micro-expressions of people who keep a straight face at films, at 200 frames a second.

Emotions are the coders' estimate from units, film and what the person said, `repression` among them.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.layout import need
from facsight.data.micro_coding import coded_clips, home_of, with_folders
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_picture
from facsight.data.mock_workbook import write_workbook

EMOTIONS = label_space("casme2")
NAMES = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "units": "Action Units",
    "emotion": "Estimated Emotion",
}
HOMES = {
    "raw": ("CASME2_RAW_selected", "CASME2-RAW", "CASME2_RAW", "CASME2_RAW_selected/CASME2_RAW_selected"),
    "cropped": ("Cropped", "Cropped/Cropped"),
}

CARD = Card(
    name="casme2",
    title="CASME II (spontaneous micro-expressions)",
    kind="clips",
    labels=("casme2", "micro_units"),
    people="26 students of one Chinese university, 255 clips (247 in the paper)",
    licence="research only, by agreement",
    obtain="ask at http://casme.psych.ac.cn/casme/e2",
    layout="""
CASME2-coding-20140508.xlsx     Subject Filename OnsetFrame ApexFrame OffsetFrame ... Estimated Emotion
CASME2_RAW_selected/sub01/EP02_01f/img46.jpg
Cropped/sub01/EP02_01f/reg_img46.jpg
""",
    paper="Yan et al., CASME II: an improved spontaneous micro-expression database and the baseline "
    "evaluation, PLOS ONE 2014, https://doi.org/10.1371/journal.pone.0086041",
    certainty="never seen by us. Columns of the sheet, names of folders and pictures as many public "
    "readers take them; several dates of the sheet are about. A sheet saved as CSV is read as well.",
)


def read(
    root: Path, found: list[Deviation], *, pictures: Literal["raw", "cropped"] | None = None
) -> pl.DataFrame:
    """The sheet in its order. `pictures`: the raw ones where they are there, else the cropped ones."""
    need(root, CARD)
    sheets = sorted(p.name for p in root.glob("CASME2-coding*") if p.suffix in (".xlsx", ".csv"))
    if not sheets:
        need(root, CARD, "CASME2-coding-20140508.xlsx")
    table = coded_clips(root, sheets[-1], found, NAMES, EMOTIONS)
    table = table.with_columns(("sub" + pl.col("subject").str.zfill(2)).alias("subject"))
    table = table.with_columns((pl.col("subject") + "/" + pl.col("clip")).alias("sample"))
    homes = HOMES[pictures] if pictures else (*HOMES["raw"], *HOMES["cropped"])
    home = home_of(root, homes, table["subject"].unique().to_list())
    return with_folders(table, root, home, sheets[-1], found)


def mock(root: Path, *, seed: int = 0) -> None:
    """Two people in all emotions: an apex nobody saw, sides, doubts, nameless columns, a clip missing."""
    generator = np.random.default_rng(seed)
    header = list(NAMES.values())
    rows: list[list[str | int]] = [[*header[:2], "", *header[2:5], "", *header[5:]]]
    units = ["4+7", "L12", "1+2", "?", "15", "R14+17", "12"]
    words = ["happiness", "others", "disgust", "repression", "surprise", "fear", "sadness"]
    for number, (codes, word) in enumerate(zip(units, words, strict=True)):
        subject, clip, onset = 1 + number % 2, f"EP{number:02d}_01f", 40 + number
        apex = "/" if number == 3 else onset + 1
        rows.append([subject, clip, "", onset, apex, onset + 2, "", codes, word])
        if number != 6:
            for frame in range(onset, onset + 3):
                path = root / HOMES["cropped"][0] / f"sub{subject:02d}/{clip}/reg_img{frame}.jpg"
                write_picture(path, noise(generator))
    write_workbook(root / "CASME2-coding-20140508.xlsx", rows)
