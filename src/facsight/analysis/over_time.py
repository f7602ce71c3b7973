"""What is made of the rows of a study once they are read: smoothed columns, baselines, events, segments.

Rows are read once and kept as they are; what is made of them is made again whenever it is asked for
otherwise. Of one video at a time, the columns that are put together are in memory.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.baseline import add_above, baselines
from facsight.analysis.columns import Column
from facsight.analysis.events import find_events
from facsight.analysis.frame_table import ROWS_A_GROUP, frame_schema, in_order, summary, write_groups
from facsight.analysis.in_time import Smoothing, is_smoothed, smooth
from facsight.analysis.per_person import summarise
from facsight.analysis.same_person import Told
from facsight.analysis.segments import summarise_by_segments
from facsight.analysis.time_columns import (
    FILE,
    PERSON,
    TOLD_COLUMNS,
    TRACK,
    above_columns,
    baseline_columns,
    event_columns,
    schema,
    segment_summary_columns,
    series_names,
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
    classes: Sequence[str], action_units: Sequence[int], over_time: OverTime, *, people: bool = False
) -> tuple[Column, ...]:
    """What `add_columns` adds to a table; `people`: whether they were told apart."""
    smoothed = () if over_time.smoothing.kind == "none" else smooth_columns(classes)
    return (*((PERSON,) if people else ()), *smoothed, *above_columns(classes, action_units))


def add_columns(
    table: Path,
    classes: Sequence[str],
    action_units: Sequence[int],
    over_time: OverTime,
    told: Told | None = None,
    beside: Sequence[Column] = (),
) -> None:
    """Write the columns over time, and the people who were `told`, in place of those that the table had.

    `beside` are the reader's columns of that name.
    """
    metadata = pl.read_parquet_metadata(table)
    asked = [over_time.describe()["smoothing"], over_time.neutral]
    made = json.dumps(asked if told is None else [*asked, told.as_json()])
    if metadata.get(MADE) == made:
        return
    rows = _narrow(table, classes, action_units)
    placed = rows if told is None else told.add_person(rows)
    usual = baselines(placed, classes, segment=over_time.neutral)
    added, count = smooth(placed, classes, over_time.smoothing).drop(rows.columns), len(rows)
    del rows, placed  # before the table is written
    kept = {key: text for key, text in metadata.items() if not key.startswith("ARROW")}
    read = pl.scan_parquet(table).select(*frame_schema(classes, action_units, beside))
    groups = (
        add_above(
            read.slice(start, ROWS_A_GROUP)
            .collect()
            .with_columns(added[start : start + ROWS_A_GROUP].get_columns()),
            usual,
            classes,
        )
        for start in range(0, count, ROWS_A_GROUP)
    )
    write_groups(table, groups, kept | {MADE: made})


def told_of(table: Path) -> Told | None:
    """Who the people of a video's table are, where it says so."""
    made = json.loads(pl.read_parquet_metadata(table).get(MADE, "[]"))
    return Told.from_json(made[2]) if len(made) > 2 else None


def write_tables_over_time(
    tables: Sequence[Path],
    folder: Path,
    classes: Sequence[str],
    action_units: Sequence[int],
    over_time: OverTime,
    *,
    people: bool = False,
) -> None:
    """`summary.csv`, `events.csv`, `baselines.csv`, with segments `segments.csv`, and their columns' meaning.

    With `people`, who were told apart in every table, they take the place of tracks, and `people.csv` says
    which tracks each has. All are null where something is not known, never 0.
    """
    unit = PERSON if people else TRACK
    smoothed = over_time.smoothing.kind != "none"
    added = [PERSON.name] if people else []
    added += [column.name for column in smooth_columns(classes)] if smoothed else []
    parts = [
        _of_video(rows, classes, over_time)
        for rows in (_narrow(table, classes, action_units, added) for table in tables)
    ]
    described: dict[str, tuple[Column, ...]] = {
        "events": event_columns(unit),
        "baselines": baseline_columns(classes, action_units, unit),
    }
    if over_time.segments is not None:
        described["segments"] = segment_summary_columns(classes, unit, smoothed=smoothed)
    if people:
        described["people"] = (FILE, *TOLD_COLUMNS)
        for part, table in zip(parts, tables, strict=True):
            part["people"] = _tracks(table)
    written = {
        name: pl.concat([pl.DataFrame(schema=schema(columns)), *(part[name] for part in parts)])
        for name, columns in described.items()
    }
    written["summary"] = summary(in_order(tables), classes).join(
        pl.concat([part["summary"] for part in parts]),
        on=("file", unit.name),
        how="left",
        maintain_order="left",
    )
    if not people:
        (folder / "people.csv").unlink(missing_ok=True)  # of an earlier run
    for name, content in written.items():
        with whole_file(folder / f"{name}.csv") as partial:
            content.write_csv(partial, float_precision=6)
    about = {name: [column.describe() for column in columns] for name, columns in described.items()}
    with whole_file(folder / "over-time.columns.json") as partial:
        partial.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _of_video(rows: pl.DataFrame, classes: Sequence[str], over_time: OverTime) -> dict[str, pl.DataFrame]:
    events = find_events(rows, classes)
    made = {
        "events": events,
        "baselines": baselines(rows, classes, segment=over_time.neutral),
        "summary": summarise(rows, events, classes),
    }
    if over_time.segments is not None:
        made["segments"] = summarise_by_segments(rows, over_time.segments, events, classes)
    assert is_smoothed(rows, classes) == (over_time.smoothing.kind != "none")
    return made


def _tracks(table: Path) -> pl.DataFrame:
    """The video's tracks and their people, with its name before them."""
    told = told_of(table)
    assert told is not None  # `add_columns` wrote it
    return pl.read_parquet(table, columns=["file"], n_rows=1).join(told.tracks, how="cross")


def _narrow(
    table: Path, classes: Sequence[str], action_units: Sequence[int], added: Sequence[str] = ()
) -> pl.DataFrame:
    """What is put together over time, of all the columns of a video's table, and those that were `added`."""
    units = (f"evidence_AU{unit:02d}" for unit in action_units)
    needed = ("file", "frame", "time", "shot", "track", "label")
    return pl.read_parquet(table, columns=[*needed, *series_names("expression", classes), *units, *added])
