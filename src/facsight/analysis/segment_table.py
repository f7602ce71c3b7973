"""Annotations in a text table: start, end and label, and where they are known tier and file.

Separated by commas, semicolons or tabs, with a line of names first. Times are seconds (12.5, or 12,5 where
the comma does not separate), or a clock (1:02.5, 0:01:02.500); milliseconds where the name says so. ELAN's
tab-delimited export is read as it comes: with names or without, in a row or in a column for each tier.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

from facsight.core.errors import BadAnnotations

#: What columns may be called, in any case. "time" and a unit may follow the names of times.
TIMES = {
    "start": ("start", "begin", "onset", "from"),
    "end": ("end", "stop", "offset", "to"),
    "duration": ("duration",),
}
TEXTS = {
    "label": ("label", "annotation", "value", "code", "condition", "event", "text"),
    "tier": ("tier", "layer"),
    "file": ("file", "filename", "file name", "file path", "video", "media"),
}
#: Seconds in a unit. A clock says itself what it counts.
UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "ss msec": 1.0, "hh mm ss ms": 1.0}
UNITS |= dict.fromkeys(("ms", "msec", "milliseconds"), 0.001)
#: A time in a tab-delimited export of ELAN without names.
CLOCK, DECIMAL = re.compile(r"\d+:\d\d:\d\d\.\d{3}"), re.compile(r"\d+\.\d+")

_TIME_NAMES = {
    role: re.compile(rf"(?:{'|'.join(spellings)})(?: ?time)?(?: (.+))?") for role, spellings in TIMES.items()
}


@dataclass(frozen=True)
class Layout:
    """What the columns hold: times with the seconds in their unit, texts, or the annotations of one tier."""

    times: Mapping[str, tuple[int, float]]
    texts: Mapping[str, int]
    tiers: Mapping[str, int]


@dataclass(frozen=True)
class Line:
    """The cells of a line, and where it stands."""

    where: str
    cells: list[str]


def read_table(path: Path, text: str) -> list[dict[str, Any]]:
    """Every annotation: `file` (None if the table has none), `tier`, `label`, `start` and `end` in seconds.

    In the order of the table. `BadAnnotations` says which line is not as it should be.
    """
    separator = _separator(text)
    lines = list(_lines(path, text, separator))
    if not lines:
        raise BadAnnotations(f"{path}: expected a table of annotations, found none")
    named = _named(lines[0])
    layout = named or _unnamed(lines[0])
    if layout is None:
        raise BadAnnotations(
            f"{lines[0].where}: expected names of columns, such as start, end, label; found no start"
        )
    columns = len(lines[0].cells)
    return [row for line in (lines[1:] if named else lines) for row in _rows(line, layout, columns)]


def seconds(text: str) -> float | None:
    """A time in seconds, None if it is none.

    >>> [seconds(text) for text in ("12.5", "12,5", "1:02.5", "-0:00:01", "1:75", "nan")]
    [12.5, 12.5, 62.5, -1.0, None, None]
    """
    found = re.fullmatch(r"(-?)(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)", text.strip().replace(",", "."))
    if not found:
        return None
    hours, minutes, rest = (float(part or 0) for part in found.groups()[1:])
    if (found[3] is not None and rest >= 60) or (found[2] is not None and minutes >= 60):
        return None
    total = 3600 * hours + 60 * minutes + rest
    return (-total if found[1] else total) if isfinite(total) else None


def _separator(text: str) -> str:
    """What parts the cells: a tab, a semicolon or a comma, the first of these that the first line has."""
    first = next((line for line in text.splitlines() if line.strip(" ,;\t") and not _is_note(line)), "")
    return next((separator for separator in "\t;" if separator in first), ",")


def _is_note(line: str) -> bool:
    """ELAN's export begins with lines about its media."""
    return line.lstrip('"').startswith("#")


