"""FER2013: 48 x 48 grey faces from a web search, each with one of seven expressions."""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_rows
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell, tell_files
from facsight.data.label_columns import decode
from facsight.data.layout import files_below, need
from facsight.data.mock_files import mock_faces, write_lines, write_picture

USAGE = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
#: The file of the challenge, and its second release, whose columns stand in another order.
TABLES = ("fer2013.csv", "icml_face_data.csv")
FOLDERS = ("train", "test")

CARD = Card(
    name="fer2013",
    title="FER2013",
    kind="photos",
    labels=("fer2013",),
    people="not named; web pictures of many people, no subject ids, many near copies",
    licence="web pictures without a licence of their own, collected for a challenge: research use",
    obtain=""
    "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge",
    layout="""
fer2013.csv or icml_face_data.csv             emotion, pixels, Usage: 35,887 rows
or folders of pictures
  train/angry/Training_3908.jpg
  test/angry/PrivateTest_88305.jpg            PublicTest_... is the validation split
""",
    paper="Goodfellow et al., Challenges in representation learning: a report on three machine learning "
    "contests, ICONIP 2013, https://arxiv.org/abs/1307.0414",
    certainty="columns, codes and names of splits: as many readers of others take them. In folders, "
    "pictures named otherwise than by the three usages count as the split of their folder.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The rows or pictures; PublicTest is `val`, PrivateTest `test`. A sample is named as FER+ names it.

    Of a table, `path` is the table and `frame` the row of the picture in it.
    """
    need(root, CARD)
    tables = [name for name in TABLES if (root / name).is_file()]
    if tables:
        return _read_table(root, tables[0], found)
    need(root, CARD, "train")
    return _read_folders(root, found)


def _read_table(root: Path, name: str, found: list[Deviation]) -> pl.DataFrame:
    table = csv_rows(root / name, root, found, ["emotion", "Usage"]).with_columns(
        (pl.col("line") - 2).cast(pl.Int32).alias("frame"), pl.lit(name).alias("path")
    )
    number = pl.col("frame").cast(pl.String).str.zfill(7)
    table = table.with_columns(pl.format("fer{}.png", number).alias("sample"))
    table = _with_split(table, name, found)
    return decode(table, label_space("fer2013"), name, found, codes="emotion").drop("line", "Usage")


def _with_split(table: pl.DataFrame, name: str, found: list[Deviation]) -> pl.DataFrame:
    strange = ~table["Usage"].is_in(list(USAGE)).fill_null(False)
    tell(found, name, table["line"].filter(strange), f"expected a usage ({', '.join(USAGE)})")
    table = table.filter(~strange)
    return table.with_columns(pl.col("Usage").replace_strict(USAGE, return_dtype=pl.String).alias("split"))


def _read_folders(root: Path, found: list[Deviation]) -> pl.DataFrame:
    space = label_space("fer2013")
    rows, strange = [], []
    for split in FOLDERS:
        for name in files_below(root / split, (".jpg", ".png")) if (root / split).is_dir() else []:
            path = f"{split}/{name}"
            try:
                word = space.classes[space.index(name.split("/")[0])]
            except BadLabels:
                strange.append(path)
                continue
            usage = name.rsplit("/", 1)[-1].split("_")[0]
            rows.append((path, path, USAGE.get(usage, split), word))
    tell_files(found, strange, f"is in no folder of an expression ({', '.join(space.classes)})", fatal=True)
    return pl.DataFrame(rows, schema=["sample", "path", "split", "expression"], orient="row")


def mock(root: Path, *, seed: int = 0, release: Literal["table", "folders"] = "table") -> None:
    """28 drawn faces in either form; the table in the challenge's column order."""
    space = label_space("fer2013")
    words = [*space.classes] * 4
    usages = ["Training"] * 14 + ["PublicTest"] * 7 + ["PrivateTest"] * 7
    faces = mock_faces(words, seed=seed, size=48)
    if release == "folders":
        for number, (word, usage, face) in enumerate(zip(words, usages, faces, strict=True)):
            folder = "train" if usage == "Training" else "test"
            write_picture(root / folder / word / f"{usage}_{number}.jpg", face)
        return
    write_lines(root / "fer2013.csv", table_lines(words, usages, faces))


def table_lines(words: list[str], usages: list[str], faces: np.ndarray) -> list[str]:
    """The lines of `fer2013.csv`."""
    space = label_space("fer2013")
    codes = [space.codes[space.index(word)] for word in words]
    pixels = (" ".join(map(str, face.ravel())) for face in faces)
    rows = zip(codes, pixels, usages, strict=True)
    return ["emotion,pixels,Usage", *(f"{code},{face},{usage}" for code, face, usage in rows)]
