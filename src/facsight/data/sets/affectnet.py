"""AffectNet: faces from the web, each with one of eight expressions, valence and arousal by one annotator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_rows
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell, tell_files
from facsight.data.kept_numbers import numbers_in
from facsight.data.label_columns import decode, in_range
from facsight.data.layout import files_below, names_in, need, where_there
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.text_rows import first_of_each

BOX = ("face_x", "face_y", "face_width", "face_height")
HEADER = ("subDirectory_filePath", *BOX, "facial_landmarks", "expression", "valence", "arousal")
LISTS = {"training.csv": "train", "validation.csv": "val"}
AUTOMATIC = {"automatically_annotated.csv": "train"}
FOLDERS = {"train_set": "train", "val_set": "val"}
#: Where the lists of the large release, and its pictures, are looked for.
HOMES = ("", "Manually_Annotated_file_lists/", "Automatically_annotated_file_list/")
PICTURES = (
    *("Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images"),
    *("Automatically_Annotated_Images", "Automatically_Annotated/Automatically_Annotated_Images"),
)
#: Endings of a picture's arrays of one number, and what that is.
_ARRAYS = {"exp": "code", "val": "valence", "aro": "arousal"}
_SPOKEN = {
    "code": "number of an expression, 0 to 10",
    "valence": "valence, -1 to 1",
    "arousal": "arousal, -1 to 1",
}

CARD = Card(
    name="affectnet",
    title="AffectNet",
    kind="photos",
    labels=("affectnet8", "affectnet_va"),
    people="not named; web pictures of many people, no subject ids",
    licence="research only, by agreement; the pictures must not be passed on",
    obtain="ask at http://mohammadmahoor.com/pages/databases/affectnet/ with an academic address",
    layout="""
the small release (about 290,000 crops of 224 x 224)
  train_set/images/0.jpg
  train_set/annotations/0_exp.npy, 0_val.npy, 0_aro.npy, 0_lnd.npy
  val_set/images, val_set/annotations
or the large one (about 420,000 pictures as found)
  training.csv, validation.csv                (or in Manually_Annotated_file_lists/)
  Manually_Annotated_Images/103/29a31e....jpg (or in Manually_Annotated/)
