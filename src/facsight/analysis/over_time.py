"""What is made of the rows of a study once they are read: smoothed columns, baselines, events, segments.

Rows are read once and kept as they are; what is made of them is made again whenever it is asked for
otherwise. One video is in memory at a time, without its landmarks and maps.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.baseline import add_above, baselines
from facsight.analysis.columns import Column
from facsight.analysis.events import find_events
from facsight.analysis.frame_table import ROWS_A_GROUP, frame_schema, in_order, summary
from facsight.analysis.in_time import Smoothing, is_smoothed, smooth
from facsight.analysis.per_person import summarise
from facsight.analysis.segments import summarise_by_segments
from facsight.analysis.time_columns import (
    EVENT_COLUMNS,
    above_columns,
    baseline_columns,
    schema,
    segment_summary_columns,
    smooth_columns,
)
from facsight.core.saving import whole_file

#: Under which key of its metadata a video's table says how its columns over time were made.
MADE = "facsight_over_time"


@dataclass(frozen=True)
class OverTime:
    """How readings are put together over time.

    `smoothing` of probabilities; `neutral` (start, end) in seconds, where each person's face is at rest, for
    baselines (None: the whole video); `segments` as `segments.read_segments` gives them.
    """

    smoothing: Smoothing = field(default_factory=lambda: Smoothing("gaussian", 0.2))
    neutral: tuple[float, float] | None = None
    segments: pl.DataFrame | None = None

    def describe(self) -> dict[str, Any]:
        """As plain data, for JSON; segments by their number."""
        return {
            "smoothing": asdict(self.smoothing),
            "neutral": self.neutral and list(self.neutral),
            "segments": None if self.segments is None else len(self.segments),
        }


def columns_over_time(
    classes: Sequence[str], action_units: Sequence[int], over_time: OverTime
) -> tuple[Column, ...]:
    """What `add_columns` adds to a table."""
    smoothed = () if over_time.smoothing.kind == "none" else smooth_columns(classes)
    return (*smoothed, *above_columns(classes, action_units))


def add_columns(
    table: Path, classes: Sequence[str], action_units: Sequence[int], over_time: OverTime
) -> None:
    """Write the columns over time into a video's table, in place of those that it had."""
    metadata = pl.read_parquet_metadata(table)
    made = json.dumps([over_time.describe()["smoothing"], over_time.neutral])
    if metadata.get(MADE) == made:
        return
    read = frame_schema(classes, action_units)
    rows = smooth(_narrow(table, list(read)), classes, over_time.smoothing)
    usual = baselines(rows, classes, segment=over_time.neutral)
    rows = add_above(rows, usual, classes)
    added = rows.select(column.name for column in columns_over_time(classes, action_units, over_time))
    whole = pl.concat([pl.scan_parquet(table).select(*read), added.lazy()], how="horizontal")
    kept = {key: text for key, text in metadata.items() if not key.startswith("ARROW")}
    with whole_file(table) as partial:
        whole.sink_parquet(partial, metadata=kept | {MADE: made}, row_group_size=ROWS_A_GROUP)


def write_tables_over_time(
    tables: Sequence[Path],
    folder: Path,
    classes: Sequence[str],
    action_units: Sequence[int],
    over_time: OverTime,
) -> None:
    """`summary.csv`, `events.csv`, `baselines.csv`, with segments `segments.csv`, and their columns' meaning.

    All are null where something is not known, never 0.
    """
    parts = [_of_video(rows, classes, over_time) for rows in _videos(tables)]
    people = summary(in_order(tables), classes)
    smoothed = over_time.smoothing.kind != "none"
    described: dict[str, tuple[Column, ...]] = {
        "events": EVENT_COLUMNS,
        "baselines": baseline_columns(classes, action_units),
    }
    if over_time.segments is not None:
        described["segments"] = segment_summary_columns(classes, smoothed=smoothed)
    written = {
        name: pl.concat([pl.DataFrame(schema=schema(columns)), *(part[name] for part in parts)])
        for name, columns in described.items()
    }
    per_person = [part["people"] for part in parts]
    written["summary"] = people.join(
        pl.concat(per_person), on=("file", "track"), how="left", maintain_order="left"
    )
    for name, content in written.items():
        with whole_file(folder / f"{name}.csv") as partial:
            content.write_csv(partial, float_precision=6)
    told = {name: [column.describe() for column in columns] for name, columns in described.items()}
    with whole_file(folder / "over-time.columns.json") as partial:
        partial.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _of_video(rows: pl.DataFrame, classes: Sequence[str], over_time: OverTime) -> Mapping[str, pl.DataFrame]:
    events = find_events(rows, classes)
    made = {
        "events": events,
        "baselines": baselines(rows, classes, segment=over_time.neutral),
        "people": summarise(rows, events, classes),
    }
    if over_time.segments is not None:
        made["segments"] = summarise_by_segments(rows, over_time.segments, events, classes)
    assert is_smoothed(rows, classes) == (over_time.smoothing.kind != "none")
    return made


def _videos(tables: Sequence[Path]) -> Iterator[pl.DataFrame]:
    for table in tables:
        yield _narrow(table, list(pl.read_parquet_schema(table)))


def _narrow(table: Path, columns: Sequence[str]) -> pl.DataFrame:
    """These columns of a table but for the bulky ones, which nothing here needs."""
    return pl.read_parquet(
        table, columns=[name for name in columns if name not in ("landmarks", "attention")]
    )
