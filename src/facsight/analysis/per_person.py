"""How often, how long and how soon each person of a video shows each expression."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.in_time import Person, by_number, longest_gap, people, unit_of, usual_step
from facsight.analysis.time_columns import expressive, person_columns, schema, series_names
from facsight.functional.temporal import stretches


def summarise(rows: pl.DataFrame, events: pl.DataFrame, classes: Sequence[str]) -> pl.DataFrame:
    """A row for each person of each video, to be joined by its first two columns with `frame_table.summary`.

    `events` is what `events.find_events` gave for the rows. The columns are `time_columns.person_columns`. No
    event is 0 events, and null for what only events have. One that is under way when the person is first seen
    counts as an event at that time.
    """
    shown = events.filter(pl.col("kind") == "expression")
    unit, found = unit_of(rows), []
    placed = rows.select("file", "shot", "time", *dict.fromkeys(("track", unit.name)))
    for video in placed.partition_by("file", maintain_order=True):
        step, gap = usual_step(video), longest_gap(video)
        for series in by_number(people(video)):
            who = {"file": series[0].file, unit.name: series[0].number}
            seen = sum(seconds_seen(one, step, gap) for one in series)
            first = min(float(one.time[0]) for one in series)
            found.append(who | _measured(seen, first, shown.filter(**who), classes))
    table = pl.DataFrame(found, schema=schema(person_columns(classes, unit)), orient="row")
    return table.sort("file", unit.name, maintain_order=True)


def seconds_seen(person: Person, step: float, gap: float) -> float:
    """For how long a person is seen: every reading lasts until the next one, or `step` before a gap."""
    known = np.ones((len(person.time), 1), bool)
    stretch = stretches(person.time, known, longest_gap=gap)[:, 0]
    within = np.diff(stretch) == 0
    return float(np.diff(person.time)[within].sum() + step * (1 + stretch[-1]))


def _measured(seen: float, first: float, events: pl.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """What is said of a person who is seen for so many seconds, from `first` on, with these events."""
    row: dict[str, Any] = {"seen": seen}
    for name in expressive(classes):
        own = events.filter(name=name)
        (word,) = series_names("", [name])
        row[f"events{word}"] = len(own)
        row[f"per_minute{word}"] = 60 * len(own) / seen if seen else None
        row[f"mean_duration{word}"] = own.filter(pl.col("cut").is_null())["duration"].mean()
        row[f"first_event{word}"] = float(own["onset"].to_numpy().min()) - first if len(own) else None
    return row
