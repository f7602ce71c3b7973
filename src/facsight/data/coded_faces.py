"""Faces of any dataset of the table with coded action units: what recipes of units train on, by `data.name`.

Splits are those of `data.photos`: where there is no validation split, a tenth of the people is held out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import torch
from jaxtyping import Int
from torch import Tensor

from facsight.core.errors import BadFaces, BadLabels, MissingData, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.data.dataset import SPLITS, Dataset
from facsight.data.layout import VIDEOS
from facsight.data.loaders import of_dataset
from facsight.data.opening import open_dataset
from facsight.data.photos import all_pictures, with_validation
from facsight.data.pictures import Pictures, Unreadable
from facsight.data.sets import SETS
from facsight.data.unit_set import UnitSet


def load_coded_faces(
    name: str,
    folder: str | Path,
    *,
    split: str,
    space: str = "",
    every: int = 1,
    size: int | None = None,
    unreadable: Unreadable = "fatal",
    reader: dict[str, Any] | None = None,
) -> UnitSet:
    """The faces of a split on which a unit was coded: grey squares of `size` pixels, no landmarks.

    `space` is the label space of units, the dataset's first if none is named. Of each video `every` n-th
    coded frame is taken: neighbours are nearly the same picture. What was not coded is NaN. `unreadable` and
    `reader` are as in `data.photos`. `BadLabels` for a dataset without coded units, `BadFaces` for one whose
    faces lie in videos.
    """
    if split not in SPLITS:
        raise BadLabels(f"{name} has the splits train, val and test, found {split!r}")
    if every < 1:
        raise BadLabels(f"every n-th coded frame is taken, 1 or more, found {every}")
    try:
        data = open_dataset(name, folder, sealed=split != "test", **(reader or {}))
    except MissingData as error:
        raise MissingData(f"{error}\nPoint to the folder with data.folder=PATH.") from error
    units = _units_of(data, space)
    data = _usable(with_validation(data), split, units, every)
    images, rows = all_pictures(Pictures(data, size=size, unreadable=unreadable), name)
    table = data.table[rows.tolist()]
    presence = torch.from_numpy(table.select(pl.col(units.columns).cast(pl.Float32)).to_numpy().copy())
    return UnitSet(
        name=f"{name}-{split}",
        action_units=tuple(int(unit.removeprefix("AU")) for unit in units.classes),
        images=images,
        landmarks=torch.full((len(rows), 68, 2), torch.nan),
        presence=presence,
        person=_people(table),
        ids=tuple(f"{name}/{sample}" for sample in table["sample"]),
    )


def _units_of(data: Dataset, wanted: str) -> LabelSpace:
    """A label space of units that are there or not."""
    spaces = {space.name: space for space in data.spaces if space.kind == "units"}
    if not spaces:
        named = ", ".join(space.name for space in data.spaces)
        raise BadLabels(
            f"{data.card.title} has no coded action units to train on, but {named or 'no labels'}"
        )
    if wanted and wanted not in spaces:
        raise BadLabels(
            f"{data.card.title} has no label space of units {wanted!r}: {did_you_mean(wanted, spaces)}"
        )
    return spaces[wanted] if wanted else next(iter(spaces.values()))


def _usable(data: Dataset, split: str, units: LabelSpace, every: int) -> Dataset:
    """The coded samples of a split with a picture; of each video every n-th."""
    coded = pl.any_horizontal(pl.col(units.columns).is_not_null())
    data = data.where(pl.col("split").eq_missing(split) & coded & pl.col("path").is_not_null())
    if not len(data):
        raise MissingData(f"{data.root} holds no coded face of {data.card.title} in the split {split!r}")
    videos = [path for path in data.table["path"].unique() if path.lower().endswith(VIDEOS)]
    if videos:
        raise BadFaces(
            f"{data.card.title}: its coded faces lie in videos, such as {videos[0]}; recipes of units need "
            "pictures, a file a frame"
        )
    if every > 1:
        place = pl.int_range(pl.len()).over(pl.coalesce("video", "subject", "sample"))
        data = data.where(place % every == 0)
    return data


def _people(table: pl.DataFrame) -> Int[Tensor, "n"]:
    """Each face's person as a number of this split, -1 where unknown."""
    names = {name: number for number, name in enumerate(table["subject"].drop_nulls().unique().sort())}
    return torch.tensor([names.get(name, -1) for name in table["subject"]])


def __getattr__(name: str) -> Callable[..., UnitSet]:
    """The loader of a dataset, as `facsight.data.coded_faces:NAME` in the catalogue."""
    if name not in SETS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return of_dataset(load_coded_faces, name)
