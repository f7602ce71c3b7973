"""One video to one table: read in parts, resumed after the last whole one, and joined at its end.

While a video is read, its rows lie in a folder of parts, named by what it holds: the video (path, size, time
of change) and the settings of the reader. A part is a Parquet file of a few hundred frames; beside it,
written first, lies what is needed to go on after it. At the end the parts become one file, which also says
what came of the video, and which appears whole or not at all.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from math import ceil, inf
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.frame_table import ROWS_A_GROUP, as_rows, failed_row, in_order
from facsight.analysis.frames import FrameResult, Stop
from facsight.analysis.looking import reason_of
from facsight.analysis.reader import Reader
from facsight.analysis.run import PARTS, identity
from facsight.analysis.saving import ready_folder
from facsight.analysis.wording import printable
from facsight.core.errors import BadOutput, BadRecipe
from facsight.core.saving import whole_file
from facsight.media.footage import Footage
from facsight.media.sequence import open_footage, pictures_of
from facsight.media.sound import AudioTrack
from facsight.media.track import Damage

#: Batches of frames (`analysis.frames`) in a part: what an interruption can cost at most.
BATCHES_A_PART = 16
#: Where the tables of the videos lie, and under which key of its metadata each says what came of its video.
READINGS, ABOUT_VIDEO = "readings", "facsight"


@dataclass(frozen=True)
class Sampling:
    """Which frames of a video are read: every n-th, or at most `rate` a second; with `steady` landmarks.

    With `sequence` frames a second, a folder of numbered pictures is a video (`media.sequence`).
    """

    every: int = 1
    rate: float | None = None
    steady: bool = False
    sequence: float | None = None

    def __post_init__(self):
        if self.every != 1 and self.rate is not None:
            raise BadRecipe(
                f"expected every or rate, found both ({self.every} and {self.rate}); leave one out"
            )
        if self.every < 1 or (self.rate is not None and not 0 < self.rate < inf):
            raise BadRecipe(
                f"expected every >= 1 and a rate above 0, found every={self.every}, rate={self.rate}"
            )
        if self.sequence is not None and not 0 < self.sequence < inf:
            raise BadRecipe(f"expected sequence above 0, in frames a second, found {self.sequence}")


@dataclass(frozen=True)
class VideoOutcome:
    """What one video came to.

    `file` is its name as tables show it, `path` as the system knows it, `table` that of its file among the
    readings. `announced` is how many frames the file says it has; `audio` are its tracks of sound, None where
    the video could not be opened. `damage` says what in it could not be decoded, `notes` what else there is
    to know; `error` why it could not be read, or why it was not read to its end.
    """

    file: str
    path: str
    table: str
    frames: int
    with_face: int
    announced: int | None
    duration: float | None
    audio: Sequence[AudioTrack] | None
    damage: Sequence[str]
    notes: Sequence[str]
    error: str | None


@dataclass(frozen=True)
class Progress:
    """How far a video is: frames read by earlier runs, since the last word, and announced in all (or None).

    The first word of a video has no new frames.
    """

    video: Path
    before: int
    new: int
    announced: int | None


OnProgress = Callable[[Progress], None]


def read_video_into(
    folder: Path, path: Path, reader: Reader, sampling: Sampling, on_progress: OnProgress
) -> VideoOutcome:
    """Read what the folder does not hold yet of a video. Its table is then whole, whatever the video does.

    `BadOutput` where the folder cannot be written: what has been read stays in its parts.
    """
    key = _key(path, sampling, settings_of(reader, sampling))
    table = folder / READINGS / f"{safe_name(path.stem)}-{key[:12]}.parquet"
    done = outcome_of(table)
    if done is not None and done.error is None:
        return done
    video = _Parts(path, ready_folder(folder / PARTS / key), reader)
    about, error = _read(video, sampling, on_progress)
    return video.join(table, about, error)


def settings_of(reader: Reader, sampling: Sampling) -> dict[str, Any]:
    """What decides on the rows of a video, as plain data."""
    return {"reader": reader.describe(), **asdict(sampling)}


def outcome_of(table: Path) -> VideoOutcome | None:
    """What came of the video of a table; None where there is no whole one that this version wrote."""
    try:
        told = json.loads(pl.read_parquet_metadata(table)[ABOUT_VIDEO])
        audio = told["audio"] and [AudioTrack(**track) for track in told["audio"]]
        return VideoOutcome(**{**told, "audio": audio})
    except (OSError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None


class _Parts:
    """The parts of one video: what was read before, and what is added."""

    def __init__(self, path: Path, home: Path, reader: Reader):
        self.path, self.home, self.reader = path, home, reader
        self._columns = reader.classes, reader.action_units, reader.beside
        self.files = sorted(home.glob("0*.parquet"))
        last = json.loads(self.files[-1].with_suffix(".json").read_text("utf-8")) if self.files else {}
        self.stop = Stop(**last["stop"]) if last else None
        self._known: list[str] = last["damage"] if last else []
        self.damage, self.notes = self._known, list(last["notes"] if last else [])
        self._waiting: list[list[FrameResult]] = []

    @property
    def frames(self) -> int:
        """How many frames the parts hold."""
        return self._counts()[0]

    def add(self, results: list[FrameResult], stop: Stop, footage: Footage) -> None:
        """Keep a batch; a part is written when there are enough of them."""
        self._waiting.append(results)
        self.stop = stop
        self.note(footage)
        if len(self._waiting) == BATCHES_A_PART:
            self.flush()

    def note(self, footage: Footage) -> None:
        """Keep what was met since the last stop beside what was known then, which may be met again."""
        self.damage = self._known + [
            told for told in map(told_damage, footage.damage) if told not in self._known
        ]
        self.notes += [told for told in footage.notes if told not in self.notes]

    def flush(self) -> None:
        """Write what waits: first how to go on after it, then its rows, which make it count."""
        if not self._waiting:
            return
        assert self.stop is not None  # every batch comes with one
        kept = {"stop": asdict(self.stop), "damage": self.damage, "notes": self.notes}
        state = json.dumps(kept, ensure_ascii=False)
        with whole_file(self._next().with_suffix(".json")) as partial:
            partial.write_text(state, encoding="utf-8")
        results = chain.from_iterable(self._waiting)
        self._write(as_rows(str(self.path), results, *self._columns))
        self._waiting = []

    def join(self, table: Path, about: Mapping[str, Any], error: str | None) -> VideoOutcome:
        """Write the video's table, with what came of it, and drop the parts."""
        self.flush()
        if not self.files:
            error = error or "it has no frame that could be decoded"
            self._write(failed_row(str(self.path), error, *self._columns))
        frames, with_face = self._counts()
        outcome = VideoOutcome(
            file=printable(self.path),
            path=str(self.path),
            table=table.name,
            frames=frames,
            with_face=with_face,
            damage=self.damage,
            notes=self.notes,
            error=error,
            **about,
        )
        ready_folder(table.parent)
        with whole_file(table) as partial:
            told = {ABOUT_VIDEO: json.dumps(asdict(outcome))}  # in ASCII: names need not be text
            in_order(self.files).sink_parquet(partial, metadata=told, row_group_size=ROWS_A_GROUP)
        shutil.rmtree(self.home)
        return outcome

    def _next(self) -> Path:
        return self.home / f"{len(self.files):08d}.parquet"

    def _write(self, rows: pl.DataFrame) -> None:
        part = self._next()
        with whole_file(part) as partial:
            rows.write_parquet(partial)
        self.files.append(part)

    def _counts(self) -> tuple[int, int]:
        if not self.files:
            return 0, 0
        frame, seen = pl.col("frame"), pl.col("status") == "ok"
        counts = pl.scan_parquet(self.files).select(
            frames=frame.n_unique() - frame.has_nulls(), with_face=frame.filter(seen).n_unique()
        )
        return counts.collect().row(0)


