"""RAVDESS: 24 actors who speak and sing two sentences in eight emotions; a file's name says all.

`emotion` is what was acted. Sound, video and both together are files of their own: 03, 02 and 01 at the
front of a name. Two layouts are read: folders of files, or a list `labels.csv` (`file`, `emotion`, `split`)
beside them.
"""

import re
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell, tell_files
from facsight.data.label_columns import decode, decode_words
from facsight.data.layout import SOUNDS, VIDEOS, need, paths_below
from facsight.data.mock_clips import write_clip, write_sound
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each

EMOTIONS = label_space("ravdess8")
LIST = "labels.csv"
#: Modality, voice, emotion, intensity, statement, repetition, actor.
NAME = r"^0[1-3]-0[12]-0([1-8])-0[12]-0([12])-0[12]-(0[1-9]|1\d|2[0-4])$"
STATEMENTS = {"1": "Kids are talking by the door", "2": "Dogs are sitting by the door"}

CARD = Card(
    name="ravdess",
    title="RAVDESS (Ryerson audio-visual database of emotional speech and song)",
    kind="recordings",
    labels=("ravdess8",),
    people="24 actors, 12 women (even numbers) and 12 men; 7,356 files",
    licence="CC BY-NC-SA 4.0 (open)",
    obtain="https://doi.org/10.5281/zenodo.1188976 (open)",
    layout="""
Actor_01/03-01-06-01-02-01-01.wav         also Video_Speech_Actor_01/Actor_01/01-01-06-01-02-01-01.mp4; or
labels.csv                                file,emotion,...,split
speech/03-01-06-01-02-01-01.flac
""",
    paper="Livingstone and Russo, The Ryerson audio-visual database of emotional speech and song, PLOS "
    "ONE 2018, https://doi.org/10.1371/journal.pone.0196391",
    certainty="names: as the authors document them, and seen by us as sound of the speech part with a "
    "list of our own. Folders of the original archives: as public readers take them.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The list in its order or, without one, every file whose name is one of RAVDESS."""
    need(root, CARD)
    files = paths_below(root, "", (*SOUNDS, *VIDEOS))
    there = {Path(file).stem: file for file in reversed(files)}
    if len(there) < len(files):
        again = [file for file in files if there[Path(file).stem] != file]
        tell_files(found, again, "a file of this name lies in another folder, too; the first is taken")
    if (root / LIST).is_file():
        return _listed(root, there, found)
    if not any(re.match(NAME, name) for name in there):
        need(root, CARD, "Actor_01/03-01-01-01-01-01-01.wav")
    return _named(sorted(there), there, found)


def _listed(root: Path, there: dict[str, str], found: list[Deviation]) -> pl.DataFrame:
    table = csv_of(root, LIST, found, ["file", "emotion", "split"]).select("line", "file", "emotion", "split")
    table = table.with_columns(pl.col("file").str.replace(r"\.\w+$", "").alias("sample")).drop("file")
    table = decode_words(table, EMOTIONS, LIST, found, words="emotion")
    splits = pl.col("split").is_in(["train", "val", "test", ""])
    table = keep(table, splits, LIST, found, "a split train, val or test", "split")
    table = _by_name(first_of_each(table, "sample", LIST, found), LIST, found, said="listed")
    same = pl.col("listed").cast(pl.String) == pl.col("emotion").cast(pl.String)
    table = keep(table, same, LIST, found, "the emotion that the name of the file has", "listed")
    table = _with_files(table, there)
    absent = table.filter(pl.col("path").is_null())["line"]
    tell(found, LIST, absent, "there is no file of this name", fatal=False)
    tell_files(
        found, [f for n, f in there.items() if n not in set(table["sample"])], f"{LIST} does not name it"
    )
    return table.with_columns(pl.col("split").replace({"": None})).drop("listed", "line")


def _named(names: list[str], there: dict[str, str], found: list[Deviation]) -> pl.DataFrame:
    known = [name for name in names if re.match(NAME, name)]
    other = [there[name] for name in names if not re.match(NAME, name)]
    tell_files(found, other, "expected a name of seven numbers, such as 03-01-06-01-02-01-12; left out")
    schema = {"line": pl.Int64, "sample": pl.String}
    table = pl.DataFrame({"line": range(len(known)), "sample": known}, schema=schema)
    return _with_files(_by_name(table, "", found), there).drop("line")


def _by_name(
    table: pl.DataFrame, file: str, found: list[Deviation], *, said: str | None = None
) -> pl.DataFrame:
    """What the name of each sample says; `said` keeps the column `emotion` of a list under that name."""
    table = table if said is None else table.rename({"emotion": said})
    parts = pl.col("sample").str.extract_groups(NAME).struct
    table = table.with_columns(
        parts.field("1").alias("code"),
        parts.field("2").replace_strict(STATEMENTS, default=None).alias("text"),
        (pl.lit("Actor_") + parts.field("3")).alias("subject"),
    )
    named = pl.col("code").is_not_null()
    table = keep(table, named, file, found, "a name of seven numbers, such as 03-01-06-01-02-01-12", "sample")
    return decode(table, EMOTIONS, file, found)


def _with_files(table: pl.DataFrame, there: dict[str, str]) -> pl.DataFrame:
    path = pl.col("sample").replace_strict(there, default=None, return_dtype=pl.String)
    return table.with_columns(path.alias("path"))


def mock(root: Path, *, seed: int = 0) -> None:
    """Two actors in all emotions, one clip, a folder that holds a file twice, and a note among the sounds."""
    generator = np.random.default_rng(seed)
    for actor in (1, 2):
        for emotion in range(1, 9):
            name = f"03-01-{emotion:02d}-01-{1 + emotion % 2:02d}-01-{actor:02d}"
            write_sound(root / f"Actor_{actor:02d}/{name}.wav", generator)
    write_clip(root / "Video_Speech_Actor_01/Actor_01/01-01-03-02-01-02-01.mp4", generator, rate=30)
    again = root / "audio_speech_actors_01-24/Actor_01/03-01-01-01-02-01-01.wav"
    write_sound(again, generator)
    write_sound(root / "room tone.wav", generator)
