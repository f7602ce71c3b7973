"""Photos of any dataset of the table as a face set: what recipes train on, by `data.name`.

Where a dataset has no validation split, a tenth of its training samples is held out: those whose person, or
recording, or name where neither is known, has a checksum divisible by ten. Nobody is on both sides.
"""

import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadFaces, BadLabels, MissingData
from facsight.core.labels import FERPLUS, Conversion, LabelSpace, convert, label_space
from facsight.data.compound_parts import in_parts
from facsight.data.dataset import SPLITS, Dataset
from facsight.data.face_set import FaceSet
from facsight.data.loaders import of_dataset
from facsight.data.opening import open_dataset
from facsight.data.pictures import Pictures, Unreadable
from facsight.data.sets import SETS

#: A face set is held in memory: more than so many bytes of pixels are refused.
MOST_BYTES = 6 * 2**30
#: One in so many samples is held out where there is no validation split.
HELD_OUT = 10

Labels = Literal["votes", "majority", "parts"]


def load_photos(
    name: str,
    folder: str | Path,
    *,
    split: str,
    labels: Labels = "votes",
    space: str = "",
    size: int | None = None,
    unreadable: Unreadable = "fatal",
    reader: dict[str, Any] | None = None,
) -> FaceSet:
    """The labelled photos of a split: grey squares of `size` pixels about the faces' boxes, no landmarks.

    `labels`: "votes" gives each class its share of the annotators, where that is known, "majority" the whole
    to the winner, "parts" half to each part of a compound (`compound_parts`). `space` names a label space
    into which labels are converted, by name; what is lost is warned of. `unreadable`: pictures that cannot be
    read are "fatal", or "skip" leaves them out and warns. `reader` are options of the dataset's reader. Of
    near copies, where known, one is kept for training.
    """
    if split not in SPLITS:
        raise BadLabels(f"{name} has the splits train, val and test, found {split!r}")
    try:
        data = open_dataset(name, folder, sealed=split != "test", **(reader or {}))
    except MissingData as error:
        raise MissingData(f"{error}\nPoint to the folder with data.folder=PATH.") from error
    own = _space_of_classes(data)
    conversion = convert(own, label_space(space)) if space and labels != "parts" else convert(own, own)
    if conversion.lossy:
        warnings.warn(f"{name}: labels are converted from {conversion}", stacklevel=2)
    data = _usable(data, split, own, conversion)
    pictures = Pictures(data, size=size, unreadable=unreadable)
    images, rows = all_pictures(pictures, name)
    shares = _shares(data.table, own, conversion, labels)[rows]
    faces = FaceSet(
        name=f"{name}-{split}",
        space=conversion.target,
        images=images,
        landmarks=torch.full((len(rows), 68, 2), torch.nan),
        expression=shares,
        ids=tuple(f"{name}/{sample}" for sample in data.table["sample"].gather(rows.tolist())),
    )
    return in_parts(faces, label_space(space) if space else FERPLUS) if labels == "parts" else faces


def _space_of_classes(data: Dataset) -> LabelSpace:
    spaces = [space for space in data.spaces if space.kind == "classes"]
    if not spaces:
        named = ", ".join(space.name for space in data.spaces)
        raise BadLabels(f"{data.card.title} has no classes to train on, but {named or 'no labels'}")
    return spaces[0]


def _usable(data: Dataset, split: str, own: LabelSpace, conversion: Conversion) -> Dataset:
    """The samples of a split with a picture and a label that the target knows."""
    label = pl.col(own.column)
    data = with_validation(data).where(pl.col("split").eq_missing(split) & label.is_in(list(conversion.to)))
    if split == "train" and "first" in data.table.columns:
        data = data.where(pl.col("first"))
    if not len(data):
        raise MissingData(f"{data.root} holds no usable photo of {data.card.title} in the split {split!r}")
    return data.where(pl.col("path").is_not_null())


def with_validation(data: Dataset) -> Dataset:
    """The dataset with a validation split: its own, or else a tenth of the samples for training.

    Samples without any split count as such for training.
    """
    table = data.table.with_columns(pl.col("split").fill_null("train"))
    if "val" not in set(table["split"]):
        groups = table.select(pl.coalesce("subject", "video", "sample")).to_series()
        out = pl.Series([zlib.crc32(group.encode()) % HELD_OUT == 0 for group in groups], dtype=pl.Boolean)
        held = pl.when((pl.col("split") == "train") & out).then(pl.lit("val")).otherwise("split")
        table = table.with_columns(held.cast(table["split"].dtype).alias("split"))
    return Dataset(data.card, data.root, table, data.spaces, data.deviations)


def all_pictures(pictures: Pictures, name: str) -> tuple[Tensor, Tensor]:
    """The pictures that can be read, in memory, and their rows in the dataset's table."""
    needed = len(pictures) * pictures.size**2
    if needed > MOST_BYTES:
        raise BadFaces(
            f"{name}: {len(pictures):,} pictures of {pictures.size} pixels need {needed / 2**30:.1f} GiB; "
            "make them smaller (data.size), or take batches of them from `facsight.data.pictures.Pictures`"
        )
    images = torch.empty((len(pictures), 1, pictures.size, pictures.size), dtype=torch.uint8)
    rows, done = [], 0
    for batch in pictures.batches(256, shuffle=False):
        images[done : done + len(batch)] = batch.images
        rows.append(batch.rows)
        done += len(batch)
    if pictures.missed:
        told = "; ".join(list(pictures.missed.values())[:5])
        warnings.warn(
            f"{len(pictures.missed)} of {len(pictures)} pictures were left out: {told}", stacklevel=3
        )
    if not done:
        raise MissingData(f"none of the {len(pictures)} pictures of {name} can be read")
    return images[:done], torch.cat(rows)


def _shares(
    table: pl.DataFrame, own: LabelSpace, conversion: Conversion, labels: Labels
) -> Float[Tensor, "n class"]:
    """A row of shares a sample, over the classes of the target."""
    index = {word: conversion.target.index(to) for word, to in conversion.to.items()}
    classes = torch.tensor([index[word] for word in table[own.column]])
    shares = torch.nn.functional.one_hot(classes, len(conversion.target)).float()
    if labels != "votes" or not set(own.shares) <= set(table.columns):
        return shares
    votes = torch.from_numpy(table.select(own.shares).to_numpy().astype("float32"))
    sums = torch.zeros_like(shares)
    for column, word in enumerate(own.classes):
        if word in index:
            sums[:, index[word]] += votes[:, column]
    if conversion.lost:
        sums = sums / sums.sum(dim=1, keepdim=True)
    return torch.where(sums.isnan(), shares, sums)


def __getattr__(name: str) -> Callable[..., FaceSet]:
    """The loader of a dataset, as `facsight.data.photos:NAME` in the catalogue."""
    if name not in SETS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return of_dataset(load_photos, name)
