"""Face Research Lab London set: studio portraits of 102 adults, neutral and smiling."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_rows
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell, tell_files
from facsight.data.layout import files_below, need, where_there
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.text_rows import first_of_each

FOLDERS = {"neutral_front": "neutral", "smiling_front": "happiness"}
INFO = "london_faces_info.csv"

CARD = Card(
    name="london",
    title="Face Research Lab London set",
    kind="photos",
    labels=("london2",),
    people="102 adults with self-reported age, gender and ethnicity; all signed consent to research use",
    licence="CC BY 4.0",
    obtain="https://doi.org/10.6084/m9.figshare.5047666",
    layout="""
neutral_front/001_03.jpg                      1350 x 1350
smiling_front/001_08.jpg
london_faces_info.csv                         face_id, face_age, face_gender, face_eth (optional)
or prepared
  images/001_03.jpg
  labels.csv                                  image, subject, label, and what else is known of each
""",
    paper="DeBruine and Jones, Face Research Lab London Set, 2017, "
    "https://doi.org/10.6084/m9.figshare.5047666",
    certainty="names of folders and pictures: as readers of others take them; columns of "
    "london_faces_info.csv: from memory. The set has no official split. Its other views (profiles, three "
    "quarters) are not read.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The portraits from the front; further columns (age, hand-placed points) keep their names."""
    need(root, CARD)
    if (root / "labels.csv").is_file():
        return _read_prepared(root, found)
    need(root, CARD, "neutral_front")
    return _read_folders(root, found)


def _read_prepared(root: Path, found: list[Deviation]) -> pl.DataFrame:
    table = csv_rows(root / "labels.csv", root, found, ["image", "subject", "label"], optional=None)
    known = table["label"].is_in(FOLDERS.values()).fill_null(False) & table["image"].is_not_null()
    tell(found, "labels.csv", table["line"].filter(~known), "expected a picture, neutral or happiness")
    table = first_of_each(table.filter(known), "image", "labels.csv", found)
    points = [name for name in table.columns if name.endswith(("_x", "_y"))]
    table = table.with_columns(pl.col(points).cast(pl.Float32, strict=False))
    table = table.with_columns(pl.col("image").alias("path")).rename(
        {"image": "sample", "label": "expression"}
    )
    return where_there(table.drop("line"), set(files_below(root, (".jpg", ".png"))), found)


def _read_folders(root: Path, found: list[Deviation]) -> pl.DataFrame:
    rows, strange = [], []
    for folder, expression in FOLDERS.items():
        for name in files_below(root / folder, ".jpg") if (root / folder).is_dir() else []:
            person = name.rsplit("/", 1)[-1].split("_")[0]
            path = f"{folder}/{name}"
            if person.isdecimal():
                rows.append((path, path, f"london_{person}", expression))
            else:
                strange.append(path)
    tell_files(found, strange, "expected a name such as 001_03.jpg")
    table = pl.DataFrame(rows, schema=["sample", "path", "subject", "expression"], orient="row")
    return _with_people(table, root, found) if (root / INFO).is_file() else table


def _with_people(table: pl.DataFrame, root: Path, found: list[Deviation]) -> pl.DataFrame:
    """Age, gender and ethnicity beside each portrait."""
    columns = {"face_age": "age", "face_gender": "gender", "face_eth": "ethnicity"}
    people = csv_rows(root / INFO, root, found, ["face_id"], optional=list(columns))
    people = people.rename(columns, strict=False).with_columns(
        pl.format("london_{}", pl.col("face_id").str.strip_prefix("X").str.zfill(3)).alias("subject")
    )
    people = first_of_each(people, "subject", INFO, found).drop("line", "face_id")
    return table.join(people, on="subject", how="left", maintain_order="left")


def mock(root: Path, *, seed: int = 0) -> None:
    """Six drawn people, one of whom does not smile, in the published folders."""
    space = label_space("london2")
    for place, (folder, expression) in enumerate(FOLDERS.items()):
        people = range(6 - place)
        faces = mock_faces([expression] * len(people), seed=seed + place, size=128, persons=people)
        for person, face in zip(people, faces, strict=True):
            ending = ("03", "08")[space.index(expression)]
            write_picture(root / folder / f"{person + 1:03d}_{ending}.jpg", face)
    rows = [f"{person + 1:03d},{20 + person},{('female', 'male')[person % 2]},white" for person in range(6)]
    write_lines(root / INFO, ["face_id,face_age,face_gender,face_eth", *rows], end="\r\n", last="\r\n")
