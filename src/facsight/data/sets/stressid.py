"""StressID: people at eleven tasks, from breathing to arithmetic aloud, who then say how they felt.

`stress` and `affect` follow from what the person said. `path` is the video, `signals` the file of heart, skin
and breath. Not every task has a video, and not every person agreed to one.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import LabelSpace, label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell_files
from facsight.data.label_columns import decode
from facsight.data.layout import VIDEOS, need, paths_below
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each

SPACES = {"binary-stress": label_space("stressid2"), "affect3-class": label_space("stressid3")}
LIST, NAMED = "labels.csv", "subject/task"

CARD = Card(
    name="stressid",
    title="StressID (stress at tasks: video, voice and physiology)",
    kind="clips",
    labels=("stressid2", "stressid3"),
    people="65 adults, not all of them on video; 11 tasks each",
    licence="research only, by agreement",
    obtain="ask at https://project.inria.fr/stressid/",
    layout="""
labels.csv                                  subject/task,binary-stress,affect3-class: 2ea4_Math,1,2
Videos/2ea4/2ea4_Math.mp4
Physiological/2ea4/2ea4_Math.txt
""",
    paper="Chaptoukaev et al., StressID: a multimodal dataset for stress identification, NeurIPS 2023, "
    "https://openreview.net/forum?id=qWsQi9DGJb",
    certainty="never seen by us. The list, its columns and names, and folders as several public readers "
    "take them; what 0, 1 and 2 of the second column mean as one does. An empty label is read as none.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The list, in its order."""
    need(root, CARD, LIST)
    table = csv_of(root, LIST, found, [NAMED, *SPACES]).rename({NAMED: "sample"})
    table = table.select("line", "sample", *SPACES)
    named = pl.col("sample").str.contains("^[^_/]+_[^/]+$")
    table = keep(table, named, LIST, found, "a name of subject and task, such as 2ea4_Math", "sample")
    table = first_of_each(table, "sample", LIST, found)
    for column, space in SPACES.items():
        table = _labelled(table, column, space, found)
    subject = pl.col("sample").str.extract("^([^_]+)_").alias("subject")
    return _with_files(table, root, found).with_columns(subject, pl.col("sample").alias("video")).drop("line")


def _labelled(table: pl.DataFrame, column: str, space: LabelSpace, found: list[Deviation]) -> pl.DataFrame:
    """A column of numbers, written 1 or 1.0, as classes; null where it is empty."""
    table = table.with_columns(pl.col(column).str.replace(r"\.0*$", ""))
    empty = pl.col(column) == ""
    known = decode(table.filter(~empty), space, LIST, found, codes=column)
    unknown = table.filter(empty).drop(column)
    return pl.concat([known, unknown], how="diagonal").sort("line")


def _with_files(table: pl.DataFrame, root: Path, found: list[Deviation]) -> pl.DataFrame:
    samples = set(table["sample"])
    for column, folder, endings in (("path", "Videos", VIDEOS), ("signals", "Physiological", (".txt",))):
        there = {Path(path).stem: path for path in paths_below(root, folder, endings)}
        path = pl.col("sample").replace_strict(there, default=None, return_dtype=pl.String)
        table = table.with_columns(path.alias(column))
        extra = [path for name, path in there.items() if name not in samples]
        tell_files(found, extra, f"{LIST} does not name it")
    return table


def mock(root: Path, *, seed: int = 0) -> None:
    """Two people at three tasks: numbers as 1.0, a task without a label, a person without videos."""
    generator = np.random.default_rng(seed)
    rows = [f"{NAMED},{','.join(SPACES)}"]
    for subject in ("2ea4", "b9w0"):
        for task, stress, affect in (("Breathing", "0", "0"), ("Math", "1.0", "2.0"), ("Video1", "0", "1")):
            name = f"{subject}_{task}"
            labels = "," if name == "b9w0_Breathing" else f"{stress},{affect}"
            rows.append(f"{name},{labels}")
            signals = [" ".join(f"{value:.4f}" for value in generator.normal(0, 1, 3)) for _ in range(4)]
            write_lines(root / f"Physiological/{subject}/{name}.txt", signals)
            if subject == "2ea4" and task != "Breathing":
                write_clip(root / f"Videos/{subject}/{name}.mp4", generator)
    write_lines(root / LIST, rows, end="\r\n")
