"""What both sides of a split share: persons, videos, near copies, or the very same sample."""

from collections.abc import Sequence

import polars as pl

from facsight.core.errors import BadFolds
from facsight.data.groups import apart_columns, owner

#: Shared names that an error lists; `leaks` has all of them.
_NAMED = 5
_SCHEMA = {"kind": pl.String, "name": pl.String, "sides": pl.List(pl.String), "samples": pl.List(pl.Int64)}


def leaks(table: pl.DataFrame, apart: str | Sequence[str] | None = None) -> pl.DataFrame:
    """A row for everything that is on two sides: `kind`, `name`, `sides`, and how many `samples` on each.

    `table` has `sample` and `split` and any of `subject`, `video` (two persons of one file count as one
    video) and `near_copies`; `apart` names other columns. Rows without a split are on no side, and rows that
    do not say whose they are can share nothing. An id that is listed twice, even on one side, is a row of
    the kind `sample`. Nothing shared: no rows.

    >>> table = pl.DataFrame({"sample": ["1", "2", "3"], "split": ["train", "train", "test"],
    ...                       "subject": ["ann", "bob", "bob"]})
    >>> leaks(table).row(0)
    ('subject', 'bob', ['test', 'train'], [1, 1])
    """
    if missing := [name for name in ("sample", "split") if name not in table.columns]:
        raise BadFolds(f"expected the columns 'sample' and 'split', found no {' and no '.join(missing)}")
    placed = table.filter(pl.col("split").is_not_null())
    found = [_shared(placed, kind) for kind in apart_columns(table, apart) if kind != "sample"]
    return pl.concat([*found, _shared(placed, "sample")])


def refuse_leaks(table: pl.DataFrame, apart: Sequence[str], what: str) -> None:
    """Raise `BadFolds` that names what two sides of `table` share, and both sides."""
    found = leaks(table, apart)
    if found.is_empty():
        return
    told = [_told(*row) for row in found.head(_NAMED).iter_rows()]
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    raise BadFolds(
        f"{what}: expected nobody and nothing on two sides, found {'; '.join(told)}{more}. Make folds with "
        "group_folds, which keeps groups whole, or name in `apart` only what must not be shared"
    )


def _shared(placed: pl.DataFrame, kind: str) -> pl.DataFrame:
    counts = placed.group_by(owner(kind).alias("name"), pl.col("split").cast(pl.String).alias("side")).len()
    sides = (
        counts.filter(pl.col("name").is_not_null())
        .sort("name", "side")
        .group_by("name", maintain_order=True)
        .agg(pl.col("side").alias("sides"), pl.col("len").cast(pl.Int64).alias("samples"))
    )
    crossing = pl.col("sides").list.len() > 1
    if kind == "sample":
        crossing = pl.col("samples").list.sum() > 1
    return sides.filter(crossing).select(pl.lit(kind).alias("kind"), *list(_SCHEMA)[1:]).cast(_SCHEMA)  # pyright: ignore


def _told(kind: str, name: str, sides: list[str], samples: list[int]) -> str:
    where = " and ".join(f"{side} ({count})" for side, count in zip(sides, samples, strict=True))
    return f"{kind.replace('_', ' ')} {name!r} in {where}"
