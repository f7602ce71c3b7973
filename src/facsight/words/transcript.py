"""Transcripts with times: SRT, WebVTT, or JSON of words or utterances."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from facsight.core.errors import BadAnnotations

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_ARROW = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
#: Words that are less apart than this (s) and no end of a sentence are one utterance.
PAUSE = 0.6


@dataclass(frozen=True)
class Utterance:
    """What is said from `start` to `end`, in seconds on the clock of the recording; the text may be empty."""

    start: float
    end: float
    text: str


def read_transcript(path: Path) -> list[Utterance]:
    """The utterances of a file in order of start; `BadAnnotations` says which line or entry is wrong.

    JSON is a list of `{"start", "end", "text"}`, or of words with `"word"` in place of `"text"`, which are
    joined up to a pause of 0.6 s; or an object that has such a list as `segments` or `words`.
    """
    ending = path.suffix.lower()
    if ending not in (".srt", ".vtt", ".json"):
        raise BadAnnotations(f"a transcript is a file .srt, .vtt or .json, found {path}")
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadAnnotations(f"transcript {path} cannot be read as a text file: {error}") from error
    found = _entries(path, content) if ending == ".json" else _subtitles(path, content)
    return sorted(found, key=lambda one: (one.start, one.end))


def _subtitles(path: Path, content: str) -> list[Utterance]:
    found: list[Utterance] = []
    lines = content.splitlines()
    for number, line in enumerate(lines):
        if "-->" not in line:
            continue
        match = _ARROW.fullmatch(line)
        if match is None:
            raise BadAnnotations(
                f"{path} line {number + 1}: expected 00:00:01,000 --> 00:00:02,500: {line!r}"
            )
        start, end = (_seconds(match.groups()[first : first + 4]) for first in (0, 4))
        spoken = []
        for text in lines[number + 1 :]:
            if not text.strip():
                break
            spoken.append(text.strip())
        found.append(_checked(start, end, _plain(" ".join(spoken)), f"{path} line {number + 1}"))
    if not found and content.strip().removeprefix("WEBVTT").strip():
        raise BadAnnotations(f"{path} has no line with times, such as 00:00:01,000 --> 00:00:02,500")
    return found


def _plain(text: str) -> str:
    """Without the tags of subtitles: what is said stays as it is."""
    return html.unescape(re.sub(r"</?(?:[biuc]|v|lang|ruby|rt|font)(?:[ .][^>]*)?>", "", text)).strip()


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return 3600 * hours + 60 * minutes + seconds + thousandths / 1000


def _entries(path: Path, content: str) -> list[Utterance]:
    try:
        told: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadAnnotations(f"transcript {path} is not valid JSON: {error}") from error
    if isinstance(told, dict):
        told = told.get("segments", told.get("words"))
    if not isinstance(told, list):
        raise BadAnnotations(
            f"transcript {path}: expected a list of entries with start, end and text or word"
        )
    of_words = bool(told) and all(isinstance(one, dict) and "word" in one for one in told)
    found = [
        _entry(one, f"{path} entry {n}", "word" if of_words else "text") for n, one in enumerate(told, 1)
    ]
    return _joined(found) if of_words else found


def _entry(entry: Any, where: str, key: str) -> Utterance:
    if not isinstance(entry, dict) or not isinstance(entry.get(key), str):
        raise BadAnnotations(f"{where}: expected start, end and {key}, found {str(entry)[:80]}")
    times: list[Any] = [entry.get(name) for name in ("start", "end")]
    if not all(isinstance(t, int | float) and not isinstance(t, bool) for t in times):
        raise BadAnnotations(f"{where}: start and end are seconds, found {times}")
    return _checked(float(times[0]), float(times[1]), entry[key].strip(), where)


def _checked(start: float, end: float, text: str, where: str) -> Utterance:
    if not (isfinite(start) and isfinite(end) and 0 <= start <= end):
        raise BadAnnotations(f"{where}: expected 0 <= start <= end in seconds, found {start} and {end}")
    return Utterance(start, end, text.encode("utf-8", "replace").decode("utf-8"))


def _joined(words: list[Utterance]) -> list[Utterance]:
    made: list[Utterance] = []
    for word in sorted(words, key=lambda one: (one.start, one.end)):
        last = made[-1] if made else None
        if last and word.start - last.end < PAUSE and not last.text.endswith((".", "!", "?")):
            made[-1] = Utterance(last.start, max(last.end, word.end), f"{last.text} {word.text}".strip())
        else:
            made.append(word)
    return made
