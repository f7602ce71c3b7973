"""MELD: utterances of a television series, each with one of seven emotions and a sentiment.

A sample is `train/dia0_utt0`: numbers of dialogues begin anew in each split. Rows of a dialogue stand in
order; `video` is the dialogue and `path` the clip of the utterance, where the clips are there.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.errors import MissingData
from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import decode_words
from facsight.data.layout import first_there, names_in, need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each

EMOTIONS, SENTIMENTS = label_space("meld7"), label_space("meld_sentiment3")
SPLITS = {"train": "train", "dev": "val", "test": "test"}
CLIPS = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
COLUMNS = ["Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"]

CARD = Card(
    name="meld",
    title="MELD (multimodal emotion lines dataset)",
    kind="texts",
    labels=("meld7", "meld_sentiment3"),
    people="the cast of one television series: six lead actors speak most of 13,708 utterances",
    licence="GPL-3.0 (texts and labels); the clips are of a television series",
    obtain="https://github.com/declare-lab/MELD (open)",
    layout="""
train_sent_emo.csv  dev_sent_emo.csv  test_sent_emo.csv     at least one; also in data/MELD, or named meld_...
train_splits/dia0_utt0.mp4  dev_splits_complete/  output_repeated_splits_test/    where there are clips
""",
    paper="Poria et al., MELD: a multimodal multi-party dataset for emotion recognition in "
    "conversations, ACL 2019, https://doi.org/10.18653/v1/P19-1050",
    certainty="lists of train and dev: seen by us. Names and folders of the clips: as public readers "
    "take them.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The lists that are there, one behind the other."""
    need(root, CARD)
    lists = {split: _list_of(root, split) for split in SPLITS}
    tables = [_split(root, file, split, found) for split, file in lists.items() if file]
    if not tables:
        need(root, CARD, "train_sent_emo.csv")
        raise MissingData(f"{root} has no list of MELD")
    return pl.concat(tables)


def _list_of(root: Path, split: str) -> str | None:
    name = f"{split}_sent_emo.csv"
    return first_there(root, name, f"meld_{name}", f"data/MELD/{name}", f"{split}/{name}")


def _split(root: Path, file: str, split: str, found: list[Deviation]) -> pl.DataFrame:
    table = csv_of(root, file, found, COLUMNS).select("line", *COLUMNS)
    numbers = pl.col("Dialogue_ID", "Utterance_ID").str.contains(r"^\d+$")
    table = keep(
        table, pl.all_horizontal(numbers), file, found, "numbers of dialogue and utterance", "Dialogue_ID"
    )
    name = pl.format("dia{}_utt{}", "Dialogue_ID", "Utterance_ID")
    table = table.with_columns(
        (pl.lit(f"{split}/") + name).alias("sample"),
        pl.lit(SPLITS[split]).alias("split"),
        pl.col("Speaker").alias("subject"),
        pl.format(f"{split}/dia{{}}", "Dialogue_ID").alias("video"),
        pl.col("Utterance").alias("text"),
        _path(root, file, split, table.with_columns(name.alias("name")), found),
    )
    table = first_of_each(table, "sample", file, found)
    table = decode_words(table, EMOTIONS, file, found, words="Emotion")
    table = decode_words(table, SENTIMENTS, file, found, words="Sentiment")
    return table.drop("line", "Utterance", "Speaker", "Dialogue_ID", "Utterance_ID")


def _path(root: Path, file: str, split: str, table: pl.DataFrame, found: list[Deviation]) -> pl.Series:
    """The clip of each row: null where there is none, which is told if others of the split have one."""
    folder = first_there(root, CLIPS[split], f"{split}/{CLIPS[split]}", f"data/MELD/{CLIPS[split]}")
    there = names_in(root / folder) if folder else set()
    names = (table["name"] + ".mp4").alias("path")
    absent = ~names.is_in(list(there))
    if there:
        tell(found, file, table["line"].filter(absent), "there is no clip of this utterance", fatal=False)
    return table.select(pl.when(~absent).then(pl.lit(f"{folder}/") + names).alias("path"))["path"]


def mock(root: Path, *, seed: int = 0) -> None:
    """Dialogues in all splits: quoted commas, a clip missing, an utterance twice, Windows line ends."""
    generator = np.random.default_rng(seed)
    header = (
        "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
    )
    emotions = ["neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger"]
    for split, dialogues in (("train", 3), ("dev", 2), ("test", 2)):
        rows = []
        for dialogue in range(dialogues):
            for utterance in range(4):
                emotion = emotions[(4 * dialogue + utterance) % 7]
                sentiment = {"neutral": "neutral", "joy": "positive"}.get(emotion, "negative")
                times = f'"00:00:0{utterance},000","00:00:0{utterance},500"'
                said = f'"Well, this is {emotion}’s turn {dialogue}.{utterance}."'
                place = f"{dialogue},{utterance},1,1,{times}"
                rows.append(f"{len(rows) + 1},{said},Speaker {utterance % 2},{emotion},{sentiment},{place}")
                if utterance < 3 or dialogue:
                    path = root / CLIPS[split] / f"dia{dialogue}_utt{utterance}.mp4"
                    write_clip(path, generator, frames=2)
        write_lines(root / f"{split}_sent_emo.csv", [header, *rows, rows[-1]], end="\r\n")
