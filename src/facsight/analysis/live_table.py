"""A table that grows while a camera is watched, and is whole whenever the run is stopped."""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from facsight.analysis.conventions import arrange_frames
from facsight.analysis.frame_table import as_rows
from facsight.analysis.frames import FrameResult
from facsight.analysis.saving import ready_folder
from facsight.core.errors import BadOutput

#: Seconds between two writes.
WRITE_EVERY = 1.0


class LiveTable:
    """A CSV file with the columns of a table of videos, written every second, in whole lines only.

    `name` is that of the source, for the column `file`. `BadOutput`: the file is there already, or cannot be
    written; what was written stays. A file without a row is removed when it is closed.
    """

    def __init__(self, path: Path, name: str, classes: Sequence[str], action_units: Sequence[int]):
        self._path, self._about = path, (name, classes, action_units)
        arranged = arrange_frames("facsight", classes, action_units)
        self._columns = [expression.alias(column.name) for column, expression in arranged.columns]
        ready_folder(path.parent)
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError as error:
            raise BadOutput(
                f"{path} is there already, and nothing is overwritten; give another name with --out"
            ) from error
        except OSError as error:
            raise self._failed(error) from error
        self._waiting: list[FrameResult] = []
        self._end, self._written = 0, monotonic()

    def add(self, result: FrameResult) -> None:
        """Keep a result; those of a second are written together."""
        self._waiting.append(result)
        if monotonic() - self._written >= WRITE_EVERY:
            self.write()

    def write(self) -> None:
        """Write what waits. An interruption costs nothing: the next call writes over what it left."""
        if not self._waiting:
            return
        name, classes, action_units = self._about
        rows = as_rows(name, self._waiting, classes, action_units).select(self._columns)
        lines = rows.write_csv(include_header=self._end == 0, float_precision=6).encode()
        try:
            self._file.seek(self._end)
            if self._file.write(lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._waiting = []
            with suppress(OSError):
                self._file.truncate(self._end)
            raise self._failed(error) from error
        self._end, self._waiting = self._end + len(lines), []
        self._written = monotonic()

    def close(self) -> None:
        """Write what waits, and close the file."""
        try:
            self.write()
        finally:
            self._file.close()
            if self._end == 0:
                self._path.unlink(missing_ok=True)

    def _failed(self, error: OSError) -> BadOutput:
        return BadOutput(
            f"{self._path} cannot be written: {error.strerror or error}; make room on the disk or choose "
            "another place with --out"
        )
