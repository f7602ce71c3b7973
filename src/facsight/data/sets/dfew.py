"""DFEW: clips of films, each with one of seven expressions by ten annotators."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import clips_in
from facsight.data.label_columns import decode
from facsight.data.layout import first_there, need, need_one
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.text_rows import first_of_each

SPACE = label_space("dfew7")
LISTS = ("EmoLabel_DataSplit/{}(single-labeled)/set_{}.csv", "label/single_{}set_{}.csv")
CLIPS = ("clip_224x224", "jpg_256", "clip_224x224_16f", "clip_224x16f", "clip_224x224_avi")

CARD = Card(
    name="dfew",
    title="DFEW, single-labelled clips",
    kind="clips",
    labels=("dfew7",),
    people="actors, not named; a film gives several clips, so that a person may be in both splits",
    licence="research only, by an agreement that a full-time member of an institution signs",
    obtain="ask as told at https://dfew-dataset.github.io/",
    layout="""
EmoLabel_DataSplit/train(single-labeled)/set_1.csv ... set_5.csv     video_name,label with 1 happy to 7 fear
EmoLabel_DataSplit/test(single-labeled)/set_1.csv ... set_5.csv      (or label/single_trainset_1.csv ...)
Clip/clip_224x224/00001/*.jpg    (or jpg_256, clip_224x224_16f, clip_224x224_avi/00001.avi; or data/00001/)
""",
    paper="Jiang and others, DFEW: a large-scale database for recognizing dynamic facial expressions in "
    "the wild, ACM MM 2020, https://arxiv.org/abs/2008.05924",
    certainty="lists, codes, five digits and both layouts: as the authors' code and several readers have "
    "them. The votes of annotation.xlsx and the films of Clip/original are not read. Never opened here.",
)


def read(root: Path, found: list[Deviation], *, fold: int = 1) -> pl.DataFrame:
    """The lists of one of five folds, train and test; the other four give their mean.

    A sample's file is its clip, or the folder of its frames.
    """
    need(root, CARD)
    lists = {
        split: need_one(root, CARD, *(name.format(split, fold) for name in LISTS))
        for split in ("train", "test")
    }
    folder = first_there(root, *(f"Clip/{name}" for name in CLIPS), "data")
    if folder is None:
        found.append(Deviation("Clip", "no such folder: no sample has a file", fatal=False))
    clips = clips_in(root, folder) if folder else {}
    table = pl.concat([_list(root, file, split, clips, found) for split, file in lists.items()])
    return first_of_each(table, "sample", " and ".join(lists.values()), found).drop("line")


def _list(root: Path, file: str, split: str, clips: dict[str, str], found: list[Deviation]) -> pl.DataFrame:
    rows = csv_of(root, file, found, ("video_name", "label")).rename({"label": "code"})
    number = pl.col("video_name").str.extract(r"^0*(\d+)$").str.zfill(5)
    rows = rows.with_columns(number.alias("sample"))
    tell(found, file, rows.filter(pl.col("sample").is_null())["line"], "expected the number of a clip")
    rows = decode(rows.drop_nulls("sample"), SPACE, file, found).select(
        "line",
        "sample",
        pl.lit(split).alias("split"),
        pl.col("sample").alias("video"),
        pl.col("sample").replace_strict(clips, default=None, return_dtype=pl.String).alias("path"),
        SPACE.column,
    )
    if clips:
        tell(found, file, rows.filter(pl.col("path").is_null())["line"], "no file of this clip", fatal=False)
    return rows


def mock(root: Path, *, seed: int = 0) -> None:
    """Ten clips of four frames, in five folds: one clip without frames, Windows line ends."""
    faces = mock_faces([SPACE.classes[k % 7] for k in range(10)], seed=seed, size=48)
    rows = [f"{k + 1},{SPACE.codes[k % 7]}" for k in range(10)]
    for fold in range(5):
        test = rows[2 * fold : 2 * fold + 2]
        train = [row for row in rows if row not in test]
        for split, lines in (("train", train), ("test", test)):
            path = root / LISTS[0].format(split, fold + 1)
            write_lines(path, ["video_name,label", *lines], end="\r\n", last="\r\n\r\n")
    for number, face in enumerate(faces[:-1], start=1):
        for frame in range(4):
            write_picture(root / f"Clip/clip_224x224/{number:05d}/{frame + 1:05d}.jpg", face)
