"""CREMA-D: actors who say twelve sentences in six emotions; a file's name says all.

`emotion` is what was acted. Where the votes of the raters are there, `share_of_...` is how many of those who
heard the sound alone (or saw and heard the video) chose each emotion: often another one.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell_files
from facsight.data.label_columns import decode
from facsight.data.layout import first_there, need, paths_below
from facsight.data.mock_clips import write_clip, write_sound
from facsight.data.mock_files import write_lines
from facsight.data.row_checks import keep

EMOTIONS = label_space("cremad6")
FOLDERS = {"sound": ("AudioWAV", "AudioMP3"), "video": ("VideoFlash",)}
VOTES = "processedResults/tabulatedVotes.csv"
#: What the raters of the votes had: the first digit of a row's number.
RATED = {"sound": 1, "video": 3}
#: Actor, sentence, emotion, level; one file has a single X as its level.
NAME = r"^(1[0-9]{3})_([A-Z]{3})_(ANG|DIS|FEA|HAP|NEU|SAD)_(?:LO|MD|HI|XX?)$"
SENTENCES = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}

CARD = Card(
    name="cremad",
    title="CREMA-D (crowd-sourced emotional multimodal actors)",
    kind="recordings",
    labels=("cremad6",),
    people="91 actors (43 women, 48 men, 20 to 74 years), 7,442 clips; 2,443 raters",
    licence="Open Database License",
    obtain="https://github.com/CheyneyComputerScience/CREMA-D (open)",
    layout="""
AudioWAV/1001_DFA_ANG_XX.wav      or AudioMP3/1001_DFA_ANG_XX.mp3
VideoFlash/1001_DFA_ANG_XX.flv
processedResults/tabulatedVotes.csv    number,A,D,F,H,N,S,fileName,... (optional)
""",
    paper="Cao, Cooper, Keutmann, Gur, Nenkova and Verma, CREMA-D: crowd-sourced emotional multimodal "
    "actors dataset, IEEE Transactions on Affective Computing 2014, "
    "https://doi.org/10.1109/TAFFC.2014.2336244",
    certainty="never seen by us. Names and folders: as the authors' repository and many readers have "
    "them. Columns of the votes and what their numbers mean: as several readers take them. "
    "1076_MTI_SAD_XX.wav is said to be empty.",
)


def read(root: Path, found: list[Deviation], *, media: Literal["sound", "video"] = "sound") -> pl.DataFrame:
    """The files of one kind by their names; videos are read where there is no sound, and the reverse."""
    need(root, CARD)
    order = [media, *(other for other in FOLDERS if other != media)]
    folder = first_there(root, *(name for kind in order for name in FOLDERS[kind]))
    files = paths_below(root, folder, (".wav", ".mp3", ".flv")) if folder else []
    if not files or folder is None:
        need(root, CARD, f"{FOLDERS[media][0]}/1001_DFA_ANG_XX{'.wav' if media == 'sound' else '.flv'}")
    table = _named(files, found)
    kind = "video" if folder in FOLDERS["video"] else "sound"
    return _with_votes(table, root, RATED[kind], found) if (root / VOTES).is_file() else table


def _named(files: list[str], found: list[Deviation]) -> pl.DataFrame:
    table = pl.DataFrame({"path": files}, schema={"path": pl.String})
    table = table.with_columns(pl.col("path").str.extract(r"([^/]+)\.\w+$").alias("sample"))
    parts = pl.col("sample").str.extract_groups(NAME).struct
    table = table.with_columns(
        pl.int_range(pl.len()).alias("line"),
        parts.field("1").alias("subject"),
        parts.field("2").replace_strict(SENTENCES, default=None).alias("text"),
        parts.field("3").alias("code"),
    )
    other = table.filter(pl.col("code").is_null())["path"].to_list()
    tell_files(found, other, "expected a name such as 1001_DFA_ANG_XX; left out")
    return decode(table.drop_nulls("code"), EMOTIONS, "", found).drop("line")


def _with_votes(table: pl.DataFrame, root: Path, rated: int, found: list[Deviation]) -> pl.DataFrame:
    """The table with the shares of votes; null where a file has none."""
    letters = {name[0].upper(): share for name, share in zip(EMOTIONS.classes, EMOTIONS.shares, strict=True)}
    votes = csv_of(root, VOTES, found, [*letters, "fileName"])
    number = votes.columns[1]  # it has no name
    counts = [pl.col(letter).cast(pl.Int64, strict=False).alias(share) for letter, share in letters.items()]
    votes = votes.select(
        "line", pl.col(number).cast(pl.Int64, strict=False).alias("number"), "fileName", *counts
    )
    whole = pl.all_horizontal(pl.col(*EMOTIONS.shares) >= 0) & (pl.sum_horizontal(*EMOTIONS.shares) > 0)
    votes = keep(votes, whole, VOTES, found, "numbers of votes of 0 or more", "fileName")
    votes = votes.filter(pl.col("number") // 100_000 == rated).unique("fileName", keep="first")
    total = pl.sum_horizontal(*EMOTIONS.shares)
    shares = votes.select("fileName", *((pl.col(s) / total).cast(pl.Float32) for s in EMOTIONS.shares))
    joined = table.join(shares, left_on="sample", right_on="fileName", how="left", maintain_order="left")
    without = joined.filter(pl.col(EMOTIONS.shares[0]).is_null())["path"].to_list()
    tell_files(found, without, f"{VOTES} has no votes for this file")
    return joined


def mock(root: Path, *, seed: int = 0) -> None:
    """Two actors: sounds and videos, a level with one X, a file that is none of these, votes of all kinds."""
    generator = np.random.default_rng(seed)
    votes = ['"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote"']
    for actor in (1001, 1002):
        for clip, emotion in enumerate(EMOTIONS.codes, start=1):
            level = "X" if actor == 1001 and emotion == "SAD" else "XX"
            name = f"{actor}_{list(SENTENCES)[clip]}_{emotion}_{level}"
            write_sound(root / f"AudioWAV/{name}.wav", generator)
            write_clip(root / f"VideoFlash/{name}.flv", generator, frames=3, rate=30)
            for rated in (1, 2, 3):
                counts = generator.multinomial(10, [1 / 6] * 6)
                row = ",".join(str(count) for count in counts)
                votes.append(f'"{100_000 * rated + clip + 10 * actor}",{row},"{name}",10,0.5,"A"')
    write_sound(root / "AudioWAV/test tone.wav", generator)
    write_lines(root / VOTES, votes)
