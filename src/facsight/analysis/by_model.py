"""What a trained model of several modalities says of videos, beside what the reader of faces says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from facsight.core.errors import BadTable

TABLE, ABOUT = "by_model.parquet", "by_model.json"


@dataclass(frozen=True)
class ByModel:
    """A model's answers: a row a step of every video, and what is to be known of them as plain data."""

    table: pl.LazyFrame
    about: Mapping[str, Any]

    def of_video(self, file: str) -> pl.DataFrame:
        """The steps of a video in order of time."""
        return self.table.filter(pl.col("file") == file).sort("start").collect()


def load_by_model(folder: Path) -> ByModel | None:
    """The answers in a folder of videos; None where no model was asked. `BadTable` for half of them."""
    table, about = folder / TABLE, folder / ABOUT
    if not table.exists() and not about.exists():
        return None
    try:
        answers = pl.scan_parquet(table)
        answers.collect_schema()
        return ByModel(answers, json.loads(about.read_text(encoding="utf-8")))
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise BadTable(
            f"{folder} has no whole {TABLE} and {ABOUT}: "
            "remove them, or run the same `facsight analyze` again"
        ) from error
