"""The folds of a protocol: its official split, or its own way of dividing a dataset that has none."""

from pathlib import Path

import polars as pl

from facsight.core.errors import BadFolds
from facsight.data.folds import Folds, group_folds, leave_one_out, official_folds, target_folds
from facsight.data.opening import open_dataset
from facsight.data.protocol import Protocol


def protocol_table(protocol: Protocol, root: str | Path, *, scheme: str | None = None) -> pl.DataFrame:
    """The dataset's table, with a column `fold` where its own lists say in which one a sample is tested."""
    table = open_dataset(protocol.dataset, root).table
    way = protocol.scheme(scheme) if protocol.folds else None
    if way is None or way.kind != "lists":
        return table
    tested = [_tested(protocol.dataset, root, number) for number in range(1, way.count + 1)]
    known = pl.concat(tested).unique("sample", keep="first", maintain_order=True)
    if len(known) < sum(map(len, tested)):
        raise BadFolds(f"{protocol.dataset}: a sample is in the test lists of two folds")
    return table.join(known, on="sample", how="left", maintain_order="left")


def _tested(dataset: str, root: str | Path, number: int) -> pl.DataFrame:
    table = open_dataset(dataset, root, fold=number).table.filter(pl.col("split") == "test")
    return table.select("sample", pl.lit(str(number)).alias("fold"))


def protocol_folds(
    protocol: Protocol, table: pl.DataFrame, *, scheme: str | None = None, seed: int = 0
) -> tuple[Folds, str]:
    """The folds of a dataset's table, and what must be told with them, if anything.

    `scheme` is one of the protocol's ways to divide, by default its own; `seed` changes who goes where, where
    a scheme leaves it open. An official split with somebody on both sides is given as it is, and told.
    """
    if not protocol.folds:
        return _official(protocol, table)
    way = protocol.scheme(scheme)
    if way.kind == "targets":
        return target_folds(table, way.targets, dataset=protocol.dataset), way.warning
    if way.kind in ("leave-one-out", "lists"):
        return leave_one_out(table, dataset=protocol.dataset, apart=way.by), way.warning
    return group_folds(table, way.count, dataset=protocol.dataset, apart=way.by, seed=seed), way.warning


def _official(protocol: Protocol, table: pl.DataFrame) -> tuple[Folds, str]:
    try:
        return official_folds(table, dataset=protocol.dataset), ""
    except BadFolds as error:
        split = official_folds(table, dataset=protocol.dataset, apart=())
        return split, f"the official split does not keep apart what belongs together: {error}"
