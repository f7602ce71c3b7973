"""BP4D: eight tasks each of 41 people, the most expressive stretch coded for action units.

`AU12` is occurrence (0 or 1), `AU12_intensity` what was coded for five units; what was not coded (9) is null.
Only coded frames have a row. Pictures carry the number of their frame, with three or four digits.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import in_range
from facsight.data.layout import PICTURES, first_there, need, need_one, paths_below
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture
from facsight.data.row_checks import with_frames
from facsight.data.text_rows import file_lines, first_of_each, text_rows

UNITS = label_space("bp4d12")
INTENSITY = label_space("bp4d5_intensity")
OCCURRENCES = ("AUCoding/AU_OCC", "AU_OCC", "AUCoding")
INTENSITIES = ("AUCoding/AU_INT", "AU_INT", "AU-Intensity-Codes3.0")
FACES = ("Sequences(2D+3D)", "Sequences_2D+3D", "2D+3D", "BP4D-training", "Sequences")

CARD = Card(
    name="bp4d",
    title="BP4D-Spontaneous",
    kind="frames",
    labels=("bp4d12", "bp4d5_intensity"),
    people="41 adults (23 women F001 to F023, 18 men M001 to M018)",
    licence="research only, by agreement",
    obtain="ask at http://www.cs.binghamton.edu/~lijun/Research/3DFE/3DFE_Analysis.html",
    layout="""
AUCoding/AU_OCC/F001_T1.csv              header 0,1,2,...,99: frame, then the unit of each column
AUCoding/AU_INT/AU06/F001_T1_AU06.csv    2440,0 on each line: frame, intensity (units 6, 10, 12, 14, 17)
Sequences(2D+3D)/F001/T1/2440.jpg
""",
    paper="Zhang et al., BP4D-Spontaneous: a high-resolution spontaneous 3D dynamic facial expression "
    "database, Image and Vision Computing 2014, https://doi.org/10.1016/j.imavis.2014.06.002",
    certainty="never seen by us. Tables of occurrence, with units in their header and 9 for not coded, as "
    "many public readers take them; lines of the intensities and digits of the pictures' names as a few do. "
    "Which of the folders' names a release has is assumed.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """A row a coded frame, task by task."""
    folder = need_one(root, CARD, *OCCURRENCES)
    files = [f for f in paths_below(root, folder, ".csv") if re.fullmatch(r"[FM]\d{3}_T\d+", Path(f).stem)]
    if not files:
        need(root, CARD, f"{folder}/F001_T1.csv")
    pictures = _pictures(root)
    intensities = first_there(root, *INTENSITIES)
    return pl.concat([_task(root, file, intensities, pictures, found) for file in files])


def _task(
    root: Path, file: str, intensities: str | None, pictures: pl.DataFrame, found: list[Deviation]
) -> pl.DataFrame:
    subject, task = Path(file).stem.split("_")
    table = _occurrences(root, file, found)
    for unit in INTENSITY.classes:
        coded = _intensity(root, intensities, f"{subject}_{task}", unit, found)
        table = table.join(coded, on="frame", how="left", maintain_order="left")
    shown = pictures.filter(pl.col("folder") == f"{subject}/{task}").drop("folder")
    table = table.join(shown, on="frame", how="left", maintain_order="left")
    absent = table.filter(pl.col("path").is_null())["line"]
    tell(found, file, absent, "there is no picture of this frame", fatal=False)
    return table.select(
        pl.format(f"{subject}/{task}/{{}}", "frame").alias("sample"),
        pl.lit(subject).alias("subject"),
        pl.lit(f"{subject}/{task}").alias("video"),
        "path",
        "frame",
        *UNITS.columns,
        *INTENSITY.columns,
    )


def _occurrences(root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    """`line`, `frame` and a column a unit, by the header: releases have all 99 columns or those coded."""
    header = [name.strip() for name in file_lines(root / file, root, [])[0].split(",")]
    at = {f"AU{int(name):02d}": i for i, name in enumerate(header) if i and name.isdigit()}
    absent = [unit for unit in UNITS.classes if unit not in at]
    if absent:
        found.append(Deviation(file, f"expected a header of units, it lacks {', '.join(absent)}", 1))
        at |= dict.fromkeys(absent, 0)
    columns = [f"field {i}" for i in range(len(header))]
    rows = text_rows(root / file, root, found, columns, separator=",", skip=1)
    rows = rows.head(0) if absent else rows
    units = (pl.col(f"field {at[unit]}").alias(unit) for unit in UNITS.classes)
    table = rows.select("line", pl.col("field 0").alias("frame"), *units)
    table = in_range(with_frames(table, file, found), UNITS, file, found)
    return first_of_each(table, "frame", file, found)


def _intensity(root: Path, folder: str | None, task: str, unit: str, found: list[Deviation]) -> pl.DataFrame:
    """`frame` and the intensity of one unit in a task; none where the release has no intensities."""
    space = replace(INTENSITY, classes=(unit,))
    column = space.columns[0]
    file = f"{folder}/{unit}/{task}_{unit}.csv"
    if folder is None or not (root / file).is_file():
        if folder is not None:
            found.append(Deviation(file, "there are no intensities of this unit", fatal=False))
        return pl.DataFrame(schema={"frame": pl.Int32, column: pl.Float32})
    table = text_rows(root / file, root, found, ["frame", column], separator=",")
    table = in_range(with_frames(table, file, found), space, file, found)
    return first_of_each(table, "frame", file, found).select("frame", column)


def _pictures(root: Path) -> pl.DataFrame:
    """Where the picture of each frame lies: `folder` (F001/T1), `frame` and `path`."""
    folder = first_there(root, *FACES)
    paths = pl.Series("path", paths_below(root, folder, PICTURES) if folder else [], dtype=pl.String)
    parts = paths.str.extract_groups(r"(?<folder>[FM]\d{3}/T\d+)/(?<frame>\d+)\.\w+$").struct.unnest()
    table = parts.with_columns(pl.col("frame").cast(pl.Int32), paths).drop_nulls()
    return table.unique(["folder", "frame"], keep="first", maintain_order=True)


def mock(root: Path, *, seed: int = 0) -> None:
    """Two tasks: names of four and of three digits, units not coded, a picture missing, Windows line ends."""
    generator = np.random.default_rng(seed)
    header = ",".join(str(i) for i in range(100))
    for task, digits, first in (("F001_T1", 4, 2440), ("M009_T6", 3, 7)):
        frames = range(first, first + 5)
        rows = [_coded(frame, generator) for frame in frames]
        end = "\r\n" if digits == 3 else "\n"
        write_lines(root / OCCURRENCES[0] / f"{task}.csv", [header, *rows], end=end)
        for unit in INTENSITY.classes:
            lines = [f"{frame},{generator.integers(0, 6) if k else 9}" for k, frame in enumerate(frames)]
            write_lines(root / INTENSITIES[0] / unit / f"{task}_{unit}.csv", lines)
        for frame in frames[:-1]:
            path = root / FACES[0] / task.replace("_", "/") / f"{frame:0{digits}d}.jpg"
            write_picture(path, noise(generator))


def _coded(frame: int, generator: np.random.Generator) -> str:
    """A row of the table: units of the space at random, unit 24 not coded in the first frame of a task."""
    coded = {int(unit.removeprefix("AU")) for unit in UNITS.classes}
    if frame in (2440, 7):
        coded.discard(24)
    values = (str(generator.integers(0, 2)) if unit in coded else "9" for unit in range(1, 100))
    return f"{frame},{','.join(values)}"
