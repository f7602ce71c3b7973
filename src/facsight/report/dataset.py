"""The page of a dataset: what it holds, where it strays from its format, and what its splits share."""

from pathlib import Path
from typing import Any

import polars as pl

from facsight.core.labels import LabelSpace
from facsight.data.dataset import Dataset
from facsight.data.pictures import Pictures
from facsight.data.sharing import Shared
from facsight.data.summary import count_labels, count_splits
from facsight.report.page import write_page
from facsight.report.pictures import FACE_SIDE, data_uri

#: So many deviations, and pairs of near copies, are listed; the rest is counted.
LISTED = 200


def write_dataset_page(data: Dataset, path: Path, *, shared: Shared | None = None, pictures: int = 0) -> Path:
    """Write what a dataset holds as one page; `pictures` faces of each class are shown, none by default."""
    fatal = sum(deviation.fatal for deviation in data.deviations)
    return write_page(
        path,
        "dataset.html",
        card=data.card,
        samples=len(data),
        splits=count_splits(data),
        spaces=[_labels(data, space) for space in data.spaces],
        fatal=fatal,
        deviations=data.deviations[:LISTED],
        deviations_left=max(0, len(data.deviations) - LISTED),
        shared=_shared(shared) if shared else None,
        faces=_faces(data, pictures) if pictures else [],
        whole=data.table["split"].null_count() == len(data),
        zip=zip,
    )


def _labels(data: Dataset, space: LabelSpace) -> dict[str, Any]:
    """Bars of each split for classes and units, a table for values."""
    rows = count_labels(data, space).to_dicts()
    splits = dict.fromkeys(row["split"] for row in rows)
    return {
        "space": space,
        "splits": [
            {
                "name": split,
                "labelled": max(row["labelled"] for row in own),
                "rows": [_row(row) for row in own],
            }
            for split in splits
            if (own := [row for row in rows if row["split"] == split])
        ],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"share": row["count"] / row["labelled"] if row["labelled"] else 0.0}


def _shared(shared: Shared) -> dict[str, Any]:
    return {
        "pairs": shared.pairs,
        "across": shared.across.head(LISTED).to_dicts(),
        "across_count": len(shared.across),
        "leaks": shared.leaks.head(LISTED).to_dicts(),
        "leaks_count": len(shared.leaks),
        "missed": shared.missed,
    }


def _faces(data: Dataset, each: int) -> list[dict[str, Any]]:
    """The first pictures of each class, by their names, or of all where there are no classes."""
    there = data.where(pl.col("path").is_not_null())
    spaces = [space for space in data.spaces if space.kind == "classes"]
    if not spaces:
        return _grid(there, "samples", each)
    column = spaces[0].column
    groups = ((name, there.where(pl.col(column) == name)) for name in spaces[0].classes)
    return [row for name, group in groups for row in _grid(group, name, each)]


def _grid(data: Dataset, name: str, each: int) -> list[dict[str, Any]]:
    chosen = data.where(pl.int_range(pl.len()) < each)
    if not len(chosen):
        return []
    pictures = Pictures(chosen, size=FACE_SIDE, colour=True, unreadable="skip")
    shown = [
        {"name": chosen.table["sample"][int(row)], "picture": data_uri(image)}
        for batch in pictures.batches(each, shuffle=False)
        for row, image in zip(batch.rows, batch.images.movedim(1, 3).numpy(), strict=True)
    ]
    return [{"name": name, "pictures": shown, "unreadable": list(pictures.missed.values())}]
