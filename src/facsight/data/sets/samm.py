"""SAMM: micro-movements of people of thirteen ethnicities who keep a straight face, at 200 frames a second.

Coded for action units first; the emotion is an estimate.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.layout import need
from facsight.data.micro_coding import coded_clips, home_of, with_folders
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_picture
from facsight.data.mock_workbook import write_workbook

EMOTIONS = label_space("samm8")
NAMES = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "Onset Frame",
    "apex": "Apex Frame",
    "offset": "Offset Frame",
    "units": "Action Units",
    "emotion": "Estimated Emotion",
}
HOMES = ("", "SAMM", "SAMM/SAMM", "images", "SAMM_CROP", "SAMM_Cropped")

CARD = Card(
    name="samm",
    title="SAMM (spontaneous actions and micro-movements)",
    kind="clips",
    labels=("samm8", "micro_units"),
    people="32 adults of 13 ethnicities, 159 clips",
    licence="research only, by agreement",
    obtain="ask at https://personalpages.manchester.ac.uk/staff/adrian.davison/SAMM.html",
    layout="""
SAMM_Micro_FACS_Codes_v2.xlsx    titles, then Subject Filename ... Onset Frame Apex Frame Offset Frame ...
006/006_1_2/006_05562.jpg        also in a folder SAMM
""",
    paper="Davison, Lansley, Costen, Tan and Yap, SAMM: a spontaneous micro-facial movement dataset, "
    "IEEE Transactions on Affective Computing 2018, https://doi.org/10.1109/TAFFC.2016.2573832",
    certainty="never seen by us. Columns of the sheet, its titles above the header, folders and names "
    "of pictures as several public readers take them. A sheet saved as CSV is read as well.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The sheet in its order."""
    need(root, CARD)
    sheets = sorted(p.name for p in root.glob("SAMM_Micro_FACS*") if p.suffix in (".xlsx", ".csv"))
    if not sheets:
        need(root, CARD, "SAMM_Micro_FACS_Codes_v2.xlsx")
    table = coded_clips(root, sheets[-1], found, NAMES, EMOTIONS)
    table = table.with_columns(pl.col("subject").str.zfill(3))
    table = table.with_columns((pl.col("subject") + "/" + pl.col("clip")).alias("sample"))
    home = home_of(root, HOMES, table["subject"].unique().to_list())
    return with_folders(table, root, home, sheets[-1], found)


def mock(root: Path, *, seed: int = 0) -> None:
    """Two people in all emotions: titles above the header, numbers as text and as numbers, a clip missing."""
    generator = np.random.default_rng(seed)
    header = [
        "Subject",
        "Filename",
        "Inducement Code",
        "Onset Frame",
        "Apex Frame",
        "Offset Frame",
        "Duration",
    ]
    rows: list[Sequence[str | int]] = [["SAMM Dataset"], ["Coding by certified coders"], [], []]
    rows.append([*header, "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"])
    units = ["4+7", "L14", "9+10", "1+2+5", "12", "15", "26", "R12+24"]
    words = ["Anger", "Contempt", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Other"]
    for number, (codes, word) in enumerate(zip(units, words, strict=True)):
        subject = "006" if number % 2 else "011"
        clip, onset = f"{subject}_{number}_1", 5560 + number
        named = int(subject) if number == 1 else subject
        frames = [onset, onset + 1, onset + 2, 3]
        rows.append([named, clip, number, *frames, "Micro - 1/2", codes, word, 1 + number % 7])
        if number != 7:
            for frame in range(onset, onset + 3):
                path = root / "SAMM" / subject / clip / f"{subject}_{frame:05d}.jpg"
                write_picture(path, noise(generator))
    write_workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx", rows)
