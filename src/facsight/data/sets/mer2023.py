"""MER 2023: clips of Chinese films and series, each with one of six emotions and, mostly, a valence.

The three test parts are clean, with noise, and drawn from clips without labels; all are the split test.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import decode_words, in_range
from facsight.data.layout import VIDEOS, need, paths_below
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.text_rows import first_of_each

EMOTIONS, VALENCE = label_space("mer2023"), label_space("mer_valence")
SPLITS = {"train": "train", "test1": "test", "test2": "test", "test3": "test"}

CARD = Card(
    name="mer2023",
    title="MER 2023 (multimodal emotion recognition challenge)",
    kind="clips",
    labels=("mer2023", "mer_valence"),
    people="actors in films and series, not named; 3,373 labelled train clips, 411, 412 and 834 test clips",
    licence="research only, by agreement",
    obtain="ask the organisers, https://github.com/zeroQiaoba/MERTools",
    layout="""
train-label.csv        name,discrete,valence      (test3-label.csv without valence)
train/sample_00000001.avi
test1-label.csv  test1/  test2-label.csv  test2/  test3-label.csv  test3/
""",
    paper="Lian et al., MER 2023: multi-label learning, modality robustness, and semi-supervised "
    "learning, ACM Multimedia 2023, https://arxiv.org/abs/2304.08981",
    certainty="never seen by us. Names of lists, folders and columns as the organisers' own code takes "
    "them; the range of the valence (-5 to 5) is assumed.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The lists that are there, train first. A sample is `train/sample_00000001`: parts number alike."""
    need(root, CARD)
    parts = [_part(root, part, split, found) for part, split in SPLITS.items() if _list_of(root, part)]
    if not parts:
        need(root, CARD, "train-label.csv")
    return pl.concat(parts)


def _list_of(root: Path, part: str) -> str | None:
    return f"{part}-label.csv" if (root / f"{part}-label.csv").is_file() else None


def _part(root: Path, part: str, split: str, found: list[Deviation]) -> pl.DataFrame:
    file = f"{part}-label.csv"
    table = csv_of(root, file, found, ["name", "discrete"])
    rated = "valence" in table.columns
    table = table.select("line", "name", "discrete", *(["valence"] if rated else []))
    table = table.with_columns(
        (pl.lit(f"{part}/") + pl.col("name")).alias("sample"), pl.lit(split).alias("split")
    )
    table = decode_words(first_of_each(table, "sample", file, found), EMOTIONS, file, found, words="discrete")
    if rated:
        table = in_range(table, VALENCE, file, found)
    else:
        table = table.with_columns(pl.lit(None, pl.Float32).alias("valence"))
    there = {Path(path).stem: path for path in paths_below(root, part, VIDEOS)}
    path = pl.col("name").replace_strict(there, default=None, return_dtype=pl.String).alias("path")
    table = table.with_columns(path)
    absent = table.filter(pl.col("path").is_null())["line"]
    tell(found, file, absent, "there is no clip of this name", fatal=False)
    return table.select(
        "sample", "split", pl.col("sample").alias("video"), "path", EMOTIONS.column, "valence"
    )


def mock(root: Path, *, seed: int = 0) -> None:
    """All emotions in train and two test parts, one without valence; a clip missing."""
    generator = np.random.default_rng(seed)
    words = ["neutral", "angry", "happy", "sad", "worried", "surprise"]
    for part in ("train", "test1", "test3"):
        rows = ["name,discrete" if part == "test3" else "name,discrete,valence"]
        for k, word in enumerate(words):
            name = f"sample_{k:08d}"
            rated = "" if part == "test3" else f",{generator.uniform(-5, 5):.2f}"
            rows.append(f"{name},{word}{rated}")
            if k or part != "train":
                write_clip(root / part / f"{name}.avi", generator, frames=3)
        write_lines(root / f"{part}-label.csv", rows)
