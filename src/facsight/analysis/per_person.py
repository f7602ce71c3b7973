"""How often, how long and how soon each person of a video shows each expression."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.in_time import Person, longest_gap, people, usual_step
from facsight.analysis.time_columns import expressive, person_columns, schema, series_names
from facsight.functional.temporal import stretches


def summarise(rows: pl.DataFrame, events: pl.DataFrame, classes: Sequence[str]) -> pl.DataFrame:
    """A row for each person of each video, to be joined by `file` and `track` with `frame_table.summary`.

    `events` is what `events.find_events` gave for the rows. The columns are `time_columns.person_columns`. No
    event is 0 events, and null for what only events have. One that is under way when the person is first seen
    counts as an event at that time.
    """
    shown = events.filter(pl.col("kind") == "expression")
    found = []
    placed = rows.select("file", "shot", "track", "time")
    for video in placed.partition_by("file", maintain_order=True):
        step, gap = usual_step(video), longest_gap(video)
        for person in people(video):
            own = shown.filter(file=person.file, track=person.track)
            found.append(_row(person, seconds_seen(person, step, gap), own, classes))
    table = pl.DataFrame(found, schema=schema(person_columns(classes)), orient="row")
    return table.sort("file", "track", maintain_order=True)


def seconds_seen(person: Person, step: float, gap: float) -> float:
    """For how long a person is seen: every reading lasts until the next one, or `step` before a gap."""
    known = np.ones((len(person.time), 1), bool)
    stretch = stretches(person.time, known, longest_gap=gap)[:, 0]
    within = np.diff(stretch) == 0
    return float(np.diff(person.time)[within].sum() + step * (1 + stretch[-1]))


def _row(person: Person, seen: float, events: pl.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"file": person.file, "track": person.track, "seen": seen}
    for name in expressive(classes):
        own = events.filter(name=name)
        (word,) = series_names("", [name])
        row[f"events{word}"] = len(own)
        row[f"per_minute{word}"] = 60 * len(own) / seen if seen else None
        row[f"mean_duration{word}"] = own.filter(pl.col("cut").is_null())["duration"].mean()
        row[f"first_event{word}"] = own["onset"].min() - person.time[0] if len(own) else None
    return row
