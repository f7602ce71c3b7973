"""The folds of a protocol: its official split, or its own way of dividing a dataset that has none."""

import polars as pl

from facsight.core.errors import BadFolds
from facsight.data.folds import Folds, group_folds, leave_one_out, official_folds, target_folds
from facsight.data.protocol import Protocol


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
    if way.kind == "leave-one-out":
        return leave_one_out(table, dataset=protocol.dataset, apart=way.by), way.warning
    return group_folds(table, way.count, dataset=protocol.dataset, apart=way.by, seed=seed), way.warning


def _official(protocol: Protocol, table: pl.DataFrame) -> tuple[Folds, str]:
    try:
        return official_folds(table, dataset=protocol.dataset), ""
    except BadFolds as error:
        split = official_folds(table, dataset=protocol.dataset, apart=())
        return split, f"the official split does not keep apart what belongs together: {error}"
