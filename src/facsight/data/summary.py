"""What a dataset holds, counted: samples, people, labels and missing files of each split."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from facsight.core.labels import LabelSpace
from facsight.data.dataset import SPLITS, Dataset

#: What samples without an official split are listed under.
NO_SPLIT = "no split"


@dataclass(frozen=True)
class SplitCount:
    """One split in numbers; people and recordings None where the dataset does not name them."""

    split: str
    samples: int
    people: int | None
    videos: int | None
    missing_files: int


def count_splits(data: Dataset) -> list[SplitCount]:
    """Each split that the dataset has, in order, then the samples without one."""
    named = {name: bool(data.table[name].count()) for name in ("subject", "video")}
    table = data.table.with_columns(pl.col("split").cast(pl.String).fill_null(NO_SPLIT))
    rows = table.group_by("split").agg(
        pl.len().alias("samples"),
        pl.col("subject").drop_nulls().n_unique().alias("people"),
        pl.col("video").drop_nulls().n_unique().alias("videos"),
        pl.col("path").is_null().sum().alias("missing"),
    )
    counts = {
        split: SplitCount(
            split,
            samples,
            people if named["subject"] else None,
            videos if named["video"] else None,
            missing if data.card.kind != "texts" else 0,
        )
        for split, samples, people, videos, missing in rows.iter_rows()
    }
    return [counts[split] for split in (*SPLITS, NO_SPLIT) if split in counts]


def count_labels(data: Dataset, space: LabelSpace) -> pl.DataFrame:
    """A row for each class, unit or quantity and each split: how many samples have it.

    Of classes, `count` are the samples of the class; of units and levels, those that show it; of values,
    those that have one, with `mean`, `spread` (standard deviation), `least` and `most`. `labelled` are all
    samples of the split with a label.
    """
    table = data.table.with_columns(pl.col("split").cast(pl.String).fill_null(NO_SPLIT))
    parts = _of_classes(table, space) if space.kind == "classes" else _of_numbers(table, space)
    order = {split: rank for rank, split in enumerate((*SPLITS, NO_SPLIT))}
    rank = pl.col("split").replace_strict(order, return_dtype=pl.Int32)
    return parts.sort(rank, maintain_order=True)


def _of_classes(table: pl.DataFrame, space: LabelSpace) -> pl.DataFrame:
    label = pl.col(space.column)
    counts = [(label == name).sum().alias(name) for name in space.classes]
    wide = table.group_by("split", maintain_order=True).agg(label.count().alias("labelled"), *counts)
    return wide.unpivot(index=["split", "labelled"], variable_name="label", value_name="count")


def _of_numbers(table: pl.DataFrame, space: LabelSpace) -> pl.DataFrame:
    def column(name: str) -> list[Any]:
        value = pl.col(name)
        shown = value.count() if space.kind == "values" else (value > 0).sum()
        numbers = [value.mean().alias("mean"), value.std(ddof=0).alias("spread")]
        numbers += [value.min().alias("least"), value.max().alias("most")]
        floats = [number.cast(pl.Float64) for number in numbers]
        return [pl.lit(name).alias("label"), value.count().alias("labelled"), shown.alias("count"), *floats]

    parts = (table.group_by("split", maintain_order=True).agg(column(name)) for name in space.columns)
    return pl.concat(parts)
