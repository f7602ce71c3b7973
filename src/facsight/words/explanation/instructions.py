"""Photos to lines of instruction data for language models: a question and a checked explanation a face."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facsight.analysis.reader import Reader
from facsight.analysis.reading import PhotoResult, Reading
from facsight.analysis.wording import printable, storable
from facsight.core.errors import BadFaces, BadOutput, BadRecipe, BadTable, MissingData
from facsight.core.saving import whole_file
from facsight.media.folder import find_photos
from facsight.words.explanation.checking import check_explanation
from facsight.words.explanation.clause import check_style, explanation_from_plain
from facsight.words.explanation.measured import from_plain, measured
from facsight.words.explanation.writing import explain_in_words, request, templates, to_text

#: Of the layout of a line, so that a file can be told from another, and from one of another version.
SCHEMA = "facsight-instructions/1"


@dataclass(frozen=True)
class Exported:
    """What became of photos; `failed` are (photo, reason), `unfaithful` (face, what the checker found)."""

    photos: int
    faces: int
    without_face: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    unfaithful: tuple[tuple[str, str], ...]


def export_instructions(
    source: Path,
    out: Path,
    reader: Reader,
    *,
    style: str = "chain",
    in_language: str = "en",
    on_result: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """A line of JSON for each face of the photos in a folder, or of one photo.

    `image` is the photo's path inside `source`, with slashes: never an absolute one, and never one that
    leaves the folder. `messages` are a question and the explanation, `explanation` its clauses with cues,
    `reading` what they are held to. A face whose explanation the checker refuses is left out. A photo that
    cannot be read ends nothing. `MissingData` where there is no photo, `BadOutput` where another file is.
    """
    if out.suffix != ".jsonl":
        raise BadRecipe(f"instructions are a file .jsonl, found {printable(out)}")
    check_style(style)
    templates(in_language)  # both refuse before anything is read
    refuse_others(out)
    photos = find_photos([source])
    if not photos:
        raise MissingData(f"no photo in {printable(source)}: expected files such as .jpg and .png")
    root = source if source.is_dir() else source.parent
    tally, faces, how = _Tally([], [], []), 0, (style, in_language, reader.describe()["weights"])
    with whole_file(out) as partial, partial.open("w", encoding="utf-8") as file:
        for number, (photo, result) in enumerate(zip(photos, reader.read_many(photos), strict=True), 1):
            name = _inside(photo, root)
            for line in _lines(result, name, how, tally):
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
                faces += 1
            on_result(number, len(photos))
    return Exported(len(photos), faces, tuple(tally.without), tuple(tally.failed), tuple(tally.unfaithful))


def check_instructions(file: Path) -> list[str]:
    """What is wrong with the lines of an exported file; empty where all are faithful to their readings.

    `BadTable` for a file that is none.
    """
    faults = []
    for number, line in enumerate(_text(file).split("\n"), 1):
        if not line.strip():
            continue
        row = _row(line, number)
        explanation, known = explanation_from_plain(row.get("explanation")), from_plain(row.get("reading"))
        faults += [f"line {number}: {fault.reason}" for fault in check_explanation(explanation, known)]
        if _answer(row, number) != to_text(explanation):
            faults.append(f"line {number}: the message is another text than its clauses")
    return faults


def refuse_others(out: Path) -> None:
    """`BadOutput` where something lies that is no file of instructions, which alone is replaced."""
    if not out.parent.is_dir():
        raise BadOutput(f"there is no folder {out.parent} for the instructions; make it, or choose another")
    if not out.exists() or (out.is_file() and out.stat().st_size == 0):
        return
    try:
        with out.open(encoding="utf-8") as file:
            _row(file.readline(1 << 20), 1)
    except (BadTable, OSError, UnicodeDecodeError) as error:
        raise BadOutput(f"{out} exists and is no file of instructions: choose another") from error


def _answer(row: dict[str, Any], number: int) -> str:
    try:
        return row["messages"][-1]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise BadTable(f"line {number}: expected messages, the last with content: {error!r}") from error


@dataclass
class _Tally:
    without: list[str]
    failed: list[tuple[str, str]]
    unfaithful: list[tuple[str, str]]


def _lines(
    result: PhotoResult, name: str, how: tuple[str, str, Any], tally: _Tally
) -> Iterator[dict[str, Any]]:
    """A line for each face of a photo; what becomes none is counted."""
    shown = printable(name)
    if result.error is not None:
        tally.failed.append((shown, result.error))
    elif not result.readings:
        tally.without.append(shown)
    for face, reading in enumerate(result.readings, 1):
        try:
            line, faults = _line(reading, (name, face, len(result.readings)), how)
        except BadFaces as error:
            tally.failed.append((f"{shown}, face {face}", str(error)))
            continue
        if faults:
            tally.unfaithful.append((f"{shown}, face {face}", faults[0]))
        else:
            yield line


def _line(
    reading: Reading, place: tuple[str, int, int], how: tuple[str, str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """A line, and what the checker finds wrong with it."""
    (name, face, faces), (style, in_language, weights) = place, how
    known = measured(reading, causes=reading.evidence.causes() if style == "chain" else None)
    explanation = explain_in_words(known, style, in_language)
    question = request(reading.box if faces > 1 else None, in_language)
    line = {
        "schema": SCHEMA,
        "image": name,
        "face": face,
        "box": [round(float(end), 1) for end in reading.box],
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": to_text(explanation)},
        ],
        "explanation": explanation.plain(),
        "reading": known.plain(),
        "reader": weights,
    }
    return line, [fault.reason for fault in check_explanation(explanation, known)]


def _inside(photo: Path, root: Path) -> str:
    """A photo's path inside a folder, with slashes; `ValueError` for one that is not inside."""
    return storable(photo.relative_to(root).as_posix())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(f"{file} cannot be read as a text file: {error}") from error


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadTable(
            f"line {number}: expected JSON of `facsight explain --instructions`: {error}"
        ) from error
    if not isinstance(row, dict) or row.get("schema") != SCHEMA:
        raise BadTable(f"line {number}: expected a line of {SCHEMA}, found {line[:60]!r}")
    return row
