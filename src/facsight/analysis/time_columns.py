"""The columns that readings in time add to the table of a video, and those of the tables made from it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from facsight.analysis.columns import Column, expression_columns, unit_columns
from facsight.analysis.table import KINDS
from facsight.core.labels import EXPRESSIONS

#: The class that does not come and go: what is there when none of the others is.
NEUTRAL = EXPRESSIONS[0]

FILE = Column("file", "text", "", "", "the video")
TRACK = Column("track", "integer", "", "1, 2, ...", "the person")
#: Only where people were told apart; it then takes the place of the track in tables of people.
PERSON = Column("person", "integer", "", "1, 2, ...", "the person: tracks that were found alike (people.csv)")
TIER = Column("tier", "text", "", "", "the tier, or layer, of the annotation; empty: it has none")
LABEL = Column("label", "text", "", "", "what the annotation says")
START = Column("start", "number", "second", "", "where the segment begins, on the video's own clock")
END = Column("end", "number", "second", "", "where it ends: a frame at this very time lies outside")

EVENT_COLUMNS = (
    FILE,
    TRACK,
    Column("kind", "text", "", "expression, action unit", "what comes and goes"),
    Column("name", "text", "", "a class, or AU12", "which one"),
    Column("onset", "number", "second", "", "when it rises above `on`, between two frames"),
    Column(
        "apex", "number", "second", "onset to offset", "the frame with the largest value, the first of equals"
    ),
    Column("offset", "number", "second", "", "when it falls below `off`, between two frames"),
    Column("duration", "number", "second", "0 ...", "offset less onset"),
    Column(
        "peak", "number", "", "0 to 1", "the value at the apex: a probability, or a share of the attention"
    ),
    Column("mean", "number", "", "0 to 1", "the mean value of its frames"),
    Column("frames", "integer", "", "1 ...", "readings of the person from onset to offset"),
    Column("cut", "text", "", "start, end, both", "which end was not seen; empty: the event was seen whole"),
)

#: Which person each track is, as `same_person.tell_people` gives it.
TOLD_COLUMNS = (
    replace(TRACK, meaning="a face, as long as it is followed"),
    replace(PERSON, meaning="the person; of a study that was told as a whole, the same in every video"),
    Column(
        "similarity",
        "number",
        "cosine",
        "-1 to 1",
        "mean with the person's other tracks; empty: has no other",
    ),
    Column(
        "nearest_other",
        "number",
        "cosine",
        "-1 to 1",
        "largest mean with the tracks of someone else, whom the track was never seen beside; empty: nobody",
    ),
    Column("frames", "integer", "", "0 ...", "frames that were looked at; 0: the track was not compared"),
    Column(
        "sure",
        "integer",
        "",
        "0, 1",
        "1: seen in three good frames or more, which are alike, and like its person and nobody else; "
        "0: check it",
    ),
)

#: An annotation, as `segments.read_segments` gives it.
SEGMENT_COLUMNS = (replace(FILE, meaning="the video; empty: every video"), TIER, LABEL, START, END)


def series_names(prefix: str, classes: Sequence[str]) -> list[str]:
    """Names of the columns of the classes.

    >>> series_names("smooth", ["neutral", "happily surprised"])
    ['smooth_neutral', 'smooth_happily_surprised']
    """
    return [f"{prefix}_{name.replace(' ', '_')}" for name in classes]


def expressive(classes: Sequence[str]) -> list[str]:
    """The classes that come and go: all but neutral."""
    return [name for name in classes if name != NEUTRAL]


def smooth_columns(classes: Sequence[str]) -> tuple[Column, ...]:
    """What `in_time.smooth` adds."""
    meaning = "probability of {}, smoothed over time; the smooth columns of a row sum to 1"
    return (
        *_each(classes, Column("smooth", "number", "probability", "0 to 1", meaning)),
        Column("smooth_label", "text", "", "a class", "the expression with the largest smoothed probability"),
    )


def above_columns(classes: Sequence[str], action_units: Sequence[int]) -> tuple[Column, ...]:
    """What `baseline.add_above` adds."""
    meaning = "probability of {}, smoothed where it was, less the person's usual one; empty: not known"
    units = unit_columns(action_units)
    return (
        *_each(classes, Column("above", "number", "probability", "-1 to 1", meaning)),
        *(
            Column(
                f"above_AU{unit:02d}",
                "number",
                "share",
                "-1 to 1",
                f"{own.name} less the person's usual share",
            )
            for unit, own in zip(action_units, units, strict=True)
        ),
    )


def event_columns(unit: Column = TRACK) -> tuple[Column, ...]:
    """The table of `events.find_events`: with the person beside the track, where people were told apart."""
    return EVENT_COLUMNS if unit is TRACK else (*EVENT_COLUMNS[:2], unit, *EVENT_COLUMNS[2:])


def baseline_columns(
    classes: Sequence[str], action_units: Sequence[int], unit: Column = TRACK
) -> tuple[Column, ...]:
    """The table of `baseline.baselines`; `unit` is what a person is: a track, or PERSON."""
    names = [*series_names("usual", classes), *(f"usual_AU{unit:02d}" for unit in action_units)]
    measured = [*expression_columns(classes), *unit_columns(action_units)]
    return (
        *(FILE, unit),
        Column("frames", "integer", "", "0 ...", "readings that the medians were taken of"),
        Column("reason", "text", "", "", "why medians are missing; empty: none is"),
        *(
            replace(own, name=name, meaning=f"the person's median of {own.name}")
            for name, own in zip(names, measured, strict=True)
        ),
    )


def person_columns(classes: Sequence[str], unit: Column = TRACK) -> tuple[Column, ...]:
    """The table of `per_person.summarise`; `unit` is what a person is."""
    first = "from when the person is first seen to the first onset of {}"
    return (
        *(FILE, unit),
        Column("seen", "number", "second", "0 ...", "for how long the person is seen, without gaps"),
        *_each(
            expressive(classes),
            Column("events", "integer", "", "0 ...", "events of {}"),
            Column("per_minute", "number", "1/minute", "0 ...", "events of {} a minute of being seen"),
            Column("mean_duration", "number", "second", "0 ...", "mean duration of {}, of events seen whole"),
            Column("first_event", "number", "second", "0 ...", first),
        ),
    )


def segment_summary_columns(
    classes: Sequence[str], unit: Column = TRACK, *, smoothed: bool
) -> tuple[Column, ...]:
    """The table of `segments.summarise_by_segments`; `smoothed`: whether the rows have smoothed columns."""
    share = Column(
        "share", "number", "share", "0 to 1", "share of the frames read as {}; the shares sum to 1"
    )
    mean = Column("mean", "number", "probability", "0 to 1", "mean probability of {}; the means sum to 1")
    smooth = replace(mean, name="mean_smooth", meaning="mean smoothed probability of {}; they sum to 1")
    number = "number of the segment in its video and tier, in order of start"
    nobody = "the person; empty: nobody is seen in the segment"
    return (
        *(FILE, TIER, LABEL),
        Column("segment", "integer", "", "1, 2, ...", number),
        *(START, END),
        replace(unit, meaning=nobody),
        Column("frames", "integer", "", "0 ...", "readings of the person in the segment"),
        *_each(classes, share, mean, *([smooth] if smoothed else [])),
        *_each(
            expressive(classes), Column("events", "integer", "", "0 ...", "events of {} that begin in it")
        ),
    )


def schema(columns: Sequence[Column]) -> dict[str, Any]:
    """Names and types of a table with these columns."""
    return {column.name: KINDS[column.kind] for column in columns}


def _each(classes: Sequence[str], *columns: Column) -> list[Column]:
    """Each column for every class: its name is put after the column's, and into its meaning."""
    return [
        replace(column, name=name, meaning=column.meaning.format(of))
        for column in columns
        for name, of in zip(series_names(column.name, classes), classes, strict=True)
    ]
