"""Stretches of videos that were marked elsewhere, and what people show in them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.elan import read_elan
from facsight.analysis.in_time import is_smoothed, unit_of
from facsight.analysis.segment_table import read_table, seconds
from facsight.analysis.time_columns import (
    SEGMENT_COLUMNS,
    expressive,
    schema,
    segment_summary_columns,
    series_names,
)
from facsight.analysis.wording import printable
from facsight.core.errors import BadAnnotations


def read_segments(path: Path) -> pl.DataFrame:
    """Annotations of ELAN (`.eaf`), or of a text table (`analysis.segment_table`), in the file's order.

    The columns are `time_columns.SEGMENT_COLUMNS`. `BadAnnotations` says which line or annotation is wrong.
    """
    try:
        found = read_elan(path) if path.suffix.lower() == ".eaf" else read_table(path, _text(path))
    except OSError as error:
        raise BadAnnotations(f"{path} cannot be read: {error.strerror}") from error
    return pl.DataFrame(found, schema=schema(SEGMENT_COLUMNS))


def read_span(text: str) -> tuple[float, float]:
    """Start and end in seconds of "START-END", each written as in a table of segments.

    >>> read_span("0:05-12.5")
    (5.0, 12.5)
    """
    start, end = (seconds(part) for part in text.split("-")) if text.count("-") == 1 else (None, None)
    if start is None or end is None or not start < end:
        raise BadAnnotations(f"expected START-END, such as 5-12.5 or 0:05-0:12.500, found {text!r}")
    return start, end


def _text(path: Path) -> str:
    """A text file as ELAN and spreadsheets write it."""
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadAnnotations(f"{path} line {line}: expected UTF-8; save the table as CSV UTF-8") from error


def without_video(segments: pl.DataFrame, files: Sequence[str]) -> list[str]:
    """The files that the segments name and that are none of these videos: such segments are left out."""
    return [name for name, video in _videos_of(segments, files).items() if video is None]


def summarise_by_segments(
    rows: pl.DataFrame, segments: pl.DataFrame, events: pl.DataFrame, classes: Sequence[str]
) -> pl.DataFrame:
    """A row for each person in each segment of each video; one without a person where nobody is seen.

    A frame lies in a segment if `start <= time < end`; segments may overlap. `events` is what
    `events.find_events` gave for the rows; they count where their onset lies. The columns are
    `time_columns.segment_summary_columns`. `BadAnnotations` if a segment's file may be one of several videos.
    """
    smoothed = is_smoothed(rows, classes)
    columns = schema(segment_summary_columns(classes, unit_of(rows), smoothed=smoothed))
    measures = _measures(classes, smoothed)
    videos = _videos_of(segments, rows["file"].unique(maintain_order=True).to_list())
    found = []
    for video in rows.partition_by("file", maintain_order=True):
        file = video["file"][0]
        seen = video.filter(pl.col("track").is_not_null())
        begun = events.filter(pl.col("file") == file, pl.col("kind") == "expression")
        for segment in _numbered(segments, file, videos).iter_rows(named=True):
            found += _in_segment(segment, seen, begun, measures, classes)
    return pl.DataFrame(found, schema=columns, orient="row")


def segments_of_video(segments: pl.DataFrame, file: str, files: Sequence[str]) -> pl.DataFrame:
    """The segments of one of the videos `files`, in order of tier and start; `segment` numbers them.

    `BadAnnotations` if a segment's file may be one of several videos.
    """
    return _numbered(segments, file, _videos_of(segments, files))


def _numbered(segments: pl.DataFrame, file: str, videos: Mapping[str, str | None]) -> pl.DataFrame:
    """The segments of one of the videos, in order of tier and start, numbered in each tier."""
    own = [name is None or videos[name] == file for name in segments["file"]]
    return (
        segments.filter(pl.Series(own, dtype=pl.Boolean))
        .with_columns(file=pl.lit(file))
        .sort("tier", "start", "end", maintain_order=True)
        .with_columns(segment=pl.int_range(1, pl.len() + 1).over("tier"))
    )


def _videos_of(segments: pl.DataFrame, files: Sequence[str]) -> dict[str, str | None]:
    """Which of the videos each file of the segments is: the one whose path agrees with its, from the end on.

    ELAN's export of several files names documents instead, called like the video but for the ending.
    """
    known = {file: _parts(file) for file in files}
    videos: dict[str, str | None] = {}
    for name in segments["file"].drop_nulls().unique(maintain_order=True):
        parts = _parts(name)
        fits = [file for file, video in known.items() if _same(parts, video)]
        if len(fits) > 1:
            raise BadAnnotations(
                f"the segments' file {name!r} may be any of {', '.join(fits)}; write the folder before it"
            )
        videos[name] = fits[0] if fits else None
    return videos


def _same(parts: Sequence[str], video: Sequence[str]) -> bool:
    if parts[-1:] and parts[-1].lower().endswith(".eaf"):
        parts, video = ([*path[:-1], PurePosixPath(path[-1]).stem] for path in (parts, video))
    shared = min(len(parts), len(video))
    return shared > 0 and parts[-shared:] == video[-shared:]


def _parts(path: str) -> list[str]:
    return list(PurePosixPath(printable(path).replace("\\", "/")).parts)


def _measures(classes: Sequence[str], smoothed: bool) -> list[pl.Expr]:
    """What is said about the readings of one person in one segment."""
    means = {"mean": "expression"} | ({"mean_smooth": "smooth"} if smoothed else {})
    shares = zip(series_names("share", classes), classes, strict=True)
    return [
        pl.len().alias("frames"),
        *((pl.col("label") == name).mean().alias(column) for column, name in shares),
        *(
            pl.col(source).mean().alias(column)
            for prefix, own in means.items()
            for column, source in zip(series_names(prefix, classes), series_names(own, classes), strict=True)
        ),
    ]


def _in_segment(
    segment: dict[str, Any],
    seen: pl.DataFrame,
    events: pl.DataFrame,
    measures: Sequence[pl.Expr],
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """The rows about one segment; `seen` are the readings of its video, in order of time."""
    ends = [segment["start"], segment["end"]]
    first, last = np.searchsorted(seen["time"].to_numpy(), ends)
    inside = seen[int(first) : int(last)]
    if inside.is_empty():
        return [{**segment, "frames": 0}]
    begun = events.filter(pl.col("onset").is_between(*ends, closed="left"))
    unit = unit_of(seen).name
    counts = Counter(begun.select(unit, "name").iter_rows())
    names = [*zip(series_names("events", expressive(classes)), expressive(classes), strict=True)]
    people = inside.group_by(unit).agg(measures).sort(unit).iter_rows(named=True)
    return [
        {**segment, **person, **{column: counts[person[unit], name] for column, name in names}}
        for person in people
    ]
