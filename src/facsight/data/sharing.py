"""What the splits of a dataset share that they should not: people, recordings, near copies of pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from facsight.data.dataset import Dataset
from facsight.data.leaks import leaks
from facsight.data.near_copies import find_near_copies
from facsight.data.pictures import Pictures


@dataclass(frozen=True)
class Shared:
    """What is on several sides of a dataset's splits, and how many pairs of pictures are near copies.

    `pairs` is None where pictures were not compared. `across` are near copies in different splits, `leaks`
    all that is shared (see `facsight.data.leaks`), `missed` the pictures that could not be read, with why.
    """

    pairs: int | None
    across: pl.DataFrame
    leaks: pl.DataFrame
    missed: dict[str, str] = field(default_factory=dict)


def what_is_shared(
    data: Dataset, *, copies: bool = True, on_picture: Callable[[int, int], None] | None = None
) -> Shared:
    """Look for people, recordings and, with `copies`, near copies on several sides of the splits.

    Only photos are compared: frames of one video are alike. `on_picture` hears of each (done, total).
    """
    there = data.where(pl.col("path").is_not_null())
    if not copies or data.card.kind != "photos" or not len(there):
        return Shared(None, pl.DataFrame(), leaks(data.table))
    pictures = Pictures(there, unreadable="skip")
    found = find_near_copies(_named(pictures, on_picture))
    table = found.mark(data.table)
    return Shared(len(found.pairs), found.across(table), leaks(table), pictures.missed)


def _named(
    pictures: Pictures, on_picture: Callable[[int, int], None] | None
) -> Iterator[tuple[str, np.ndarray]]:
    samples = pictures.data.table["sample"].to_list()
    for batch in pictures.batches(256, shuffle=False):
        for row, image in zip(batch.rows.tolist(), batch.images, strict=True):
            yield samples[row], image[0].numpy()
        if on_picture:
            on_picture(int(batch.rows[-1]) + 1, len(pictures))