""",
    paper="Mollahosseini, Hasani and Mahoor, AffectNet: a database for facial expression, valence, and "
    "arousal computing in the wild, IEEE TAC 2019, https://doi.org/10.1109/TAFFC.2017.2740923",
    certainty="names of columns and files, and codes: as several readers of others take them. There is no "
    "official test split: papers report the validation split. A list without its header is read as well.",
)


def read(root: Path, found: list[Deviation], *, automatic: bool = False) -> pl.DataFrame:
    """The lists in their order, training first; `automatic` adds the pictures that a network annotated.

    Pictures without an expression (8 none, 9 uncertain, 10 no face) stay in the table, without labels.
    """
    need(root, CARD)
    lists = [(home + name, split) for name, split in _lists(automatic) for home in HOMES]
    lists = [(name, split) for name, split in lists if (root / name).is_file()]
    if lists:
        return _read_lists(root, lists, found)
    need(root, CARD, "train_set/annotations")
    there = [name for name in FOLDERS if (root / name).is_dir()]
    return pl.concat([_read_arrays(root, name, found) for name in there])


def _lists(automatic: bool) -> Iterator[tuple[str, str]]:
    yield from (LISTS | AUTOMATIC if automatic else LISTS).items()


def _read_lists(root: Path, lists: list[tuple[str, str]], found: list[Deviation]) -> pl.DataFrame:
    read = [_read_list(root, name, split, found) for name, split in lists]
    table = first_of_each(pl.concat(read), "sample", lists[-1][0], found).drop("line")
    homes = [home for home in PICTURES if (root / home).is_dir()]
    need(root, CARD, *([] if homes else PICTURES[:1]))
    present = {home: files_below(root / home) for home in homes}
    # a picture that is not there is told under the first folder
    path = pl.lit(f"{homes[0]}/") + pl.col("sample")
    for home in homes[1:]:
        there = pl.col("sample").is_in(pl.Series(present[home], dtype=pl.String).implode())
        path = pl.when(there).then(pl.lit(f"{home}/") + pl.col("sample")).otherwise(path)
    listed = {f"{home}/{name}" for home, names in present.items() for name in names}
    return where_there(table.with_columns(path.alias("path")), listed, found)


def _read_list(root: Path, name: str, split: str, found: list[Deviation]) -> pl.DataFrame:
    needed = [column for column in HEADER if column != "facial_landmarks"]
    table = csv_rows(root / name, root, found, needed, header=HEADER)
    table = table.rename({"subDirectory_filePath": "sample", "expression": "code"})
    nameless = table["sample"].is_null()
    tell(found, name, table["line"].filter(nameless), "expected the name of a picture, found nothing")
    table = first_of_each(table.filter(~nameless), "sample", name, found)
    table = decode(table, label_space("affectnet8"), name, found)
    table = in_range(table, label_space("affectnet_va"), name, found)
    left, top, width, height = (pl.col(column).cast(pl.Float32, strict=False) for column in BOX)
    return table.select(
        "line",
        "sample",
        pl.lit(split).alias("split"),
        left.alias("left"),
        top.alias("top"),
        (left + width).alias("right"),
        (top + height).alias("bottom"),
        *("expression", "valence", "arousal"),
    )


def _read_arrays(root: Path, name: str, found: list[Deviation]) -> pl.DataFrame:
    """A folder of the small release: a picture, and an array of one number for each of its labels."""
    files = [file for file in names_in(root / name / "images") if file.endswith((".jpg", ".png"))]
    file = pl.col("file")
    table = pl.DataFrame({"file": files}, schema={"file": pl.String}).sort(file.str.len_chars(), "file")
    sample = pl.lit(f"{name}/images/") + file
    table = table.select(
        sample.alias("sample"),
        sample.alias("path"),
        pl.lit(FOLDERS[name]).alias("split"),
        pl.lit(1).alias("line"),
        file.str.replace(r"\.[a-z]+$", "").alias("stem"),
    )
    numbers = numbers_in(root / name / "annotations", tuple(f"_{ending}.npy" for ending in _ARRAYS))
    for ending, column in _ARRAYS.items():
        some = numbers.filter(file.str.ends_with(f"_{ending}.npy"))
        some = some.select(
            file.str.strip_suffix(f"_{ending}.npy").alias("stem"), pl.col("number").alias(column)
        )
        table = table.join(some, on="stem", how="left", maintain_order="left")
    return _checked_arrays(table, f"{name}/annotations", found)


def _checked_arrays(table: pl.DataFrame, folder: str, found: list[Deviation]) -> pl.DataFrame:
    """Labels as words; a picture without a number, or with one outside its range, is told and left out."""
    expression, values = label_space("affectnet8"), label_space("affectnet_va")
    known = [float(code) for code in (*expression.codes, *expression.invalid)]
    legal = {"code": pl.col("code").is_in(known)}
    for column in values.columns:
        value = pl.col(column)
        legal[column] = value.is_between(values.low, values.high) | value.is_in(
            [float(mark) for mark in values.invalid]
        )
    good = pl.Series([True]).new_from_index(0, len(table))
    for (column, rule), ending in zip(legal.items(), _ARRAYS, strict=True):
        wrong = ~table.select(rule.fill_null(False).alias("fits"))["fits"]
        files = (
            table.filter(wrong).select(pl.lit(f"{folder}/") + pl.col("stem") + f"_{ending}.npy").to_series()
        )
        tell_files(found, files.to_list(), f"expected the {_SPOKEN[column]}", fatal=True)
        good &= ~wrong
    table = table.filter(good).with_columns(pl.col("code").cast(pl.Int64))
    return in_range(decode(table, expression, folder, found), values, folder, found).drop("line", "stem")


def mock(root: Path, *, seed: int = 0, release: Literal["lists", "arrays"] = "lists") -> None:
    """Drawn faces in either release, three without expression; the lists lack a picture and repeat a line."""
    codes = [*range(8), *range(8), 8, 9, 10, *range(8)]
    space = label_space("affectnet8")
    words = [space.from_code(code) or "neutral" for code in codes]
    faces = mock_faces(words, seed=seed, size=96)
    values = np.random.default_rng(seed).uniform(-1, 1, (len(codes), 2)).round(4)
    values[np.array(codes) > 7] = -2
    rows = list(zip(codes, faces, values.tolist(), strict=True))
    for place, (split, part) in enumerate((("train", rows[:-8]), ("val", rows[-8:]))):
        if release == "lists":
            _mock_list(root, split, part)
        else:
            _mock_arrays(root / list(FOLDERS)[place], part)


def _mock_list(root: Path, split: str, rows: list[tuple[int, np.ndarray, list[float]]]) -> None:
    name = next(name for name, of in LISTS.items() if of == split)
    lines = [",".join(HEADER)]
    for number, (code, face, (valence, arousal)) in enumerate(rows):
        file = f"{number % 3 + 1}/{split}{number:04d}.jpg"
        marks = ";".join(f"{place * 1.5:.2f}" for place in range(136))
        lines.append(f"{file},8,8,80,80,{marks},{code},{valence},{arousal}")
        if (split, number) != ("train", 2):
            write_picture(root / "Manually_Annotated_Images" / file, face)
    write_lines(root / name, [*lines, lines[1]], end="\r\n", last="\r\n")


def _mock_arrays(home: Path, rows: list[tuple[int, np.ndarray, list[float]]]) -> None:
    (home / "annotations").mkdir(parents=True)
    for number, (code, face, values) in enumerate(rows):
        write_picture(home / f"images/{number}.jpg", face)
        for ending, value in zip(_ARRAYS, (code, *values), strict=True):
            np.save(home / f"annotations/{number}_{ending}.npy", np.array(str(value)))
