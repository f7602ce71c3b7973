"""When expressions, and the attention on action units, come and go: onset, apex and offset of each.

An event begins when the series rises above `on`, and ends when it falls below `off`, which is lower, so that
noise at one threshold does not break it up. Of expressions the series is the smoothed probability where the
rows have one, else the raw one. Of action units it is the share of the attention that lies where the unit
acts: such an event says that the reader looked there, not that a muscle moved, and it exists only while the
reading is an expression that the codebook ties to the unit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64

from facsight.analysis.in_time import is_smoothed, longest_gap, people, series, unit_of, units_of
from facsight.analysis.time_columns import event_columns, expressive, schema, series_names
from facsight.core.errors import BadRecipe
from facsight.functional.temporal import stretches


@dataclass(frozen=True)
class Rule:
    """What an event is: thresholds `on` and `off` of the series, and two durations in seconds.

    Events less than `bridge` apart are one; what is then shorter than `shortest` is none.
    """

    on: float
    off: float
    shortest: float = 0.25
    bridge: float = 0.25

    def __post_init__(self):
        if not 0 <= self.off < self.on < 1:
            raise BadRecipe(f"expected 0 <= off < on < 1, found on={self.on} and off={self.off}")
        if not (self.shortest >= 0 and self.bridge >= 0):
            raise BadRecipe(
                f"expected durations of 0 s or more, found shortest={self.shortest}, bridge={self.bridge}"
            )


#: Of probabilities: more likely than all other classes together.
EXPRESSION = Rule(on=0.5, off=0.35)
#: Of shares of attention: a class has two to ten units, which have a good half of it among them.
ACTION_UNIT = Rule(on=0.15, off=0.1)


@dataclass(frozen=True)
class Spell:
    """One event of a series: its first and last sample, onset and offset in seconds, and which end is cut."""

    first: int
    last: int
    onset: float
    offset: float
    cut: str | None


def find_events(
    rows: pl.DataFrame, classes: Sequence[str], *, expressions: Rule = EXPRESSION, units: Rule = ACTION_UNIT
) -> pl.DataFrame:
    """The events of every person of one video, in order of track and onset; neutral is none.

    The columns are `time_columns.event_columns`. `BadTimes` if the rows are not those of one video, in order.
    """
    named = expressive(classes)
    prefix = "smooth" if is_smoothed(rows, classes) else "expression"
    wanted = [
        *(
            ("expression", *pair, expressions)
            for pair in zip(named, series_names(prefix, named), strict=True)
        ),
        *(("action unit", f"AU{unit:02d}", f"evidence_AU{unit:02d}", units) for unit in units_of(rows)),
    ]
    gap, columns = longest_gap(rows), event_columns(unit_of(rows))
    everyone = people(rows)
    found = []
    for kind, name, source, rule in wanted:
        values = series(rows, [source])[:, 0]
        for person in everyone:
            own = values[person.places]
            who = {"file": person.file, "track": person.track, "person": person.number}
            for spell in spells(person.time, own, rule, longest_gap=gap):
                found.append(who | {"kind": kind, "name": name} | _told(spell, person.time, own))
    table = pl.DataFrame(found, schema=schema(columns))
    return table.sort("file", "track", "onset", "kind", "name", maintain_order=True)


def spells(
    time: Float64[np.ndarray, "n"], values: Float64[np.ndarray, "n"], rule: Rule, *, longest_gap: float
) -> list[Spell]:
    """The events of one series, in order; see `Rule`.

    Onset and offset are where the straight line between two samples crosses the threshold. An event that is
    under way at the first sample, or at the last, has that sample's time, and is `cut`; so it is at a gap of
    more than `longest_gap` seconds, over which nothing is bridged. A value that is not known ends an event at
    the sample before it.
    """
    if not len(time):
        return []
    stretch = stretches(time, np.ones((len(time), 1), bool), longest_gap=longest_gap)[:, 0]
    begins = np.diff(stretch, prepend=-1) > 0
    joined: list[Spell] = []
    for spell in _spells(time, values, rule, begins):
        before = joined[-1] if joined and stretch[joined[-1].last] == stretch[spell.first] else None
        if before and spell.onset - before.offset < rule.bridge:
            both = _cut(before.cut, spell.cut)
            joined[-1] = Spell(before.first, spell.last, before.onset, spell.offset, both)
        else:
            joined.append(spell)
    return [spell for spell in joined if spell.offset - spell.onset >= rule.shortest]


def _spells(
    time: Float64[np.ndarray, "n"],
    values: Float64[np.ndarray, "n"],
    rule: Rule,
    begins: Bool[np.ndarray, "n"],
) -> Iterator[Spell]:
    """Every rise above `on` up to the next fall below `off`, before any is joined or dropped."""
    inside = _inside(values, rule, begins)
    starts = np.flatnonzero(inside & (begins | ~np.roll(inside, 1)))
    final = np.roll(begins, -1)  # the very last sample as well, since the first begins a stretch
    ends = np.flatnonzero(inside & (final | ~np.roll(inside, -1)))
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        onset = time[first] if begins[first] else _crossing(time, values, first, first - 1, rule.on)
        offset = time[last] if final[last] else _crossing(time, values, last, last + 1, rule.off)
        cut = _cut("start" if begins[first] else None, "end" if final[last] else None)
        yield Spell(first, last, float(onset), float(offset), cut)


def _inside(
    values: Float64[np.ndarray, "n"], rule: Rule, begins: Bool[np.ndarray, "n"]
) -> Bool[np.ndarray, "n"]:
    """Whether each sample belongs to an event: the latest one that is not between the thresholds decides."""
    above = values > rule.on
    decides = above | begins | ~(values >= rule.off)  # not known: outside
    return above[np.maximum.accumulate(np.where(decides, np.arange(len(values)), 0))]


def _crossing(
    time: Float64[np.ndarray, "n"], values: Float64[np.ndarray, "n"], inner: int, outer: int, level: float
) -> float:
    """When the line from the sample inside an event to the one outside crosses the level."""
    if not np.isfinite(values[outer]):
        return float(time[inner])
    part = (values[inner] - level) / (values[inner] - values[outer])
    return float(time[inner] + part * (time[outer] - time[inner]))


def _cut(*ends: str | None) -> str | None:
    """
    >>> _cut(None, None), _cut("start", None), _cut("start", "end")
    (None, 'start', 'both')
    """
    known = [end for end in ends if end is not None]
    return "both" if len(known) == 2 else next(iter(known), None)


def _told(spell: Spell, time: Float64[np.ndarray, "n"], values: Float64[np.ndarray, "n"]) -> dict[str, Any]:
    """What the table says about an event, from its onset on."""
    own = values[spell.first : spell.last + 1]
    apex = int(np.nanargmax(own))
    return {
        "onset": spell.onset,
        "apex": float(time[spell.first + apex]),
        "offset": spell.offset,
        "duration": spell.offset - spell.onset,
        "peak": float(own[apex]),
        "mean": float(np.nanmean(own)),
        "frames": len(own),
        "cut": spell.cut,
    }
