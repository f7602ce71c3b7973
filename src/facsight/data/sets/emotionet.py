"""EmotioNet: web pictures of faces with action units: there (1), not there (0) or not to be seen (999).

The list names the addresses where the pictures were; `sample` is the name of the file at its end. Only the
units of the challenges are read, of sixty columns.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import in_range
from facsight.data.layout import PICTURES, need, paths_below
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each
from facsight.data.workbook import sheet_of

UNITS = label_space("emotionet12")
COLUMNS = {f"AU {int(unit.removeprefix('AU'))}": unit for unit in UNITS.classes}
LIST = "EmotioNet_FACS_aws_2020_24600.csv"

CARD = Card(
    name="emotionet",
    title="EmotioNet (units coded by experts)",
    kind="photos",
    labels=("emotionet12",),
    people="not named; 24,600 web pictures in the list of 2020, no subject ids",
    licence="research only, by agreement",
    obtain="ask at http://cbcsl.ece.ohio-state.edu/dbform_emotionet.html",
    layout="""
EmotioNet_FACS_aws_2020_24600.csv      URL,URL orig,AU 1,...,AU 60; also in labels/
imgs/N_0000000001_00001.jpg            in any folder below
""",
    paper="Benitez-Quiroz, Srinivasan and Martinez, EmotioNet: an accurate, real-time algorithm for the "
    "automatic annotation of a million facial expressions in the wild, CVPR 2016, "
    "https://doi.org/10.1109/CVPR.2016.600",
    certainty="never seen by us. Columns, quotes around their names, 999 and names of pictures as two "
    "public readers take them; other lists of the dataset are not read.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The list, in its order."""
    need(root, CARD)
    lists = [file for file in paths_below(root, "", ".csv") if Path(file).name.startswith("EmotioNet_FACS")]
    if not lists:
        need(root, CARD, LIST)
    file = lists[0]
    table = sheet_of(root, file, found, ["URL", *COLUMNS]).select("line", "URL", *COLUMNS).rename(COLUMNS)
    name = pl.col("URL").str.strip_chars("'\" ").str.extract(r"([^/]+)\.\w+$").alias("sample")
    table = keep(table.with_columns(name), pl.col("sample").is_not_null(), file, found, "an address", "URL")
    table = in_range(first_of_each(table, "sample", file, found), UNITS, file, found)
    there = {Path(path).stem: path for path in reversed(paths_below(root, "", PICTURES))}
    path = pl.col("sample").replace_strict(there, default=None, return_dtype=pl.String).alias("path")
    table = table.with_columns(path)
    absent = table.filter(pl.col("path").is_null())["line"]
    tell(found, file, absent, "this picture is not here: many addresses are gone", fatal=False)
    return table.drop("line", "URL")


def mock(root: Path, *, seed: int = 0) -> None:
    """Names in quotes, blanks behind commas, units that cannot be seen, a picture missing, a blank row."""
    generator = np.random.default_rng(seed)
    header = ["'URL'", "'URL orig'", *(f"' AU {unit}'" for unit in range(1, 61))]
    rows = []
    for k in range(5):
        address = f"'https://example.org/images/N_0000000001/N_0000000001_{k:05d}.jpg'"
        units = generator.choice([0, 1, 999], 60, p=[0.5, 0.4, 0.1])
        rows.append(", ".join([address, "'none'", *(str(unit) for unit in units)]))
        if k:
            write_picture(root / f"imgs/N_0000000001_{k:05d}.jpg", noise(generator))
    write_lines(root / "labels" / LIST, [",".join(header), *rows, "," * 61], end="\r\n")
