"""DVD: violence or none in every frame of videos (ABAW 9 and 10: VD)."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import FramePictures, listed, media_near
from facsight.data.frame_labels import LICENCE, rows_below
from facsight.data.label_columns import decode
from facsight.data.layout import VIDEOS, need
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.row_checks import with_frames
from facsight.data.text_rows import first_of_each, text_rows

SPACE = label_space("violence2")
SPLITS = {"Training": "train", "Validation": "val", "Test": "test"}
HEADER = ("Frame_Number", "Label")

CARD = Card(
    name="dvd",
    title="DVD, violence",
    kind="frames",
    labels=("violence2",),
    people="not told; several persons or none in a frame",
    licence=LICENCE,
    obtain="ask as told at https://affective-behavior-analysis-in-the-wild.github.io/10th/",
    layout="""
labels/Training/0001.csv            Frame_Number,Label, then 1,0 and so on; frames from 1
labels/Validation/...               labels/Test/... with the numbers of frames alone, if you have it
frames/Training/0001/00001.jpg      pictures, if you took them out of the videos
videos/0001.mp4                     any folder near the top; where there are no pictures, it is the path
""",
    paper="Kollias and others, DVD: a comprehensive dataset for advancing violence detection in "
    "real-world scenarios, 2025, https://arxiv.org/abs/2506.05372",
    certainty="the CSV a video, its header, frames from 1 and the folders labels and frames: as an "
    "entrant describes them. A frame is named <video>/<number>: submissions have a file a video with its "
    "numbers. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """Every frame of the label files, in their order; those of the test have no label."""
    need(root, CARD, "labels")
    media = media_near(root, VIDEOS)
    parts = [part for folder, split in SPLITS.items() for part in _split(root, folder, split, media, found)]
    if not parts:
        need(root, CARD, "labels/Training/<video>.csv")
    return pl.concat(parts, how="diagonal")


def _split(
    root: Path, folder: str, split: str, media: dict[str, str], found: list[Deviation]
) -> Iterator[pl.DataFrame]:
    there = [f"frames/{folder}"] if (root / "frames" / folder).is_dir() else []
    pictures = FramePictures(root, there)
    for name in listed(root / "labels" / folder):
        if not name.endswith(".csv"):
            continue
        file, video = f"labels/{folder}/{name}", name.removesuffix(".csv")
        rows = _tested(root, file, found) if split == "test" else _labelled(root, file, found)
        rows = first_of_each(rows, "frame", file, found)
        number = pl.col("frame").cast(pl.String)
        rows = with_frames(rows, file, found, first=1).with_columns(
            pl.concat_str(pl.lit(f"{video}/"), number).alias("sample"),
            pl.concat_str(number.str.zfill(5), pl.lit(".jpg")).alias("name"),
            pl.lit(split).alias("split"),
            pl.lit(video).alias("video"),
        )
        rows = pictures.located(rows, video, file, found)
        path = pl.coalesce("path", pl.lit(media.get(video), pl.String))
        yield rows.with_columns(path.alias("path")).drop("name", "line")


def _labelled(root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    rows, _ = rows_below(root, file, HEADER, ("frame", "code"), found)
    return decode(rows, SPACE, file, found)


def _tested(root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The numbers of frames, whatever else stands in their lines."""
    rows = text_rows(root / file, root, found, ("frame",), separator="\n", skip=1)
    return rows.with_columns(pl.col("frame").str.extract("^([^,]*)").str.strip_chars())


def mock(root: Path, *, seed: int = 0) -> None:
    """Four videos: a picture missing, a frame twice, Windows line ends, a test file without labels."""
    faces = mock_faces(["anger", "neutral", "fear", "neutral"], seed=seed, size=48)
    for number, (folder, face) in enumerate(
        zip(("Training", "Training", "Validation", "Test"), faces, strict=True)
    ):
        video = f"{number + 1:04d}"
        rows = [f"{frame},{int(3 <= frame <= 5 + number)}" for frame in range(1, 9)]
        if folder == "Test":
            rows = [f"{frame}," for frame in range(1, 9)]
        elif number == 0:
            rows.append(rows[-1])
        end = "\r\n" if number % 2 else "\n"
        write_lines(
            root / f"labels/{folder}/{video}.csv", ["Frame_Number,Label", *rows], end=end, last=end * 2
        )
        for frame in range(1, 9 if number else 8):
            write_picture(root / f"frames/{folder}/{video}/{frame:05d}.jpg", face)
