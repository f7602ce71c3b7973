"""SEWA as given to AVEC: people who talk about adverts; valence, arousal and liking ten times a second."""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import first_line, listed, media_near
from facsight.data.label_columns import in_range
from facsight.data.layout import SOUNDS, VIDEOS, need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.text_rows import text_rows
from facsight.data.traces import at_moments

SPACE = label_space("sewa3")
COLUMNS = ("name", "time", "arousal", "valence", "liking")
PARTS = {"Train": "train", "Devel": "val", "Test": "test"}

CARD = Card(
    name="sewa",
    title="SEWA, traces of valence, arousal and liking",
    kind="recordings",
    labels=("sewa3",),
    people="64 Germans in AVEC 2017; in 2019 also 66 Hungarians; one recording each",
    licence="research only, by an agreement",
    obtain="ask as told at https://db.sewaproject.eu/",
    layout="""
labels/Train_DE_01.csv      name;timestamp;arousal;valence;liking, then a row a tenth of a second
labels/Devel_HU_01.csv      (AVEC 2017: Train_01.csv, without a header)
video/Train_DE_01.mp4       any folder near the top, or a sound
""",
    paper="Ringeval and others, AVEC 2019 workshop and challenge, AVEC 2019, "
    "https://arxiv.org/abs/1907.11510",
    certainty="files, separator and the names of the values: as the organisers' baseline of 2019 reads "
    "them; for 2017 the order arousal, valence, liking as the organisers' baseline of that year. The "
    "other headings, the range and the folder of recordings are assumed. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """Every moment of every recording, file by file."""
    need(root, CARD, "labels")
    files = [
        name for name in listed(root / "labels") if name.partition("_")[0] in PARTS and name.endswith(".csv")
    ]
    if not files:
        need(root, CARD, "labels/Train_DE_01.csv")
    table = pl.concat([_recording(root, name.removesuffix(".csv"), found) for name in files])
    media = media_near(root, SOUNDS) | media_near(root, VIDEOS)
    path = pl.col("video").replace_strict(media, default=None, return_dtype=pl.String)
    table = table.with_columns(path.alias("path"))
    absent = table.filter(pl.col("path").is_null())["video"].unique(maintain_order=True)
    if len(absent):
        found.append(Deviation("labels", f"no recording of {', '.join(absent[:5])}", fatal=False))
    return table


def _recording(root: Path, recording: str, found: list[Deviation]) -> pl.DataFrame:
    file = f"labels/{recording}.csv"
    columns, skip = _columns(root / file)
    table = text_rows(root / file, root, found, columns, separator=";", skip=skip)
    table = in_range(at_moments(table, recording, file, found), SPACE, file, found)
    return table.select(
        "sample",
        pl.lit(PARTS[recording.partition("_")[0]]).alias("split"),
        pl.lit(recording).alias("subject"),
        "video",
        "start",
        *SPACE.columns,
    )


def _columns(path: Path) -> tuple[tuple[str, ...], int]:
    """The columns of a file and how many lines come before its rows; the second column is the time."""
    names = [name.strip().strip("'\"").lower() for name in first_line(path).split(";")]
    if set(SPACE.columns) <= set(names[2:]):
        return ("name", "time", *names[2:]), 1
    return COLUMNS, 0


def mock(root: Path, *, seed: int = 0) -> None:
    """Three recordings of 20 moments: one without a header, Windows line ends, a blank last line."""
    generator = np.random.default_rng(seed)
    for number, recording in enumerate(("Train_DE_01", "Train_HU_01", "Devel_DE_01")):
        values = np.sin(np.arange(20)[:, None] / 5 + np.arange(3) + number) / 2
        rows = [
            f"'{recording}';{k / 10:.1f};" + ";".join(f"{value:.4f}" for value in row)
            for k, row in enumerate(values)
        ]
        header = [] if number == 1 else ["name;timestamp;arousal;valence;liking"]
        write_lines(root / f"labels/{recording}.csv", [*header, *rows], end="\r\n", last="\r\n\r\n")
        write_clip(root / f"video/{recording}.mp4", generator, frames=4)
