"""People from a table: a row of numbers an input, with the person, clip and class it is of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import torch

from facsight.core.errors import BadTable, MissingData
from facsight.core.people import People
from facsight.data.people_set import PeopleSet

#: Columns that say what a row is of; all other columns that hold numbers are the input.
KEYS = ("person", "clip", "label")


def load_people_table(file: str, *, neutral: str = "neutral", classes: Sequence[str] = ()) -> PeopleSet:
    """A `.parquet` or `.csv` file with the columns `person`, `clip`, `label` and numbers.

    Classes are those of `classes` in their order, or else the labels that are found, sorted. A clip belongs
    to one person: the same word under another person is another clip. Rows keep their order. `BadTable` for a
    missing column or value, `BadPeople` for NaN among the numbers.
    """
    path = Path(file)
    if not path.is_file():
        raise MissingData(f"there is no table {path}: give data.file, a .parquet or .csv file")
    table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)
    if missing := [key for key in KEYS if key not in table.columns]:
        raise BadTable(f"{path}: expected the columns {', '.join(KEYS)}, found no {', '.join(missing)}")
    numbers = [name for name in table.columns if name not in KEYS and table[name].dtype.is_numeric()]
    if not numbers or not len(table):
        raise BadTable(f"{path}: expected rows with columns of numbers beside {', '.join(KEYS)}, found none")
    if (empty := table.select(KEYS).null_count().row(0)) != (0, 0, 0):
        raise BadTable(
            f"{path}: expected person, clip and label in every row, found {sum(empty)} empty cells"
        )
    said = table.select(pl.col(key).cast(pl.String) for key in KEYS)
    known = tuple(classes) or tuple(said["label"].unique().sort())
    if strange := sorted(set(said["label"]) - set(known)):
        raise BadTable(f"{path}: expected labels of {', '.join(known)}, found {', '.join(strange)}")
    names = tuple(said["person"].unique().sort())
    clips = said.select(pl.struct("person", "clip").rank("dense").cast(pl.Int64) - 1).to_series()
    inputs = table.select(pl.col(numbers).cast(pl.Float32).fill_null(float("nan"))).to_numpy()
    people = People(
        torch.from_numpy(np.ascontiguousarray(inputs)),
        torch.tensor([known.index(one) for one in said["label"]]),
        torch.tensor([names.index(one) for one in said["person"]]),
        torch.from_numpy(clips.to_numpy().copy()),
        names,
    )
    return PeopleSet(path.stem, known, people, neutral if neutral in known else None)
