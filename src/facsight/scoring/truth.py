"""What predictions are compared with: the labels of the rows that count, and whose these rows are."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import LabelSpace, convert
from facsight.data.dataset import Dataset
from facsight.data.opening import open_dataset
from facsight.data.protocol import Protocol
from facsight.data.sets.manifest import about_list
from facsight.data.submission_formats import FRAME

_PERSON = "_(?:left|right)$"


@dataclass(frozen=True)
class Truth:
    """Labels of every sample of a dataset, and which rows count.

    `table` has `sample`, the columns of the protocol's label spaces (null: no label), `counts` (of the part
    that is scored) and `cluster` (rows with the same one are resampled together; `over` says what it is).
    `origin` says where it is from, `split` which part counts, `opened_test` whether labels were read for it
    that are those of the protocol's result (the test split, or what serves as one).
    """

    table: pl.DataFrame
    origin: str
    split: str
    over: str
    opened_test: bool
    notes: tuple[str, ...] = ()


def default_split(protocol: Protocol) -> str:
    """The split that is scored unless another is asked for; empty where there are folds instead.

    Where a challenge withholds the labels of its test, it is the split for selecting.
    """
    return protocol.select if protocol.withheld and protocol.select else protocol.score


def truth_from_dataset(protocol: Protocol, root: str | Path, *, split: str | None = None) -> Truth:
    """The labels of a dataset in a folder; those of the test split are read only where it is scored.

    The folder may also be one that `facsight prepare` made from the dataset, which has no labels of test.
    """
    split = split or default_split(protocol)
    sealed = bool(split) and split != "test"
    dataset = open_dataset(_form(protocol, Path(root)), root, sealed=sealed)
    table, notes = in_spaces(protocol, dataset)
    there = table["split"].cast(pl.String).drop_nulls().unique().sort().to_list()
    if split and split not in there:
        raise MissingData(
            f"{root} has no split {split!r} of {protocol.dataset}, only {', '.join(there) or 'none'}"
        )
    counts = (
        (pl.col("split").cast(pl.String) == split).fill_null(value=False) if split else pl.lit(value=True)
    )
    table = table.with_columns(counts.alias("counts"))
    opened = split == protocol.score if split else "test" in there
    return finished(protocol, table, str(root), split or "all", opened or split == "test", notes)


def _form(protocol: Protocol, root: Path) -> str:
    """As what a folder is opened: as the protocol's dataset, or as what was prepared from it."""
    told = about_list(root)
    if not told:
        return protocol.dataset
    if told.get("dataset") != protocol.dataset:
        made_of = told.get("dataset") or "files that are no dataset"
        raise BadLabels(f"{root} was prepared from {made_of}, {protocol.name} is about {protocol.dataset}")
    return "manifest"


def in_spaces(protocol: Protocol, dataset: Dataset) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The dataset's table with the labels of the protocol's spaces, and what that left out, in words.

    `BadLabels` where classes would be lost that the protocol does not leave out by name.
    """
    table, notes = dataset.table, []
    for space in protocol.spaces:
        if space.kind != "classes":
            absent = [name for name in space.columns if name not in table.columns]
            if absent:
                raise BadLabels(
                    f"{dataset.card.name} has no {', '.join(absent)}, which {protocol.name} scores"
                )
            continue
        conversion = convert(_own(dataset, space), space)
        surprising = set(conversion.lost) - set(protocol.drop)
        if surprising:
            raise BadLabels(f"{protocol.name} does not say what becomes of {', '.join(sorted(surprising))}")
        if conversion.lossy:
            notes.append(f"labels converted by name: {conversion}")
        word = pl.col(space.column).cast(pl.String)
        meant = word.replace_strict(conversion.to, default=None, return_dtype=pl.String)
        table = table.with_columns(meant.cast(pl.Enum(space.classes)).alias(space.column))
    return table, tuple(notes)


def _own(dataset: Dataset, space: LabelSpace) -> LabelSpace:
    """The dataset's own space of classes in the same column."""
    for own in dataset.spaces:
        if own.kind == "classes" and own.column == space.column:
            return own
    raise BadLabels(
        f"{dataset.card.name} has no classes in a column {space.column}, which {space.name} needs"
    )


def finished(
    protocol: Protocol, table: pl.DataFrame, origin: str, split: str, opened: bool, notes: tuple[str, ...]
) -> Truth:
    """The truth with its clusters; `MissingData` where no row that counts has a label."""
    columns = [name for space in protocol.spaces for name in space.columns]
    labelled = table.filter(pl.col("counts") & pl.any_horizontal(pl.col(columns).is_not_null()))
    if labelled.is_empty():
        kept = "; the organisers keep them: score --split val" if protocol.withheld else ""
        raise MissingData(
            f"{origin} has no labels of {protocol.name} in the split {split!r}{kept}; for labels of "
            "your own: --truth FILE"
        )
    cluster, over = _cluster(protocol, table)
    if over != protocol.resample:
        notes = (*notes, f"no {protocol.resample} is known: intervals are over {over}s and may be too narrow")
    kept = table.select("sample", *columns, "counts", cluster.alias("cluster"))
    return Truth(kept, origin, split, over, opened, notes)


def _cluster(protocol: Protocol, table: pl.DataFrame) -> tuple[pl.Expr, str]:
    """Whose each row is: what the protocol resamples, or the next best that is known."""
    order = ("subject", "video", "sample")
    for over in order[order.index(protocol.resample) :]:
        if over == "video" and protocol.unit == "frame" and not _known(table, "video"):
            video = pl.col("sample").str.extract(FRAME.replace("?<video>", "").replace("?<number>", ""), 1)
            if not table.select(video.is_null().any()).item():
                return video.str.replace(_PERSON, ""), over
        if _known(table, over):
            return pl.col(over).cast(pl.String).str.replace(_PERSON if over == "video" else "^$", ""), over
    return pl.col("sample"), "sample"


def _known(table: pl.DataFrame, column: str) -> bool:
    return column in table.columns and not table.filter("counts")[column].null_count()
