"""Near copies among pictures: the same photo again, perhaps resized, cropped, brighter, turned or mirrored.

found = find_near_copies((name, picture) for name, picture in ...)
found.pairs                               # which two, how far apart, mirrored or not
table = found.mark(table)                 # a column `near_copies`: the cluster of each sample that has copies
leaks(table, "near_copies")               # clusters that cross splits
table = clean_split(table)                # a split that none crosses
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
import torch
from jaxtyping import UInt8
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from facsight.core.errors import BadFolds
from facsight.data.alike import standing_out
from facsight.data.copy_search import search
from facsight.data.groups import listed
from facsight.data.thumbnails import make_thumbnails

_SCHEMA = {"sample": pl.String, "other": pl.String, "distance": pl.Float64, "mirrored": pl.Boolean}


@dataclass(frozen=True)
class NearCopies:
    """What a search found.

    `pairs`: a row for every two samples that are copies, `sample` before `other` in the alphabet; `distance`
    from 0 (the same to the last pixel), `mirrored` if one is the mirror image. Of pictures that are the same
    to the last pixel only the first is compared with others. `samples`: all that were searched, in the
    alphabet's order; `blank`: those that show nothing, which are copies of nothing.
    """

    samples: tuple[str, ...]
    pairs: pl.DataFrame
    blank: tuple[str, ...]

    def clusters(self) -> pl.DataFrame:
        """`sample` and `near_copies`: a sample with copies, and the first sample of its cluster.

        Copies of copies are in one cluster.
        """
        row = {sample: number for number, sample in enumerate(self.samples)}
        ends = [np.array([row[name] for name in self.pairs[end]], int) for end in ("sample", "other")]
        graph = coo_array((np.ones(len(self.pairs), bool), tuple(ends)), shape=(len(row), len(row)))
        cluster = connected_components(graph, directed=False)[1]
        table = pl.DataFrame(
            {"sample": self.samples, "cluster": cluster}, schema_overrides={"sample": pl.String}
        )
        first = pl.col("sample").min().over("cluster").alias("near_copies")
        return table.filter(pl.len().over("cluster") > 1).select("sample", first)

    def mark(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with a column `near_copies`: the cluster of each sample, null where it has no copies."""
        rest = table.drop("near_copies", strict=False)
        return rest.join(self.clusters(), on="sample", how="left", maintain_order="left")

    def across(self, table: pl.DataFrame) -> pl.DataFrame:
        """The pairs on two sides of the table's `split`, with `split` and `other_split`."""
        sides = table.select("sample", "split")
        others = sides.rename({"sample": "other", "split": "other_split"})
        both = self.pairs.join(sides, on="sample", maintain_order="left").join(
            others, on="other", maintain_order="left"
        )
        return both.filter(pl.col("split") != pl.col("other_split"))


def find_near_copies(pictures: Iterable[tuple[str, np.ndarray]]) -> NearCopies:
    """Compare every picture with every other and its mirror image.

    `pictures`: ids and uint8 arrays, (height, width) grey or (height, width, 3) RGB, of any size; each is
    looked at once and 2.3 kB of it are kept. Where pictures are alike anyway, as portraits of one studio are,
    a copy is what is far nearer than the others are: give the whole dataset, not two pictures of it. A file
    that cannot be read is the caller's to name and leave out. `BadFaces` names an array that is no picture.
    """
    small = make_thumbnails(pictures)
    shown = (~small.blank).nonzero().squeeze(1)
    first, again = _identical(small.pixels[shown])
    rows = shown[first]
    same = (shown[first[again[1]]], shown[again[0]], torch.zeros(len(again[0])), False)
    pixels = small.pixels[rows]
    near = [
        (rows[one], rows[other], apart, turned)
        for one, other, apart, turned in standing_out(pixels, search(pixels))
    ]
    blank = tuple(small.samples[row] for row in small.blank.nonzero().flatten().tolist())
    return NearCopies(small.samples, _pairs(small.samples, [same, *near]), blank)


def clean_split(
    table: pl.DataFrame,
    *,
    rule: Literal["drop", "move"] = "drop",
    order: Sequence[str] = ("test", "val", "train"),
) -> pl.DataFrame:
    """The table with a `split` that no near-copy cluster crosses, and the old one as `split_before`.

    `order`: the splits, those to be kept as they are first. "drop": a cluster keeps its samples in the first
    of its splits, the others' samples get no split (null); by default training pictures go, and test pictures
    stay, so that scores stay comparable. "move": the whole cluster goes to the last of its splits, so that
    no picture is lost and no test picture has been seen; `leaks` tells whether a person now is on two sides.

    >>> table = pl.DataFrame({"sample": ["1", "2", "3"], "split": ["train", "test", "train"],
    ...                       "near_copies": ["1", "1", None]})
    >>> clean_split(table)["split"].to_list(), clean_split(table, rule="move")["split"].to_list()
    ([None, 'test', 'train'], ['train', 'train', 'train'])
    """
    if missing := [name for name in ("split", "near_copies") if name not in table.columns]:
        raise BadFolds(f"expected the column {missing[0]!r}; NearCopies.mark adds near_copies to a table")
    if unlisted := sorted(set(table["split"].drop_nulls()) - set(order)):
        raise BadFolds(f"expected every split in `order`, found {listed(unlisted)} beside {listed(order)}")
    rank = pl.col("split").replace_strict(list(order), range(len(order)), return_dtype=pl.Int64)
    best = rank.max() if rule == "move" else rank.min()
    kept = best.over("near_copies")
    lasting = pl.col("near_copies").is_null() | pl.col("split").is_null() | (rank == kept)
    names = kept.replace_strict(range(len(order)), list(order), return_dtype=pl.String)
    moved = names if rule == "move" else pl.lit(None, pl.String)
    return table.with_columns(
        pl.when(lasting).then("split").otherwise(moved).alias("split"), pl.col("split").alias("split_before")
    )


def _identical(pixels: UInt8[Tensor, "n side side"]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Rows of distinct pictures; and rows that repeat one, with the place of that one among the distinct."""
    place: dict[bytes, int] = {}
    distinct, repeats, of = [], [], []
    for row, picture in enumerate(pixels.numpy()):
        known = place.setdefault(picture.tobytes(), len(distinct))
        if known == len(distinct):
            distinct.append(row)
        else:
            repeats.append(row)
            of.append(known)
    return torch.tensor(distinct, dtype=torch.int64), (
        torch.tensor(repeats, dtype=torch.int64),
        torch.tensor(of, dtype=torch.int64),
    )


def _pairs(samples: Sequence[str], found: Sequence[tuple[Tensor, Tensor, Tensor, bool]]) -> pl.DataFrame:
    """The table of pairs; one that is alike both mirrored and not is listed as what it resembles more."""
    names = pl.Series(samples, dtype=pl.String)
    parts = [
        pl.DataFrame(
            {
                "sample": names[one.numpy()],
                "other": names[other.numpy()],
                "distance": distance.double().numpy(),
                "mirrored": [mirrored] * len(one),
            },
            schema=_SCHEMA,
        )
        for one, other, distance, mirrored in found
    ]
    ordered = pl.concat(parts).sort("sample", "other", "distance", "mirrored")
    return ordered.unique(["sample", "other"], keep="first", maintain_order=True)
