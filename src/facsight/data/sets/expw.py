"""ExpW: web pictures with the box and one of seven expressions of each face in them."""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.label_columns import decode
from facsight.data.layout import first_there, names_in, need_one, where_there
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each, text_rows

EXPRESSIONS = label_space("expw7")
LISTS = ("label.lst", "label/label.lst", "data/label/label.lst")
FOLDERS = ("origin", "image/origin", "data/image/origin", "image")
FIELDS = ["picture", "face", "top", "left", "right", "bottom", "confidence", "code"]

CARD = Card(
    name="expw",
    title="ExpW (expression in-the-wild)",
    kind="photos",
    labels=("expw7",),
    people="not named; 91,793 faces of web pictures, no subject ids",
    licence="research only",
    obtain="http://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html",
    layout="""
label/label.lst        picture.jpg 0 112 163 293 242 44.9 5: face, top, left, right, bottom, confidence, class
image/origin/picture.jpg
""",
    paper="Zhang, Luo, Loy and Tang, From facial expression recognition to interpersonal relation "
    "prediction, IJCV 2018, https://doi.org/10.1007/s11263-017-1055-1",
    certainty="never seen by us. Fields of the list, their order and the classes as several public "
    "readers take them. In which folder the list lies is assumed.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """A row a face, in the order of the list; `picture.jpg/0` is face 0 of a picture."""
    file = need_one(root, CARD, *LISTS)
    table = text_rows(root / file, root, found, FIELDS)
    sides = ["left", "top", "right", "bottom"]
    table = table.with_columns(pl.col(sides).cast(pl.Float32, strict=False))
    inside = (pl.col("left") < pl.col("right")) & (pl.col("top") < pl.col("bottom"))
    table = keep(table, inside, file, found, "a box: top, left, right and bottom", "picture")
    table = table.with_columns((pl.col("picture") + "/" + pl.col("face")).alias("sample"))
    table = decode(first_of_each(table, "sample", file, found), EXPRESSIONS, file, found)
    folder = first_there(root, *FOLDERS) or FOLDERS[1]
    table = table.with_columns((pl.lit(f"{folder}/") + pl.col("picture")).alias("path"))
    there = {f"{folder}/{name}" for name in names_in(root / folder)}
    return where_there(table, there, found).drop("line", "picture", "face", "confidence")


def mock(root: Path, *, seed: int = 0) -> None:
    """Pictures with two faces, one missing, all classes."""
    generator = np.random.default_rng(seed)
    rows = [
        f"face_{k // 2}.jpg {k % 2} 3 {4 + 20 * (k % 2)} {20 + 20 * (k % 2)} 40 {30 + k}.5 {k % 7}"
        for k in range(8)
    ]
    write_lines(root / LISTS[1], rows)
    for picture in range(3):
        write_picture(root / FOLDERS[1] / f"face_{picture}.jpg", noise(generator))
