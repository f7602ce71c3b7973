"""Hugging Rain Man: frames of Chinese children with autism and without, coded for action units by experts.

A unit of one side (2 left, 3 right, 4 top, 5 bottom) counts as the unit. Descriptors (AD19 and others) and
AU2X, which is AU26 or AU27, are not read. `atypicality` is the mean of five raters, 0 typical to 4. The
pictures are not given out: `path` is null but for those who have them in `origin`.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.label_columns import in_range
from facsight.data.layout import PICTURES, need, paths_below
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture
from facsight.data.row_checks import keep, with_frames
from facsight.data.text_rows import first_of_each

UNITS, RATING = label_space("hrm_units"), label_space("hrm_atypicality")
FOLDER, GROUPS = "AU-ab-5-level-end", {"ASD": "", "TD": "TD"}
COLUMNS = {f"AU{int(unit.removeprefix('AU'))}": unit for unit in UNITS.classes}
MEAN = "Abnormal-avg"

CARD = Card(
    name="rainman",
    title="Hugging Rain Man (action units of children with autism)",
    kind="frames",
    labels=("hrm_units", "hrm_atypicality"),
    people="98 Chinese children of 2 to 12 years: 66 with autism (S6), 32 without (S6TD); 131,758 frames",
    licence="CC BY-NC-SA 4.0; no commercial use",
    obtain="https://github.com/Jonas-DL/Hugging-Rain-Man (labels; the pictures are not given out)",
    layout="""
AU-ab-5-level-end/ASD/S6.csv       frame,AU1,AU2,...,Abnormal-avg      (0 no, 1 yes, 2 to 5 yes on one side)
AU-ab-5-level-end/TD/S6.csv
origin/S6/12_0.jpg                 where the pictures are at hand
""",
    paper="Ji et al., Hugging Rain Man: a novel facial action units dataset for analyzing atypical "
    "facial expressions in children with autism spectrum disorder, IEEE Transactions on Affective "
    "Computing 2025, https://arxiv.org/abs/2411.13797",
    certainty="never seen by us. Columns, codes of sides, folders and the name of the mean rating: as "
    "the authors' annotation tool and training code have them, which may not be all that the published "
    "files hold.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """A row a frame, child by child."""
    need(root, CARD)
    home = FOLDER if (root / FOLDER).is_dir() else ""
    files = {g: paths_below(root, f"{home}/{g}".lstrip("/"), ".csv") for g in GROUPS}
    if not any(files.values()):
        need(root, CARD, f"{FOLDER}/ASD/S6.csv")
    there = set(paths_below(root, "origin", PICTURES))
    return pl.concat([_child(root, f, g, there, found) for g in GROUPS for f in files[g]])


def _child(root: Path, file: str, group: str, there: set[str], found: list[Deviation]) -> pl.DataFrame:
    name = Path(file).stem
    subject = name + GROUPS[group]
    table = csv_of(root, file, found, ["frame", *COLUMNS]).rename(COLUMNS)
    rated = MEAN in table.columns
    table = table.rename({MEAN: "atypicality"}) if rated else table
    table = first_of_each(with_frames(table, file, found), "frame", file, found)
    for unit in UNITS.classes:
        legal = pl.col(unit).str.contains(r"^[0-5](\.0*)?$")
        table = keep(table, legal, file, found, f"{unit} to be from 0 to 5", unit)
    coded = ((~pl.col(unit).str.starts_with("0")).cast(pl.Int8).alias(unit) for unit in UNITS.classes)
    table = table.with_columns(coded)
    if rated:
        table = in_range(table, RATING, file, found)
    else:
        found.append(Deviation(file, f"there is no column {MEAN}", 1, fatal=False))
        table = table.with_columns(pl.lit(None, pl.Float32).alias("atypicality"))
    path = pl.format(f"origin/{subject}/{{}}_0.jpg", "frame")
    return table.select(
        pl.format(f"{subject}/{{}}", "frame").alias("sample"),
        pl.lit(subject).alias("subject"),
        pl.lit(subject).alias("video"),
        pl.when(path.is_in(list(there))).then(path).alias("path"),
        "frame",
        *UNITS.columns,
        "atypicality",
    )


def mock(root: Path, *, seed: int = 0) -> None:
    """A child of each group, numbered alike: units of one side, columns not read, gaps between frames."""
    generator = np.random.default_rng(seed)
    units = [*COLUMNS, "AU2X", "AD19", "AU0", "ASD", "Abnormal-j", MEAN]
    for group, suffix in GROUPS.items():
        rows = [",".join(["frame", *units])]
        for frame in (3, 4, 5, 90):
            values = [str(value) for value in generator.integers(0, 6, len(units) - 1)]
            rows.append(",".join([str(frame), *values, f"{generator.uniform(0, 4):.1f}"]))
            write_picture(root / f"origin/S6{suffix}/{frame}_0.jpg", noise(generator)[:16, :16])
        write_lines(root / FOLDER / group / "S6.csv", rows, end="\r\n")
