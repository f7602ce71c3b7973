"""MAFW: clips of films and the web, each with one of eleven expressions by eleven annotators."""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import base_name, clips_in, folders_near, lists_near
from facsight.data.label_columns import decode_words
from facsight.data.layout import need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.text_rows import first_of_each, text_rows

SPACE = label_space("mafw11")
LIST = "single/no_caption/set_{}/{}.txt"

CARD = Card(
    name="mafw",
    title="MAFW, single labels",
    kind="clips",
    labels=("mafw11",),
    people="not named; clips of films and of the web",
    licence="research only, by an agreement",
    obtain="send the agreement of https://github.com/MAFW-database/MAFW to the authors",
    layout="""
Train & Test Set/single/no_caption/set_1/train.txt, test.txt ... set_5     00025.mp4 anger
data/clips/00025.mp4          (any folder clips near the top, or frames/00025/*.jpg)
""",
    paper="Liu and others, MAFW: a large-scale, multi-modal, compound affective database for dynamic "
    "facial expression recognition in the wild, ACM MM 2022, https://arxiv.org/abs/2208.00847",
    certainty="lists, their rows and the order of the classes: as several readers agree, with the sizes "
    "that one of them reports. Several labels a clip (compound/), captions and the workbooks of votes are "
    "not read. Never opened here.",
)


def read(root: Path, found: list[Deviation], *, fold: int = 1) -> pl.DataFrame:
    """The lists of one of five folds, train and test.

    A sample's file is its clip, or the folder of its frames.
    """
    need(root, CARD)
    files = lists_near(root, depth=6)
    lists = {split: _named(files, LIST.format(fold, split)) for split in ("train", "test")}
    absent = [LIST.format(fold, split) for split, file in lists.items() if file is None]
    if absent:
        need(root, CARD, f"Train & Test Set/{absent[0]}")
    clips = _clips(root, found)
    parts = [_list(root, file, split, clips, found) for split, file in lists.items() if file]
    return first_of_each(pl.concat(parts), "sample", LIST.format(fold, "test"), found).drop("line")


def _named(files: list[str], ending: str) -> str | None:
    return next((file for file in files if f"/{file}".endswith(f"/{ending}")), None)


def _clips(root: Path, found: list[Deviation]) -> dict[str, str]:
    near = folders_near(root)
    folder = next((f for kind in ("clips", "frames") for f in near if base_name(f) == kind), None)
    if folder is None:
        found.append(Deviation("data/clips", "no such folder: no sample has a file", fatal=False))
    return clips_in(root, folder) if folder else {}


def _list(root: Path, file: str, split: str, clips: dict[str, str], found: list[Deviation]) -> pl.DataFrame:
    rows = decode_words(
        text_rows(root / file, root, found, ["sample", "word"]), SPACE, file, found, words="word"
    )
    name = pl.col("sample").str.strip_suffix(".mp4")
    rows = rows.with_columns(
        pl.lit(split).alias("split"),
        name.alias("video"),
        name.replace_strict(clips, default=None, return_dtype=pl.String).alias("path"),
    )
    if clips:
        tell(found, file, rows.filter(pl.col("path").is_null())["line"], "no file of this clip", fatal=False)
    return rows


def mock(root: Path, *, seed: int = 0) -> None:
    """Fifteen clips in five folds: one without a file, Windows line ends."""
    generator = np.random.default_rng(seed)
    rows = [f"{k + 25:05d}.mp4 {SPACE.classes[k % len(SPACE)]}" for k in range(15)]
    for fold in range(5):
        test = rows[3 * fold : 3 * fold + 3]
        for split, lines in (("train", [row for row in rows if row not in test]), ("test", test)):
            path = root / "Train & Test Set" / LIST.format(fold + 1, split)
            write_lines(path, lines, end="\r\n", last="\r\n\r\n")
    for row in rows[1:]:
        write_clip(root / "data/clips" / row.split()[0], generator, frames=3)
