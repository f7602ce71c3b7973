"""BAH, a label a video: people who answer seven questions, with or without ambivalence or hesitancy."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import base_name, lists_near
from facsight.data.label_columns import decode
from facsight.data.layout import VIDEOS, need, paths_below, where_there
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.text_rows import file_lines, first_of_each

SPACE = label_space("bah2")
FOLDERS = ("split", "dataset-splits/video-level/BAH_DB/split-0", "folds/BAH_DB/split-0")
PEOPLE = "300 persons of Canada (224 in the first version), named by number; up to seven videos each"
LICENCE = "research only, by an agreement that a full-time member of a faculty signs"
OBTAIN = "the form at https://github.com/LIVIAETS/bah-dataset"
PAPER = (
    "González-González and others, BAH dataset for ambivalence/hesitancy recognition in videos for digital "
    "behavioural change, ICLR 2026, https://arxiv.org/abs/2505.19328"
)

CARD = Card(
    name="bah_video",
    title="BAH, a label a video",
    kind="clips",
    labels=("bah2",),
    people=PEOPLE,
    licence=LICENCE,
    obtain=OBTAIN,
    layout="""
split/train.txt, val.txt, test.txt       <video>,<0 or 1>,<what is said, commas and all>
                                         (or dataset-splits/video-level/BAH_DB/split-0/)
Videos/<person>/Visite_1/<person>_Question_<number>_<time>_Video.mp4
""",
    paper=PAPER,
    certainty="lists and names of videos: read in the authors' public lists, which are of the first "
    "version (616, 110 and 392 videos; names may hold blanks). The folder split: as several entrants have "
    "it. private/private_test.txt of ABAW 11 is not read: its labels are no labels. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The lists in their order, train, val, test; `text` is the transcript."""
    need(root, CARD)
    lists = split_lists(root, FOLDERS)
    if not lists:
        need(root, CARD, f"{FOLDERS[0]}/train.txt")
    table = pl.concat([_list(root, file, split, found) for split, file in lists.items()])
    table = first_of_each(table, "sample", " and ".join(lists.values()), found).drop("line")
    table = table.with_columns(pl.col("sample").alias("path"))
    return where_there(table, set(paths_below(root, "Videos", VIDEOS)), found, what="video")


def split_lists(root: Path, folders: Sequence[str]) -> dict[str, str]:
    """The lists of the splits in the first of these folders that has any, at any place near the top."""
    files = lists_near(root, depth=4)
    for folder in folders:
        lists = {
            base_name(file).removesuffix(".txt"): file
            for file in reversed(files)
            if f"/{folder}/" in f"/{file}"
        }
        if {"train", "val", "test"} & set(lists):
            return {split: lists[split] for split in ("train", "val", "test") if split in lists}
    return {}


def _list(root: Path, file: str, split: str, found: list[Deviation]) -> pl.DataFrame:
    """The fields of a list: a transcript may hold commas, so that only the first two divide."""
    lines = pl.Series("raw", file_lines(root / file, root, found), dtype=pl.String).str.strip_chars()
    table = pl.DataFrame({"line": pl.int_range(1, len(lines) + 1, eager=True), "raw": lines})
    table = table.filter(pl.col("raw") != "")
    groups = r"^(?<sample>Videos/(?<subject>[^/,]+)/[^/,]+/[^/,]+),(?<code>[^,]*)(?:,(?<text>.*))?$"
    table = table.with_columns(pl.col("raw").str.extract_groups(groups).alias("parts")).unnest("parts")
    wrong = table.filter(pl.col("sample").is_null())
    tell(found, file, wrong["line"], "expected Videos/<person>/<visit>/<video>,<label>,<transcript>")
    table = decode(table.drop_nulls("sample").drop("raw"), SPACE, file, found)
    said = pl.col("text").str.strip_chars()
    return table.with_columns(
        pl.lit(split).alias("split"),
        pl.col("sample").str.extract(r"([^/]+)\.\w+$").alias("video"),
        pl.when(said != "").then(said).alias("text"),
    )


def mock(root: Path, *, seed: int = 0) -> None:
    """Five persons with two videos each: commas and quotes in what they say, none at all, a video missing."""
    generator = np.random.default_rng(seed)
    said = ('I like it, I think, but "not now"', "well, um,, maybe", "", "No.", "Oui, j'hésite, à vrai dire")
    rows: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for number, (person, split) in enumerate(PERSONS.items()):
        for question in (1, 2):
            video = mock_video(person, question)
            if number or question == 1:
                write_clip(root / video, generator, frames=3)
            rows[split].append(f"{video},{(number + question) % 2},{said[(number + question) % len(said)]}")
    rows["train"].append(rows["train"][0])
    for number, (split, lines) in enumerate(rows.items()):
        end = "\r\n" if number == 0 else "\n"
        write_lines(root / "split" / f"{split}.txt", lines, end=end, last=end * 2)


#: Persons of the tiny copies and their splits.
PERSONS = {"82553": "train", "82557": "train", "82579": "val", "82595": "test", "82813": "test"}


def mock_video(person: str, question: int) -> str:
    """The path of a video: times are written in more than one way."""
    time = "2024-10-02 16-03-28_Video" if question == 1 else "2024-10-30_16-12-53_Video-DESKTOP-NQ55E0P"
    return f"Videos/{person}/Visite_1/{person}_Question_{question}_{time}.mp4"