def _lines(path: Path, text: str, separator: str) -> Iterator[Line]:
    """The lines that are not empty, from the first that is no note on."""
    of_elan = separator == "\t"  # its export quotes nothing, and a lone quotation mark is just that
    quoting = csv.QUOTE_NONE if of_elan else csv.QUOTE_MINIMAL
    source = StringIO(text, newline="")
    reader = csv.reader(source, delimiter=separator, quoting=quoting, strict=True, skipinitialspace=True)
    begun = False
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or (not begun and _is_note(cells[0])):
                continue
            begun = True
            yield Line(f"{path} line {reader.line_num}", [_bare(c) for c in cells] if of_elan else cells)
    except csv.Error as error:
        raise BadAnnotations(
            f"{path} line {reader.line_num}: {error}; is a quotation mark missing there, or before?"
        ) from error


def _bare(cell: str) -> str:
    """A cell without the quotation marks that spreadsheets put around it."""
    quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if quoted else cell


def _named(line: Line) -> Layout | None:
    """The layout that a line of names tells; None if none of them is a start."""
    names = [_words(cell) for cell in line.cells]
    times = {}
    for place, name in reversed(list(enumerate(names))):  # of several formats the first
        role, unit = _time_of(name)
        if role and unit in UNITS:
            times[role] = place, UNITS[unit]
    if "start" not in times:
        return None
    texts = {
        role: names.index(spelling)
        for role, spellings in TEXTS.items()
        for spelling in reversed(spellings)
        if spelling in names
    }
    tiers = {}
    if "tier" not in texts and " - " in line.cells[times["start"][0]]:  # ELAN, with a column for each tier
        texts = {role: place for role, place in texts.items() if role == "file"}
        others = [p for p, name in enumerate(names) if not _time_of(name)[0] and p not in texts.values()]
        tiers = {line.cells[place].strip(): place for place in others}
    missing = [] if "label" in texts or tiers else ["label"]
    missing += [] if times.keys() & {"end", "duration"} else ["end (or duration)"]
    if missing:
        raise BadAnnotations(
            f"{line.where}: expected columns called start, end and label, found {', '.join(line.cells)!r}, "
            f"without {' and '.join(missing)}"
        )
    return Layout(times, texts, tiers)


def _words(name: str) -> str:
    """The letters of a column's name, small, with single spaces for all else."""
    return re.sub(r"[^a-z]+", " ", name.lower()).strip()


def _time_of(name: str) -> tuple[str | None, str]:
    """Which time a column's name, in small letters, stands for, and the unit that it gives."""
    for role, pattern in _TIME_NAMES.items():
        if found := pattern.fullmatch(name):
            return role, found[1] or ""
    return None, ""


def _unnamed(line: Line) -> Layout | None:
    """That of ELAN without names: tier, participant, times in one or more formats, annotation."""
    for pattern in (CLOCK, DECIMAL):
        places = [p for p, cell in enumerate(line.cells[:-1]) if p > 0 and pattern.fullmatch(cell)]
        if len(places) > 1:
            times = {"start": (places[0], 1.0), "end": (places[1], 1.0)}
            return Layout(times, {"tier": 0, "label": len(line.cells) - 1}, {})
    return None


def _rows(line: Line, layout: Layout, columns: int) -> Iterator[dict[str, Any]]:
    """The annotations of one line."""
    cells = [cell.strip() for cell in line.cells]
    if len(cells) < columns or any(cells[columns:]):
        raise BadAnnotations(
            f"{line.where}: expected {columns} cells, as in the first line, found {len(cells)}; put a text "
            "that holds the separator into quotation marks"
        )
    times = {role: _time(line, place, unit) for role, (place, unit) in layout.times.items()}
    start = times["start"]
    end = times.get("end", start + times.get("duration", 0.0))
    if not start < end:
        raise BadAnnotations(f"{line.where}: expected an end after the start, found {start} s to {end} s")
    texts = {role: cells[place] for role, place in layout.texts.items()}
    tiers = {tier: cells[place] for tier, place in layout.tiers.items() if cells[place]}
    for tier, label in (tiers or {texts.get("tier", ""): texts.get("label", "")}).items():
        yield {"file": texts.get("file") or None, "tier": tier, "label": label, "start": start, "end": end}


def _time(line: Line, place: int, unit: float) -> float:
    found = seconds(line.cells[place])
    if found is None:
        raise BadAnnotations(
            f"{line.where}: expected a time such as 12.5 or 0:01:12.500, found {line.cells[place]!r}"
        )
    return found if ":" in line.cells[place] else found * unit
