"""A folder of videos as the page takes it: rows, what is said of them, answers of models and rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors as cs

from facsight.analysis.by_model import ByModel, load_by_model
from facsight.analysis.compound import Compounds, load_compounds
from facsight.analysis.study import load_study
from facsight.report.moments import Moment, load_events
from facsight.report.own_units import thresholds_of

#: What a page needs of a row: where it belongs, and what was measured there.
PLACED = (
    "frame",
    "time",
    "shot",
    "track",
    "label",
    "cautions",
    "frame_width",
    "frame_height",
    "unadapted_label",
)
CHARTED = (
    r"^(expression_.*|smooth_.*|unadapted_.*|evidence_AU\d+|evidence_elsewhere|uncertainty|detected|box_.."
    r"|AU\d+_probability|AU\d+_present)$"
)


@dataclass(frozen=True)
class Study:
    """A folder of videos as it was read: tables, what is said of it, and answers of models and rules."""

    table: pl.LazyFrame
    about: Mapping[str, Any]
    events: pl.DataFrame | None
    by_model: ByModel | None = None
    compounds: Compounds | None = None

    @property
    def classes(self) -> Sequence[str]:
        return self.about["reader"]["classes"]

    @property
    def units(self) -> Sequence[int]:
        return self.about["reader"]["action_units"]

    @property
    def thresholds(self) -> Mapping[int, float | None]:
        """The units of a network that was asked beside the reader, with their thresholds."""
        return thresholds_of(self.about["reader"])

    @property
    def videos(self) -> Sequence[Mapping[str, Any]]:
        """What study.json says of each video, in order."""
        return self.about["videos"]

    def path(self, number: int) -> Path:
        """Where a video was when it was read."""
        return Path(self.about["read_from"]) / self.videos[number]["path"]

    def rows(self, number: int) -> pl.DataFrame:
        """All rows of a video, with what its chart needs; readings in single precision."""
        own = self.table.filter(pl.col("file") == self.videos[number]["file"], pl.col("frame").is_not_null())
        placed, measured = cs.by_name(*PLACED, require_all=False), cs.matches(CHARTED) & cs.numeric()
        return own.select(placed, measured.cast(pl.Float32)).collect()

    def events_of(self, number: int) -> pl.DataFrame | None:
        """The events of a video; None where the folder has none of any."""
        return None if self.events is None else self.events.filter(file=self.videos[number]["file"])

    def whole_rows(self, number: int, wanted: Sequence[Moment]) -> list[dict[str, Any]]:
        """The rows of some moments of a video with every column."""
        keys = pl.DataFrame(
            [(moment.frame, moment.track) for moment in wanted],
            schema={"frame": pl.Int32, "track": pl.Int32},
            orient="row",
        )
        own = self.table.filter(pl.col("file") == self.videos[number]["file"])
        return own.join(keys.lazy(), on=["frame", "track"], how="semi").collect().to_dicts()


def open_study(folder: Path) -> Study:
    """A finished folder of videos. `MissingData` where it is none.

    Where people were told apart they are in the place of tracks: two tracks of a person share no frame.
    """
    table, about = load_study(folder)
    if "person" in table.collect_schema():
        table = table.with_columns(track="person").drop("person")
    return Study(table, about, load_events(folder), load_by_model(folder), load_compounds(folder))
