"""RAF-CE: web faces with one of fourteen compound expressions, and the action units that experts coded.

A unit of one side (`L12`) counts as the unit. `null` in the list of units is read as unknown.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import decode
from facsight.data.layout import need
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture
from facsight.data.raf_pictures import with_raf_pictures
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each, text_rows
from facsight.data.unit_lists import with_units

EXPRESSIONS, UNITS = label_space("rafce14"), label_space("raf_units")
LABELS, PARTITION, CODES = "RAFCE_emolabel.txt", "RAFCE_partition.txt", "RAFCE_AUlabel.txt"
SPLITS = {"0": "train", "1": "test", "2": "val"}
HOMES = ("", "RAF-CE", "RAF-AU", "Image")

CARD = Card(
    name="rafce",
    title="RAF-CE (compound expressions)",
    kind="photos",
    labels=("rafce14", "raf_units"),
    people="not named; 4,549 web pictures of many people, no subject ids",
    licence="research only, by agreement; the pictures must not be passed on",
    obtain="ask at http://whdeng.cn/RAF/model4.html with an academic address",
    layout="""
RAFCE_emolabel.txt         0001.jpg 10
RAFCE_partition.txt        0001.jpg 0      (0 train, 1 test, 2 val)
RAFCE_AUlabel.txt          0001.jpg 4+10   (null where there is no code; optional)
aligned/0001_aligned.jpg
original/0001.jpg
""",
    paper="Li et al., Compound expression recognition in-the-wild with AU-assisted meta multi-task "
    "learning, CVPR workshops 2023, http://whdeng.cn/RAF/model4.html",
    certainty="never seen by us. Names, fields and the meaning of the numbers as several public readers "
    "take them; the signs of the units are assumed to be those of RAF-AU.",
)


def read(
    root: Path, found: list[Deviation], *, pictures: Literal["aligned", "original"] | None = None
) -> pl.DataFrame:
    """The list of expressions, in its order. `pictures`: the aligned ones where there are any."""
    need(root, CARD, LABELS, PARTITION)
    table = text_rows(root / LABELS, root, found, ["sample", "code"])
    table = decode(first_of_each(table, "sample", LABELS, found), EXPRESSIONS, LABELS, found)
    table = _joined(table, _partition(root, found), PARTITION, found)
    if (root / CODES).is_file():
        codes = first_of_each(
            text_rows(root / CODES, root, found, ["sample", "units"]), "sample", CODES, found
        )
        table = _joined(table, with_units(codes, UNITS, CODES, found), CODES, found)
    return with_raf_pictures(table, root, HOMES, pictures, found).drop("line")


def _partition(root: Path, found: list[Deviation]) -> pl.DataFrame:
    table = text_rows(root / PARTITION, root, found, ["sample", "split"])
    known = pl.col("split").is_in(list(SPLITS))
    table = keep(table, known, PARTITION, found, "0 for train, 1 for test or 2 for val", "split")
    table = first_of_each(table, "sample", PARTITION, found)
    return table.with_columns(pl.col("split").replace_strict(SPLITS, default=None))


def _joined(table: pl.DataFrame, other: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The table with what another list says of its samples; what either list lacks is told."""
    absent = table.filter(~pl.col("sample").is_in(other["sample"].to_list()))
    tell(found, LABELS, absent["line"], f"{file} does not name this picture", fatal=False)
    extra = other.filter(~pl.col("sample").is_in(table["sample"].to_list()))
    tell(found, file, extra["line"], f"{LABELS} does not name this picture", fatal=False)
    return table.join(other.drop("line"), on="sample", how="left", maintain_order="left")


def mock(root: Path, *, seed: int = 0) -> None:
    """All classes: one picture in no partition, one without units, one missing, blank lines at the end."""
    generator = np.random.default_rng(seed)
    names = [f"{number:04d}.jpg" for number in range(1, len(EXPRESSIONS) + 1)]
    write_lines(root / LABELS, [f"{n} {c}" for c, n in enumerate(names)], end="\r\n", last="\r\n\r\n")
    write_lines(root / PARTITION, [f"{name} {i % 3}" for i, name in enumerate(names[:-1])])
    units = [f"{name} {'null' if i == 2 else f'{1 + i % 2}+12'}" for i, name in enumerate(names)]
    write_lines(root / CODES, units)
    for name in names[1:]:
        write_picture(root / "aligned" / name.replace(".jpg", "_aligned.jpg"), noise(generator))