def _read(parts: _Parts, sampling: Sampling, on_progress: OnProgress) -> tuple[dict[str, Any], str | None]:
    """Read what the parts do not hold yet: what the video says of itself, and why it ended early."""
    before = parts.frames
    about: dict[str, Any] = {"announced": None, "duration": None, "audio": None}
    chosen = {"every": sampling.every, "rate": sampling.rate, "steady": sampling.steady}
    try:
        with open_footage(parts.path, sampling.sequence) as opened:
            about = {
                "announced": _announced(opened, sampling),
                "duration": opened.duration,
                "audio": list(opened.audio),
            }
            on_progress(Progress(parts.path, before, 0, about["announced"]))
            for results, stop in parts.reader.read_frames(opened, **chosen, stop=parts.stop):
                parts.add(results, stop, opened)
                on_progress(Progress(parts.path, before, len(results), about["announced"]))
            parts.note(opened)
    except BadOutput:
        raise
    except Exception as problem:  # whatever a file does, the others are read
        return about, reason_of(problem, str(parts.path))
    return about, None


def _key(path: Path, sampling: Sampling, settings: Mapping[str, Any]) -> str:
    # of a sequence its pictures count, and not the folder, which changes with whatever else is put into it
    files = (sampling.sequence is not None and pictures_of(path)) or [path]
    known = json.dumps([settings, *map(identity, files)], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:24]


def safe_name(name: str) -> str:
    """A video's name as part of a file name that every system takes.

    >>> safe_name('day 2: "the" talk')
    'day_2_the_talk'
    """
    return re.sub(r"[^0-9A-Za-z._-]+", "_", name).strip("._")[:60] or "video"


def _announced(video: Footage, sampling: Sampling) -> int | None:
    """How many results the video announces, for a progress line."""
    if sampling.rate is None:
        return None if video.expected is None else ceil(video.expected / sampling.every)
    known = [video.expected, None if video.duration is None else ceil(video.duration * sampling.rate)]
    return min((count for count in known if count is not None), default=None)


def told_damage(damage: Damage) -> str:
    """What could not be decoded, and where, in words."""
    place = "at the start" if damage.after is None else f"after {damage.after:.3f} s"
    return f"{place}: {damage.reason}"
