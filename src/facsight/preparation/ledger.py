"""What has been prepared, a line a result, so that the next call does what is missing and nothing else.

A line is written after its file; a run that dies between the two makes that one again. The file is only ever
added to while work goes on, and written anew, whole, at its end.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

from facsight.core.errors import BadOutput
from facsight.core.saving import told_reason, whole_file

LEDGER = "prepared.jsonl"

Status = Literal["ok", "no_face", "absent", "failed"]


@dataclass(frozen=True)
class Entry:
    """What came of one result: `name` (unique), the `key` of what it was made from, and how it went.

    "no_face": there is none to cut out; "absent": the source has no such stream; "failed": it could not be
    read. `file` is what was written, relative to the folder. `told` is for the report.
    """

    name: str
    key: str
    status: Status
    file: str | None = None
    reason: str | None = None
    told: tuple[str, ...] = ()
    start: float | None = None
    end: float | None = None


def key_of(*made_from: Any) -> str:
    """A name for plain data: another for anything that differs.

    >>> key_of({"a": 1}, 2) == key_of({"a": 1}, 2), key_of(1) == key_of(2)
    (True, False)
    """
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:24]


class Ledger:
    """The entries of a folder, read at the start and added to; use it in a `with` block."""

    def __init__(self, folder: Path):
        self._folder, self._path = folder, folder / LEDGER
        self._entries: dict[str, Entry] = {}
        self._file: TextIO | None = None

    def __enter__(self) -> "Ledger":
        text = self._path.read_text(encoding="utf-8") if self._path.is_file() else ""
        for line in text.splitlines():
            entry = _entry(line)
            if entry is not None:
                self._entries[entry.name] = entry
        try:
            self._file = self._path.open("a", encoding="utf-8")
            self._file.write("" if text.endswith("\n") or not text else "\n")
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        try:
            self._file.close()
        except OSError as error:  # no room for the last line: it is made again next time
            if kind is None:
                raise self._unwritable(error) from error
        if kind is None:
            self._write_anew()

    def done(self, name: str, key: str) -> Entry | None:
        """What came of a result that was made from the same and is still there; failures are tried again."""
        entry = self._entries.get(name)
        if entry is None or entry.key != key or entry.status == "failed":
            return None
        return entry if entry.file is None or (self._folder / entry.file).is_file() else None

    def add(self, entry: Entry) -> Entry:
        """Keep what came of a result; the file of an earlier one that is not made any more is removed."""
        assert self._file is not None
        old = self._entries.get(entry.name)
        if old is not None and old.file is not None and old.file != entry.file:
            (self._folder / old.file).unlink(missing_ok=True)
        self._entries[entry.name] = entry
        try:
            self._file.write(_line(entry))
            self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from error
        return entry

    def _write_anew(self) -> None:
        with whole_file(self._path) as partial:
            partial.write_text("".join(map(_line, self._entries.values())), encoding="utf-8")

    def _unwritable(self, error: OSError) -> BadOutput:
        return BadOutput(f"{self._path} could not be written: {told_reason(error)}")


def _line(entry: Entry) -> str:
    said = {name: value for name, value in asdict(entry).items() if value not in (None, ())}
    return json.dumps(said) + "\n"


def _entry(line: str) -> Entry | None:
    """None for a line that was not written whole, or not by this version."""
    try:
        told: Mapping[str, Any] = json.loads(line)
        return Entry(**{**told, "told": tuple(told.get("told", ()))})
    except (ValueError, TypeError, AttributeError):
        return None
