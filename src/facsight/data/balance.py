"""Whole groups shared out over folds so that every fold has like shares of every class."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import polars as pl

from facsight.core.errors import BadFolds, did_you_mean

#: Weights are whole numbers of this unit, so that no sum depends on its order or a platform's rounding.
_UNIT = 2**96


def share_out(grouped: pl.DataFrame, folds: int, classes: Sequence[str], seed: int | None) -> pl.DataFrame:
    """`group` and `place` ("0", "1", ...): every group in one of `folds` folds.

    `grouped` has a row a sample, with its `group`. A class is a value of one of the columns `classes`, a
    missing value too; without columns all samples are of one class. Greedy: groups in order of weight, each
    into the fold f where sum_c n_fc g_c / N_c^2 is smallest: n_fc samples of class c are there already, g_c
    are in the group, N_c in all. This step adds least to the sum over classes and folds of the squared shares
    (n_fc / N_c)^2, which is smallest where all folds have equal shares. Ties go to the fold with fewest
    samples. A seed multiplies a group's weight sum_c (g_c / N_c)^2 by 1 to 2, which changes the order.

    Without classes, and without a seed, this is scikit-learn's GroupKFold.
    """
    counts = _class_counts(grouped, classes)
    if folds < 2:
        raise BadFolds(f"expected 2 folds or more, found {folds}")
    if len(counts) < folds:
        raise BadFolds(
            f"expected at least as many groups as folds, found {len(counts)} for {folds} folds; samples that "
            "share any of the columns kept apart are one group"
        )
    totals: dict[str, int] = defaultdict(int)
    for group in counts.values():
        for kind, count in group.items():
            totals[kind] += count
    unit = {kind: _UNIT // total**2 for kind, total in totals.items()}
    weight = {
        name: sum(unit[kind] * count**2 for kind, count in group.items()) * _stretch(name, seed)
        for name, group in counts.items()
    }
    order = sorted(counts, key=lambda name: (-weight[name], name))
    return _place(order, counts, unit, folds)


def _place(
    order: Sequence[str], counts: dict[str, dict[str, int]], unit: dict[str, int], folds: int
) -> pl.DataFrame:
    held: list[dict[str, int]] = [defaultdict(int) for _ in range(folds)]
    sizes = [0] * folds
    places = []
    for name in order:
        group = [(kind, count * unit[kind]) for kind, count in counts[name].items()]
        cost = [(sum(n * there[kind] for kind, n in group), sizes[f]) for f, there in enumerate(held)]
        best = min(range(folds), key=cost.__getitem__)
        for kind, count in counts[name].items():
            held[best][kind] += count
        sizes[best] += sum(counts[name].values())
        places.append(str(best))
    return pl.DataFrame(
        {"group": list(order), "place": places}, schema={"group": pl.String, "place": pl.String}
    )


def _class_counts(grouped: pl.DataFrame, classes: Sequence[str]) -> dict[str, dict[str, int]]:
    """For every group how many samples it has of every class."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for column in classes or [None]:
        kind = pl.lit("all") if column is None else _kind(grouped, column)
        for group, name, count in grouped.group_by("group", kind.alias("kind")).len().iter_rows():
            counts[group][name] = count
    return counts


def _kind(grouped: pl.DataFrame, column: str) -> pl.Expr:
    if column not in grouped.columns:
        raise BadFolds(
            f"expected a column {column!r} to stratify by: {did_you_mean(column, grouped.columns)}"
        )
    if grouped.schema[column].is_float():
        raise BadFolds(
            f"expected classes to stratify by, found decimal numbers in {column!r}; cut them into bins first"
        )
    return pl.format("{}={}", pl.lit(column), pl.col(column).cast(pl.String).fill_null("(none)"))


def _stretch(name: str, seed: int | None) -> int:
    """Between 2^32 and 2^33, told by the name and the seed."""
    if seed is None:
        return 1
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return 2**32 + int.from_bytes(digest[:4], "big")
