"""What a dataset on disk hands over: one table, a row a sample, and where it strays from its format.

Columns of the table, the same for every dataset; a value that is absent or marked invalid is null:

- `sample`: the dataset's own name of the sample, unique, as its official lists and submissions write it;
- `split`: train, val or test; null where the dataset has no official one;
- `subject`, `video`: whom and which recording the sample shows, as text;
- `path`: the file that holds it, relative to the folder; null where labels name a file that is not there;
- `frame`: number of a frame of a video, as the dataset counts, or the row in a file of many pictures;
- `start`, `end`: seconds of a stretch of a recording;
- `left`, `top`, `right`, `bottom`: pixels of the face's box; `text`: what is said or written;
- the columns of its label spaces (`LabelSpace.columns`). Classes are words, never positions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import polars as pl

from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import LabelSpace

Kind = Literal["photos", "frames", "clips", "recordings", "texts"]

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Card:
    """What is known of a dataset before it is opened: who made it, how to get it, what its folder looks like.

    `labels` are names of label spaces. `layout` is shown where a folder is not as expected. `certainty` says
    what of the format was read in documents or code of others, and what is assumed.
    """

    name: str
    title: str
    kind: Kind
    labels: tuple[str, ...]
    people: str
    licence: str
    obtain: str
    layout: str
    paper: str
    certainty: str

    def __str__(self) -> str:
        told = {
            "labels": ", ".join(self.labels) or "those of the folder",
            "people": self.people,
            "licence": self.licence,
            "obtain": self.obtain,
            "paper": self.paper,
            "certainty": self.certainty,
        }
        rows = (f"{key:<10} {text}" for key, text in told.items())
        return "\n".join([f"{self.title} ({self.kind})", "", *rows, "", "Layout", self.layout.strip("\n")])


@dataclass(frozen=True)
class Deviation:
    """One place where a dataset is not as its format says: what was expected and what was found there.

    `file` is relative to the dataset's folder, `line` counts from 1. What is `fatal` makes the row, or
    without a line the file, unusable; anything else is only odd, and the row is read.
    """

    file: str
    message: str
    line: int | None = None
    fatal: bool = True

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class Dataset:
    """An opened dataset. Pictures and sounds stay on disk until they are asked for."""

    card: Card
    root: Path
    table: pl.DataFrame
    spaces: tuple[LabelSpace, ...]
    deviations: tuple[Deviation, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.table)

    def split(self, name: str) -> "Dataset":
        """The samples of an official split."""
        found = [s for s in SPLITS if s in set(self.table["split"].drop_nulls())]
        if name not in found:
            raise BadLabels(f"{self.card.name} has no split {name!r} here: {did_you_mean(name, found)}")
        return self.where(pl.col("split") == name)

    def where(self, condition: pl.Expr) -> "Dataset":
        """The samples for which a condition on the table holds."""
        return replace(self, table=self.table.filter(condition))

    def files(self) -> Iterator[tuple[str, Path]]:
        """Name and file of each sample that has one."""
        for sample, path in self.table.select("sample", "path").drop_nulls().iter_rows():
            yield sample, self.root / path
