"""VEATIC: films and home videos, valence and arousal of a person in them traced for every frame."""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import FramePictures, first_line, listed, media_near
from facsight.data.label_columns import in_range
from facsight.data.layout import VIDEOS, first_there, need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.text_rows import text_rows

SPACE = label_space("va")
RATINGS = "rating_averaged"
TRAIN = 0.7

CARD = Card(
    name="veatic",
    title="VEATIC, valence and arousal in context",
    kind="frames",
    labels=("va",),
    people="not named; 124 videos, one selected person in each",
    licence="research only",
    obtain="download as told at https://veatic.github.io/",
    layout="""
rating_averaged/0_valence.csv, 0_arousal.csv     a row a frame: its place, and the mean of the raters
videos/0.mp4                                     (or video/)
frames/0/0.jpg                                   if you took them out; where there are, they are the paths
""",
    paper="Ren and others, VEATIC: video-based emotion and affect tracking in context dataset, WACV 2024, "
    "https://arxiv.org/abs/2309.06745",
    certainty="files, the second number of a row as the value, row k as picture k from 0, and the first "
    "70 % of each video as train, the rest as test: as the authors' code has them (which counts pictures, "
    "here rows). A row of one number is taken as the value. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """Every frame that has both ratings, video by video."""
    need(root, CARD, RATINGS)
    names = [
        name.removesuffix("_valence.csv") for name in listed(root / RATINGS) if name.endswith("_valence.csv")
    ]
    if not names:
        need(root, CARD, f"{RATINGS}/0_valence.csv")
    pictures = FramePictures(root, [folder for folder in ("frames", "frame") if (root / folder).is_dir()])
    media = media_near(root, VIDEOS)
    videos = sorted(names, key=lambda name: (len(name), name))
    table = pl.concat([_video(root, video, pictures, media, found) for video in videos])
    absent = table.filter(pl.col("path").is_null())["video"].unique(maintain_order=True)
    if len(absent) and not pictures.folders:
        told = f"no video of {', '.join(absent[:5])}"
        found.append(Deviation(first_there(root, "videos", "video") or "videos", told, fatal=False))
    return table


def _video(
    root: Path, video: str, pictures: FramePictures, media: dict[str, str], found: list[Deviation]
) -> pl.DataFrame:
    files = {name: f"{RATINGS}/{video}_{name}.csv" for name in SPACE.columns}
    tables = [_ratings(root, file, name, found) for name, file in files.items()]
    if len(tables[0]) != len(tables[1]):
        told = f"{len(tables[0])} rows, and {len(tables[1])} in {files['arousal']}: the others are left out"
        found.append(Deviation(files["valence"], told, fatal=False))
    rows = tables[0].join(tables[1].drop("line"), on="frame", how="inner", maintain_order="left")
    train = pl.col("frame") < int(len(rows) * TRAIN)
    number = pl.col("frame").cast(pl.String)
    rows = in_range(rows, SPACE, files["valence"], found).with_columns(
        pl.concat_str(pl.lit(f"{video}/"), number).alias("sample"),
        pl.when(train).then(pl.lit("train")).otherwise(pl.lit("test")).alias("split"),
        pl.lit(video).alias("video"),
        pl.concat_str(number, pl.lit(".jpg")).alias("name"),
    )
    rows = pictures.located(rows, video, files["valence"], found)
    path = pl.coalesce("path", pl.lit(media.get(video), pl.String))
    return rows.with_columns(path.alias("path")).drop("name", "line")


def _ratings(root: Path, file: str, name: str, found: list[Deviation]) -> pl.DataFrame:
    """A value a frame, the frame counted from 0 by the line."""
    if not (root / file).is_file():
        found.append(Deviation(file, "no such file, though there is one of the other rating"))
        return pl.DataFrame(schema={"line": pl.Int64, name: pl.String, "frame": pl.Int32})
    columns = ("place", name) if "," in first_line(root / file) else (name,)
    table = text_rows(root / file, root, found, columns, separator=",")
    return table.select("line", name, (pl.col("line") - 1).cast(pl.Int32).alias("frame"))


def mock(root: Path, *, seed: int = 0) -> None:
    """Three videos of ten rows: one with pictures but for the last, one with a row more in arousal."""
    generator = np.random.default_rng(seed)
    face = mock_faces(["neutral"], seed=seed, size=48)[0]
    for number, video in enumerate(("0", "2", "10")):
        for quantity in SPACE.columns:
            count = 11 if (video, quantity) == ("2", "arousal") else 10
            values = np.sin(np.arange(count) / 3 + number) / 2
            rows = [f"{k},{value:.5f}" for k, value in enumerate(values)]
            write_lines(root / RATINGS / f"{video}_{quantity}.csv", rows, end="\r\n", last="\r\n\r\n")
        write_clip(root / f"videos/{video}.mp4", generator, frames=10)
    for frame in range(9):
        write_picture(root / f"frames/0/{frame}.jpg", face)
