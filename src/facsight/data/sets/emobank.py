"""EmoBank: English sentences of several kinds, rated for valence, arousal and dominance from 1 to 5.

The ratings are those of the combined file: of writers' and readers' views, weighted by the authors. They are
narrow: most lie within half a point of 3.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import in_range
from facsight.data.layout import need_one
from facsight.data.mock_files import write_lines
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each

VALUES = label_space("emobank_vad")
LISTS = ("emobank.csv", "corpus/emobank.csv", "emobank_train_dev.csv")
SPLITS = {"train": "train", "dev": "val", "test": "test"}
COLUMNS = {"id": "sample", "V": "valence", "A": "arousal", "D": "dominance"}

CARD = Card(
    name="emobank",
    title="EmoBank (sentences in valence, arousal and dominance)",
    kind="texts",
    labels=("emobank_vad",),
    people="writers of letters, news, fiction and blogs, not named; 10,062 sentences",
    licence="CC BY-SA 4.0 (sentences by their sources)",
    obtain="https://github.com/JULIELab/EmoBank (open)",
    layout="""
emobank.csv       or corpus/emobank.csv, or emobank_train_dev.csv without test: id,split,V,A,D,text
""",
    paper="Buechel and Hahn, EmoBank: studying the impact of annotation perspective and representation "
    "format on dimensional emotion analysis, EACL 2017, https://aclanthology.org/E17-2092",
    certainty="list of train and dev: seen by us. That of all three splits: as public readers take it.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The list in its order."""
    file = need_one(root, CARD, *LISTS)
    table = csv_of(root, file, found, [*COLUMNS, "split", "text"]).rename(COLUMNS)
    table = table.select("line", *COLUMNS.values(), "split", "text")
    splits = pl.col("split").is_in(list(SPLITS))
    table = keep(table, splits, file, found, "a split train, dev or test", "split")
    tell(found, file, table.filter(pl.col("text") == "")["line"], "there is no text here", fatal=False)
    table = in_range(first_of_each(table, "sample", file, found), VALUES, file, found)
    return table.with_columns(
        pl.col("split").replace_strict(SPLITS),
        pl.when(pl.col("text") != "").then(pl.col("text")).alias("text"),
    ).drop("line")


def mock(root: Path, *, seed: int = 0) -> None:
    """Sentences of all splits: quotes, commas and a line break in them, and one without words."""
    generator = np.random.default_rng(seed)
    texts = [
        "He said: No.",
        "Two, three, four",
        "First line\nsecond line",
        "",
        "Plain words",
        "Goodwill helps.",
    ]
    rows = []
    for k, text in enumerate(texts * 2):
        ratings = ",".join(f"{value:.2f}" for value in generator.uniform(2, 4, 3))
        quoted = '"' + text.replace('"', '""') + '"'
        rows.append(f"110CYL{k:03d}_{k}_{k + 9},{('train', 'dev', 'test')[k % 3]},{ratings},{quoted}")
    write_lines(root / LISTS[0], ["id,split,V,A,D,text", *rows])
