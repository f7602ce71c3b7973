"""DISFA: people who watch a film, every frame coded for twelve action units from 0 to 5.

A unit counts as shown from intensity 2, as most papers have it: `AU12` is that, `AU12_intensity` what was
coded. Frames are counted from 1, as the label files do. Two cameras filmed each face at once.
"""

from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.label_columns import in_range
from facsight.data.layout import VIDEOS, need, paths_below
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.row_checks import with_frames
from facsight.data.text_rows import first_of_each, text_rows

INTENSITY = label_space("disfa12_intensity")
SHOWN_FROM = 2
LABELS = "ActionUnit_Labels"
CAMERAS = {
    "left": ("Videos_LeftCamera", "Video_LeftCamera"),
    "right": ("Video_RightCamera", "Videos_RightCamera"),
}

CARD = Card(
    name="disfa",
    title="DISFA (Denver Intensity of Spontaneous Facial Action)",
    kind="frames",
    labels=("disfa12_intensity", "disfa12"),
    people="27 adults (12 women, 15 men), SN001 to SN032 with gaps",
    licence="research only, by agreement",
    obtain="ask at http://mohammadmahoor.com/disfa/ (signed by a faculty member)",
    layout="""
ActionUnit_Labels/SN001/SN001_au1.txt ... SN001_au26.txt    1,0 on each line: frame, intensity
Videos_LeftCamera/LeftVideoSN001_comp.avi
Video_RightCamera/RightVideoSN001_Comp.avi
""",
    paper="Mavadati, Mahoor, Bartlett, Trinh and Cohn, DISFA: a spontaneous facial action intensity "
    "database, IEEE Transactions on Affective Computing 2013, https://doi.org/10.1109/T-AFFC.2013.4",
    certainty="never seen by us. Folders, names and lines of the label files, and frames counted from 1, as "
    "many public readers take them; names of the videos as several do, their folders in either spelling.",
)


def read(root: Path, found: list[Deviation], *, camera: Literal["left", "right"] = "left") -> pl.DataFrame:
    """A row a frame of every person; `path` is the video of a camera, or the other where it is missing."""
    need(root, CARD, LABELS)
    names = sorted(p.name for p in (root / LABELS).iterdir() if p.is_dir() and not p.name.startswith("."))
    if not names:
        need(root, CARD, f"{LABELS}/SN001")
    table = _with_videos(pl.concat([_person(root, name, found) for name in names]), root, camera, found)
    return table.with_columns(
        (pl.col(f"{unit}_intensity") >= SHOWN_FROM).cast(pl.Int8).alias(unit) for unit in INTENSITY.classes
    )


def _person(root: Path, name: str, found: list[Deviation]) -> pl.DataFrame:
    """The frames of a person. Where the files of units have different frames, all are kept, which is told."""
    units = [_unit(root, name, unit, found) for unit in INTENSITY.classes]
    frames = reduce(lambda a, b: a.join(b, on="frame", how="full", coalesce=True), units).sort("frame")
    gaps = frames.filter(pl.any_horizontal(pl.col(INTENSITY.columns).is_null()))["frame"]
    if len(gaps) and not any(unit.is_empty() for unit in units):
        told = f"expected the same frames in every file, {len(gaps):,} are not in all, such as {gaps[0]}"
        found.append(Deviation(f"{LABELS}/{name}", told, fatal=False))
    return frames.select(
        pl.format(f"{name}/{{}}", "frame").alias("sample"),
        pl.lit(name).alias("subject"),
        pl.lit(name).alias("video"),
        "frame",
        *INTENSITY.columns,
    )


def _unit(root: Path, name: str, unit: str, found: list[Deviation]) -> pl.DataFrame:
    file = f"{LABELS}/{name}/{name}_au{int(unit.removeprefix('AU'))}.txt"
    space = replace(INTENSITY, classes=(unit,))
    column = space.columns[0]
    if not (root / file).is_file():
        found.append(Deviation(file, "expected the intensities of a unit, there is no such file"))
        return pl.DataFrame(schema={"frame": pl.Int32, column: pl.Float32})
    table = text_rows(root / file, root, found, ["frame", column], separator=",")
    table = in_range(with_frames(table, file, found, first=1), space, file, found)
    return first_of_each(table, "frame", file, found).select("frame", column)


def _with_videos(table: pl.DataFrame, root: Path, camera: str, found: list[Deviation]) -> pl.DataFrame:
    order = [camera, *(other for other in CAMERAS if other != camera)]
    files = [f for name in order for folder in CAMERAS[name] for f in paths_below(root, folder, VIDEOS)]
    names = table["video"].unique(maintain_order=True)
    paths = {name: next((f for f in files if name.lower() in f.lower()), None) for name in names}
    for name in (name for name, path in paths.items() if path is None):
        found.append(Deviation(f"{LABELS}/{name}", f"there is no video of {name}", fatal=False))
    there = pl.col("video").replace_strict(paths, return_dtype=pl.String)
    return table.with_columns(there.alias("path"))


def mock(root: Path, *, seed: int = 0) -> None:
    """Two people: a file with Windows line ends, one that lacks a frame, one with a line twice."""
    generator = np.random.default_rng(seed)
    for person, frames in (("SN001", 6), ("SN013", 5)):
        for k, unit in enumerate(INTENSITY.classes):
            lines = [f"{i + 1},{value}" for i, value in enumerate(generator.integers(0, 6, frames))]
            if person == "SN013" and k == 0:
                lines = lines[:-1]
            if person == "SN013" and k == 1:
                lines.insert(2, lines[1])
            name = f"{person}_au{int(unit.removeprefix('AU'))}.txt"
            write_lines(root / LABELS / person / name, lines, end="\r\n" if k == 2 else "\n")
        video = root / CAMERAS["left"][0] / f"LeftVideo{person}_comp.avi"
        write_clip(video, generator, frames=frames, rate=20)
    write_clip(root / CAMERAS["right"][0] / "RightVideoSN001_Comp.avi", generator, frames=6, rate=20)
