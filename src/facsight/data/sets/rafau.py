"""RAF-AU: web faces of RAF with the action units that two experts coded.

A unit of one side (`L12`) counts as the unit: the space of units has no sides. `null` in the list, for a
face without any code, is read as unknown. The expressions of these faces are those of RAF-ML, elsewhere.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.layout import need_one
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture
from facsight.data.raf_pictures import with_raf_pictures
from facsight.data.text_rows import first_of_each, text_rows
from facsight.data.unit_lists import with_units

UNITS = label_space("raf_units")
LISTS = ("RAFAU_label.txt", "RAF-AU/RAFAU_label.txt")
HOMES = ("", "RAF-AU", "Image")

CARD = Card(
    name="rafau",
    title="RAF-AU (action units in the wild)",
    kind="photos",
    labels=("raf_units",),
    people="not named; 4,601 web pictures of many people, no subject ids",
    licence="research only, by agreement; the pictures must not be passed on",
    obtain="ask at http://www.whdeng.cn/RAF/model1.html with an academic address",
    layout="""
RAFAU_label.txt             0001.jpg 1+2+L12     (null where there is no code)
aligned/0001_aligned.jpg
original/0001.jpg
""",
    paper="Yan, Li, Que, Pei and Deng, RAF-AU database: in-the-wild facial expressions with subjective "
    "emotion judgement and objective AU annotations, ACCV 2020, https://arxiv.org/abs/2008.05196",
    certainty="never seen by us. List, its signs and names of pictures as several public readers take "
    "them. What null means is assumed, and so is which units belong to the list: others are told and "
    "left out.",
)


def read(
    root: Path, found: list[Deviation], *, pictures: Literal["aligned", "original"] | None = None
) -> pl.DataFrame:
    """The list, in its order. `pictures`: those aligned by the authors where there are any."""
    file = need_one(root, CARD, *LISTS)
    table = text_rows(root / file, root, found, ["sample", "units"])
    table = with_units(first_of_each(table, "sample", file, found), UNITS, file, found)
    return with_raf_pictures(table, root, HOMES, pictures, found).drop("line")


def mock(root: Path, *, seed: int = 0) -> None:
    """Faces with units of both and of one side, one without a code, one without a picture."""
    generator = np.random.default_rng(seed)
    coded = ["1+2+5+25", "L12+25", "null", "4", "R14+6+12", "9+10+17", "26+2"]
    lines = [f"{number:04d}.jpg {units} " for number, units in enumerate(coded, start=1)]
    write_lines(root / LISTS[0], lines, end="\r\n")
    for number in range(1, len(coded)):
        write_picture(root / f"aligned/{number:04d}_aligned.jpg", noise(generator))
