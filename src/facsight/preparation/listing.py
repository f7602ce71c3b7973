"""The lists of a prepared folder: what there is with its labels, and what came of everything asked for.

`manifest.parquet` is a dataset `manifest`: `facsight train ... data.name=manifest data.folder=OUT`. Its
metadata say which crops these are, and which label spaces its labels are of.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from facsight import __version__
from facsight.core.labels import label_space_names
from facsight.core.saving import whole_file
from facsight.data.sets.manifest import ABOUT, NAMES, about_list
from facsight.preparation.sources import Sources
from facsight.preparation.task import Outcome

MANIFEST, REPORT = NAMES[0], "report.csv"

#: Columns of a dataset's table that are about its own files, and mean nothing for crops.
_OF_FILES = ("path", "source", "still", "signals", "left", "top", "right", "bottom")


def manifest_rows(sources: Sources, rows: pl.DataFrame) -> pl.DataFrame:
    """The samples that were prepared (`preparation.task.Done.rows`), in order, with their labels.

    `origin` is the file that a sample was made from.
    """
    own = sources.table.rename({"source": "origin", "sample": "of"}).drop(_OF_FILES, strict=False)
    own = own.drop([name for name in rows.columns if name in own.columns and name != "of"])
    return rows.join(own, on="of", how="left", maintain_order="left").drop("of")


def write_manifest(folder: Path, rows: pl.DataFrame, sources: Sources, about: dict[str, Any]) -> None:
    """Write the list of samples with what there is to say of all of them."""
    spaces = [space.name for space in sources.spaces] if _named(sources) else []
    told = {"facsight": __version__, "dataset": sources.dataset, "labels": spaces, **about}
    with whole_file(folder / MANIFEST) as partial:
        rows.write_parquet(partial, metadata={ABOUT: json.dumps(told)})


def crop_of_prepared(folder: Path) -> str | None:
    """Which crops a prepared folder holds, in words; None for one that is not prepared."""
    told = about_list(folder).get("crop")
    return None if told is None else str(told)


def write_report(folder: Path, outcomes: Iterable[Outcome]) -> None:
    """Write what came of everything: a row a sample, or a recording and modality."""
    rows = [
        (one.sample, one.origin, one.modality, entry.status, entry.file, entry.reason, "; ".join(entry.told))
        for one in outcomes
        for entry in [one.entry]
    ]
    names = ["sample", "origin", "modality", "status", "file", "reason", "told"]
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    with whole_file(folder / REPORT) as partial:
        table.write_csv(partial)


def _named(sources: Sources) -> bool:
    """Whether the label spaces are ones that can be opened by name, and not of a folder's own words."""
    return all(space.name in label_space_names() for space in sources.spaces)
