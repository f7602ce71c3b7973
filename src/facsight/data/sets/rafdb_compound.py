"""RAF-DB, compound part: faces from the web that show two expressions at once, by about forty annotators."""

from pathlib import Path
from typing import Literal

import polars as pl

from facsight.data.dataset import Card, Deviation
from facsight.data.sets.rafdb import mock_part, read_part

CARD = Card(
    name="rafdb_compound",
    title="RAF-DB, compound expressions",
    kind="photos",
    labels=("rafdb_compound11",),
    people="not named; web pictures of many people, no subject ids",
    licence="research only, by agreement; the pictures must not be passed on",
    obtain="ask at http://www.whdeng.cn/RAF/model1.html with an academic address",
    layout="""
compound/                                     (or this folder itself)
  EmoLabel/list_patition_label.txt            train_0001.jpg 5
  Image/aligned/train_0001_aligned.jpg        100 x 100
  Image/original/train_0001.jpg
  Annotation/boundingbox/train_0001_boundingbox.txt
""",
    paper="Li and Deng, Reliable crowdsourcing and deep locality-preserving learning for unconstrained "
    "facial expression recognition, IEEE TIP 2019, https://doi.org/10.1109/TIP.2018.2868382",
    certainty="codes: as two readers of others take them. That the files are laid out as those of the basic "
    "part is assumed; the order of the numbers of a box as well.",
)


def read(
    root: Path, found: list[Deviation], *, pictures: Literal["aligned", "original"] | None = None
) -> pl.DataFrame:
    """The list, in its order; `pictures` as for the basic part."""
    return read_part(root, found, CARD, "compound", pictures)


def mock(root: Path, *, seed: int = 0) -> None:
    """44 drawn faces with the oddities of the basic part's copy."""
    mock_part(root / "compound", CARD, seed)
