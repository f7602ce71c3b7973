"""BioVid heat pain: clips of 5.5 s from when heat is given, in four strengths fitted to the person, or not.

`pain_level` is the heat that was given, not what was felt. Part A has the face free, part B has electrodes
on it: the same layout, so a folder of either opens. `path` is the video where there is one; `signals` is the
file of skin conductance, heart and muscles, which `read_signals` reads.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell, tell_files
from facsight.data.label_columns import decode
from facsight.data.layout import VIDEOS, first_there, need, paths_below
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each

LEVELS = label_space("biovid5")
LISTS = ("starting_point/samples.csv", "samples.csv")
CLASS_OF = {"BL1": "0", "PA1": "1", "PA2": "2", "PA3": "3", "PA4": "4"}
NAME = r"(?<subject>\d{6}_[mw]_\d+)-(?<word>BL1|PA[1-4])-\d+"
#: Samples a second of the signals; their column `time` counts microseconds.
RATE = 512

CARD = Card(
    name="biovid",
    title="BioVid heat pain database (parts A and B)",
    kind="clips",
    labels=("biovid5",),
    people="90 healthy adults in three age groups; 87 in part A (8,700 clips), 86 in part B",
    licence="non-commercial research only, by agreement",
    obtain="ask at http://www.nit.ovgu.de/BioVid.html (signed by a person with a permanent post)",
    layout="""
starting_point/samples.csv        tabs: subject_id subject_name class_id class_name sample_id sample_name
video/071309_w_21/071309_w_21-BL1-081.mp4
biosignals_filtered/071309_w_21/071309_w_21-BL1-081_bio.csv     tabs: time gsr ecg emg_trapezius ...
biosignals_raw/                                                 as the filtered ones
""",
    paper="Walter et al., The BioVid heat pain database, CYBCONF 2013, "
    "https://doi.org/10.1109/CYBConf.2013.6617456",
    certainty="never seen by us. Names, list, folders, separators, columns and the unit of time as many "
    "public readers take them. What part B lacks of the layout is assumed to be the videos at most.",
)


def read(
    root: Path, found: list[Deviation], *, signals: Literal["filtered", "raw"] = "filtered"
) -> pl.DataFrame:
    """The list of samples in its order or, without one, what the names of the files say."""
    need(root, CARD)
    files = [*paths_below(root, "video", VIDEOS), *paths_below(root, f"biosignals_{signals}", ".csv")]
    names = [Path(file).stem.removesuffix("_bio") for file in files]
    by_kind = {
        "path": {n: f for n, f in zip(names, files, strict=True) if not f.endswith(".csv")},
        "signals": {n: f for n, f in zip(names, files, strict=True) if f.endswith(".csv")},
    }
    listed = first_there(root, *LISTS)
    if listed is None and not files:
        need(root, CARD, LISTS[0])
    table = _listed(root, listed, found) if listed else _named(sorted(set(names)), found)
    for column, there in by_kind.items():
        path = pl.col("sample").replace_strict(there, default=None, return_dtype=pl.String)
        table = table.with_columns(path.alias(column))
    _tell_gaps(table, by_kind, listed, found)
    return table.with_columns(pl.col("sample").alias("video")).drop("line")


def _listed(root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    columns = ["subject_name", "class_id", "sample_name"]
    table = csv_of(root, file, found, columns, separator="\t").select("line", *columns)
    table = table.rename({"subject_name": "subject", "class_id": "code", "sample_name": "sample"})
    parts = pl.col("sample").str.extract_groups(f"^{NAME}$").struct
    named = pl.col("code") == parts.field("word").replace_strict(CLASS_OF, default=None)
    table = keep(table, named, file, found, "a sample whose name is of its class_id", "sample")
    whose = pl.col("subject") == pl.col("sample").str.extract_groups(f"^{NAME}$").struct.field("subject")
    table = keep(table, whose, file, found, "a sample of its subject_name", "sample")
    return decode(first_of_each(table, "sample", file, found), LEVELS, file, found)


def _named(names: list[str], found: list[Deviation]) -> pl.DataFrame:
    table = pl.DataFrame(
        {"line": range(len(names)), "sample": names}, schema={"line": pl.Int64, "sample": pl.String}
    )
    parts = table["sample"].str.extract_groups(f"^{NAME}$").struct.unnest()
    table = table.hstack(parts)
    odd = table.filter(pl.col("subject").is_null())["sample"].to_list()
    tell_files(found, odd, "expected a name such as 071309_w_21-BL1-081", fatal=True)
    code = pl.col("word").replace_strict(CLASS_OF, default=None).alias("code")
    table = table.drop_nulls("subject").with_columns(code).drop("word")
    return decode(table, LEVELS, "video", found)


def _tell_gaps(
    table: pl.DataFrame,
    by_kind: dict[str, dict[str, str]],
    listed: str | None,
    found: list[Deviation],
) -> None:
    """Samples without a file, where others have one, and files that the list does not name."""
    samples = set(table["sample"])
    for column, what in (("path", "video"), ("signals", "file of signals")):
        there = by_kind[column]
        absent = table.filter(pl.col(column).is_null())
        if there and listed:
            tell(found, listed, absent["line"], f"there is no {what} of this sample", fatal=False)
        elif there:
            tell_files(found, absent["sample"].to_list(), f"there is no {what} of this sample")
        extra = [file for name, file in there.items() if name not in samples] if listed else []
        tell_files(found, extra, f"{listed} does not name this {what}")


def read_signals(path: Path) -> pl.DataFrame:
    """The signals of a sample: `time` in seconds, `gsr`, `ecg`, `emg_trapezius` and, in part B, two more."""
    found: list[Deviation] = []
    table = csv_of(path.parent, path.name, found, ["time", "gsr", "ecg", "emg_trapezius"], separator="\t")
    numbers = table.select(pl.exclude("line").cast(pl.Float64, strict=False))
    if found or numbers.is_empty() or any(numbers.null_count().row(0)):
        told = str(found[0]) if found else "a field is no number, or there is no row"
        raise BadLabels(f"{path} is no file of signals: {told}")
    return numbers.with_columns(pl.col("time") / 1e6)


def mock(root: Path, *, seed: int = 0) -> None:
    """Two people at all levels: a video missing, names of signals behind a blank, as in some files."""
    generator = np.random.default_rng(seed)
    rows = ["subject_id\tsubject_name\tclass_id\tclass_name\tsample_id\tsample_name"]
    for number, subject in enumerate(("071309_w_21", "110614_m_42"), start=1):
        for word, code in CLASS_OF.items():
            sample = f"{subject}-{word}-{generator.integers(1, 100):03d}"
            class_name = "BL" if word == "BL1" else word
            rows.append(f"{number}\t{subject}\t{code}\t{class_name}\t{len(rows)}\t{sample}")
            if len(rows) != 3:
                write_clip(root / "video" / subject / f"{sample}.mp4", generator)
            path = root / "biosignals_filtered" / subject / f"{sample}_bio.csv"
            write_lines(path, _signals(generator, blank=number == 2))
    write_lines(root / LISTS[0], rows, end="\r\n", last="\r\n\r\n")


def _signals(generator: np.random.Generator, *, blank: bool) -> list[str]:
    header = ("\t " if blank else "\t").join(("time", "gsr", "ecg", "emg_trapezius"))
    values = generator.normal(0, 1, (16, 3))
    rows = (f"{round(i * 1e6 / RATE)}\t" + "\t".join(f"{v:.6f}" for v in row) for i, row in enumerate(values))
    return [header, *rows]
