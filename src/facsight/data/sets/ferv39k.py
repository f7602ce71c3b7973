"""FERV39k: clips of films and the web in 22 scenes, each with one of seven expressions."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import base_name, folders_near, listed, lists_near, stays_inside
from facsight.data.label_columns import decode_words
from facsight.data.layout import need, where_there
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.text_rows import first_of_each, text_rows

SPACE = label_space("ferv39k7")
LISTS = {"train_All.csv": "train", "test_All.csv": "test"}
CLIPS = "2_ClipsforFaceCrop"

CARD = Card(
    name="ferv39k",
    title="FERV39k, clips of 22 scenes",
    kind="clips",
    labels=("ferv39k7",),
    people="not named; clips of films and of the web",
    licence="research only",
    obtain="write to the authors from a university address as told at https://github.com/wangyanckxx/FERV39k",
    layout="""
4_setups/All_scenes/train_All.csv, test_All.csv     Action/Sad/0010 Sad   (also below another folder)
2_ClipsforFaceCrop/Action/Sad/0010/*.jpg            (also once more below a folder of that name)
""",
    paper="Wang and others, FERV39k: a large-scale multi-scene dataset for facial expression recognition "
    "in videos, CVPR 2022, https://arxiv.org/abs/2203.09463",
    certainty="lists without a header, their rows and the folders of frames: as several readers agree; "
    "some skip a first line, so that a header is looked for. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The lists of all scenes in their order; a sample's file is the folder of its frames."""
    need(root, CARD)
    lists = {base_name(file): file for file in reversed(lists_near(root, ".csv", depth=4))}
    if not set(LISTS) <= set(lists):
        need(root, CARD, *(f"4_setups/All_scenes/{name}" for name in LISTS if name not in lists))
    table = pl.concat([_list(root, lists[name], split, found) for name, split in LISTS.items()])
    table = first_of_each(table, "sample", " and ".join(lists[name] for name in LISTS), found)
    return _with_clips(table.drop("line"), root, found)


def _list(root: Path, file: str, split: str, found: list[Deviation]) -> pl.DataFrame:
    rows = text_rows(root / file, root, found, ["sample", "word"])
    clip = pl.col("sample").str.contains(r"^[^/]+/[^/]+/[^/]+$")
    header = rows[:1].filter(~clip)
    if len(header):
        found.append(Deviation(file, "expected no header", 1, fatal=False))
    rows = rows[len(header) :]
    tell(found, file, rows.filter(~clip)["line"], "expected a clip such as Action/Sad/0010")
    rows = rows.filter(clip)
    other = rows.filter(pl.col("sample").str.split("/").list.get(1) != pl.col("word"))
    tell(found, file, other["line"], "the clip lies in the folder of another expression", fatal=False)
    rows = decode_words(rows, SPACE, file, found, words="word")
    return rows.with_columns(pl.lit(split).alias("split"), pl.col("sample").alias("video"))


def _with_clips(table: pl.DataFrame, root: Path, found: list[Deviation]) -> pl.DataFrame:
    near = [folder for folder in folders_near(root, 2) if base_name(folder).startswith(CLIPS)]
    if not near:
        found.append(Deviation(CLIPS, "no such folder: no sample has a file", fatal=False))
        return table
    above = [folder for folder in table["sample"].str.replace("/[^/]+$", "").unique() if stays_inside(folder)]
    there = {f"{near[-1]}/{folder}/{name}" for folder in above for name in listed(root / near[-1] / folder)}
    table = table.with_columns(pl.concat_str(pl.lit(near[-1] + "/"), pl.col("sample")).alias("path"))
    return where_there(table, there, found, what="clip")


def mock(root: Path, *, seed: int = 0) -> None:
    """Fourteen clips of three frames in two scenes: one without frames, Windows line ends."""
    words = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise") * 2
    faces = mock_faces([SPACE.classes[k % 7] for k in range(14)], seed=seed, size=48)
    rows = [f"{'Action' if k < 7 else 'Talkshow'}/{word}/{k:04d} {word}" for k, word in enumerate(words)]
    for name, lines in (("train_All.csv", rows[:9]), ("test_All.csv", rows[9:])):
        write_lines(root / "4_setups/All_scenes" / name, lines, end="\r\n", last="\r\n\r\n")
    for row, face in zip(rows[1:], faces[1:], strict=True):
        for frame in range(3):
            write_picture(root / CLIPS / row.split()[0] / f"{frame}.jpg", face)
