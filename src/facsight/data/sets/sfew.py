"""SFEW 2.0: stills of films, each with one of seven expressions; folders say which.

A still is named after its film: Airheads_000519240_00000005.png. `video` is the film; train and val have no
film in common. The test part has no labels.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell_files
from facsight.data.label_columns import decode_words
from facsight.data.layout import PICTURES, first_there, need, paths_below
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_picture

EXPRESSIONS = label_space("afew7")
SPLITS = {"Train": "train", "Val": "val", "Test": "test"}

CARD = Card(
    name="sfew",
    title="SFEW 2.0 (static facial expressions in the wild)",
    kind="photos",
    labels=("afew7",),
    people="actors in films, not named; 958 train, 436 val and 372 test stills",
    licence="research only, by agreement",
    obtain="ask at https://cs.anu.edu.au/few/ (signed by a faculty member)",
    layout="""
Train/Train_Aligned_Faces/Angry/Airheads_000519240_00000005.png     also Train/Angry/...
Val/Val_Aligned_Faces_new/Happy/...                                 also Val_Aligned_Faces
Test/Test_Aligned_Faces/...                                         without classes
""",
    paper="Dhall, Ramana Murthy, Goecke, Joshi and Gedeon, Video and image based emotion recognition "
    "challenges in the wild: EmotiW 2015, ICMI 2015, https://doi.org/10.1145/2818346.2829994",
    certainty="never seen by us. Folders and names as several public readers take them.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The stills of each part, class by class."""
    need(root, CARD)
    parts = [_part(root, name, split, found) for name, split in SPLITS.items() if _folder(root, name)]
    if not parts:
        need(root, CARD, "Train/Train_Aligned_Faces")
    return pl.concat(parts)


def _folder(root: Path, name: str) -> str | None:
    aligned = (f"{name}_Aligned_Faces_new", f"{name}_Aligned_Faces")
    return first_there(root, *(f"{name}/{folder}" for folder in aligned), *aligned, name)


def _part(root: Path, name: str, split: str, found: list[Deviation]) -> pl.DataFrame:
    folder = _folder(root, name) or name
    paths = paths_below(root, folder, PICTURES)
    table = pl.DataFrame({"path": paths}, schema={"path": pl.String})
    inside = pl.col("path").str.strip_prefix(f"{folder}/")
    table = table.with_columns(
        (pl.lit(f"{name}/") + pl.col("path").str.extract(r"([^/]+)\.\w+$")).alias("sample"),
        pl.lit(split).alias("split"),
        pl.col("path").str.extract(r"([^/]+?)_\d+_\d+\.\w+$").alias("video"),
        inside.str.extract("^([^/]+)/").fill_null("").alias("word"),
        pl.int_range(pl.len()).alias("line"),
    )
    unnamed = table.filter(pl.col("word") == "")["path"].to_list() if split != "test" else []
    tell_files(found, unnamed, "expected a still in a folder of its class", fatal=True)
    table = table.filter(~pl.col("path").is_in(unnamed))
    again = table.filter(~pl.col("sample").is_first_distinct())["path"].to_list()
    tell_files(found, again, "a still of this name has another class, too; the first is taken")
    table = table.unique("sample", keep="first", maintain_order=True)
    return decode_words(table, EXPRESSIONS, folder, found).drop("line")


def mock(root: Path, *, seed: int = 0) -> None:
    """All classes in train and val, a test part without, names of films with blanks in them."""
    generator = np.random.default_rng(seed)
    words = ["Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise"]
    for k, word in enumerate(words):
        for name, folder, film in (
            ("Train", "Train_Aligned_Faces", "Airheads"),
            ("Val", "Val_Aligned_Faces_new", "Bridesmaids"),
        ):
            still = f"{film}_{k:09d}_0000000{k}.png"
            write_picture(root / name / folder / word / still, noise(generator))
    for k in range(2):
        still = f"Pretty in Pink_{k:09d}_00000001.png"
        write_picture(root / "Test/Test_Aligned_Faces" / still, noise(generator))
