"""RAF-DB, basic part: faces from the web, each with one of seven expressions by about forty annotators."""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell, tell_files
from facsight.data.label_columns import decode
from facsight.data.layout import names_in, need, where_there
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.text_rows import first_of_each, text_rows

LIST = "EmoLabel/list_patition_label.txt"
BOXES = "Annotation/boundingbox/{}_boundingbox.txt"
PICTURES = {"aligned": ("Image/aligned", "_aligned.jpg"), "original": ("Image/original", ".jpg")}

CARD = Card(
    name="rafdb",
    title="RAF-DB, basic expressions",
    kind="photos",
    labels=("rafdb7",),
    people="not named; web pictures of many people, no subject ids",
    licence="research only, by agreement; the pictures must not be passed on",
    obtain="ask at http://www.whdeng.cn/RAF/model1.html with an academic address",
    layout="""
basic/                                        (or this folder itself)
  EmoLabel/list_patition_label.txt            train_00001.jpg 5
  Image/aligned/train_00001_aligned.jpg       100 x 100
  Image/original/train_00001.jpg
  Annotation/boundingbox/train_00001_boundingbox.txt
""",
    paper="Li, Deng and Du, Reliable crowdsourcing and deep locality-preserving learning for expression "
    "recognition in the wild, CVPR 2017, https://doi.org/10.1109/CVPR.2017.277",
    certainty="list, codes and names of pictures: as several readers of others take them. The order of the "
    "numbers of a box (left, top, right, bottom) is assumed: readers of others disagree.",
)


def read(
    root: Path, found: list[Deviation], *, pictures: Literal["aligned", "original"] | None = None
) -> pl.DataFrame:
    """The list, in its order.

    `pictures`: those that the authors aligned, where there are any, or the original ones, which have boxes.
    """
    return read_part(root, found, CARD, "basic", pictures)


def read_part(
    root: Path, found: list[Deviation], card: Card, part: str, pictures: str | None
) -> pl.DataFrame:
    """One of the parts of RAF-DB, which are laid out alike: its folder, or the folder that holds it."""
    need(root, card)
    home = root / part if (root / part).is_dir() else root
    need(home, card, LIST)
    file = (home / LIST).relative_to(root).as_posix()
    table = text_rows(home / LIST, root, found, ["sample", "code"])
    table = decode(first_of_each(table, "sample", file, found), label_space(card.labels[0]), file, found)
    table = _with_split(table, file, found)
    chosen = pictures or ("aligned" if (home / PICTURES["aligned"][0]).is_dir() else "original")
    table = _with_pictures(table, home, root, chosen, found)
    return _with_boxes(table, home, root, found) if chosen == "original" else table


def _with_split(table: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The split is the first word of a picture's name."""
    table = table.with_columns(pl.col("sample").str.split("_").list.first().alias("split"))
    official = table["split"].is_in(["train", "test"])
    tell(
        found,
        file,
        table["line"].filter(~official),
        "expected a name such as train_00001.jpg or test_0001.jpg",
    )
    return table.filter(official)


def _with_pictures(
    table: pl.DataFrame, home: Path, root: Path, chosen: str, found: list[Deviation]
) -> pl.DataFrame:
    folder, ending = PICTURES[chosen]
    present = {(home / folder / name).relative_to(root).as_posix() for name in names_in(home / folder)}
    where = (home / folder).relative_to(root).as_posix()
    path = pl.lit(where + "/") + pl.col("sample").str.strip_suffix(".jpg") + ending
    table = table.with_columns(path.alias("path"))
    tell_files(found, sorted(present - set(table["path"])), "has no line in the list")
    return where_there(table, present, found)


def _with_boxes(table: pl.DataFrame, home: Path, root: Path, found: list[Deviation]) -> pl.DataFrame:
    boxes = [_box(home / BOXES.format(Path(name).stem), root, found) for name in table["sample"]]
    columns = zip(("left", "top", "right", "bottom"), zip(*boxes, strict=True), strict=True)
    return table.with_columns(pl.Series(name, values, dtype=pl.Float32) for name, values in columns)


def _box(path: Path, root: Path, found: list[Deviation]) -> tuple[float | None, ...]:
    try:
        left, top, right, bottom = (float(number) for number in path.read_text().split())
    except (OSError, ValueError):
        file = path.relative_to(root).as_posix()
        found.append(Deviation(file, "expected a file with the four numbers of a box", fatal=False))
        return (None,) * 4
    return left, top, right, bottom


def mock(root: Path, *, seed: int = 0) -> None:
    """28 drawn faces; Windows line ends and a blank line at the end, a line twice, a picture missing."""
    mock_part(root / "basic", CARD, seed)


def mock_part(home: Path, card: Card, seed: int) -> None:
    """A part of RAF-DB with two training faces and two test faces a class."""
    space = label_space(card.labels[0])
    labels = [*range(len(space))] * 4
    names = [f"train_{k + 1:05d}" if k < 2 * len(space) else f"test_{k + 1:04d}" for k in range(len(labels))]
    faces = mock_faces([space.classes[k] for k in labels], seed=seed, size=100)
    for name, face in zip(names, faces, strict=True):
        write_picture(home / f"Image/original/{name}.jpg", np.pad(face, 20, mode="edge"))
        write_picture(home / f"Image/aligned/{name}_aligned.jpg", face)
        write_lines(home / BOXES.format(name), ["20 20 120 120 "])
    (home / f"Image/aligned/{names[1]}_aligned.jpg").unlink()
    lines = [f"{name}.jpg {space.codes[k]}" for name, k in zip(names, labels, strict=True)]
    write_lines(home / LIST, [*lines, lines[0]], end="\r\n", last="\r\n\r\n")
