"""Videos to a folder of readings: streamed, and resumed where it stopped.

While a run goes on, the rows of each video lie in `parts/`, in a folder named by what it holds: the video
(path, size, time of change) and the settings of the reader. A part is a Parquet file of a few hundred frames;
beside it, written first, lies what is needed to go on after it. The same command goes on after the last whole
part of each video and ends with the same table as a run that was never stopped.
"""

import datetime
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from math import ceil, inf
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.frame_table import as_rows, failed_row, write_frame_tables
from facsight.analysis.frames import FrameResult, Stop
from facsight.analysis.looking import reason_of
from facsight.analysis.reader import Reader
from facsight.analysis.run import PARTS, identity, load_finished
from facsight.analysis.saving import ready_folder, whole_file
from facsight.analysis.wording import printable, storable
from facsight.core.errors import BadOutput, BadRecipe
from facsight.media.video import Damage, Video, open_video

#: Batches of frames (`analysis.frames`) in a part: what an interruption can cost at most.
BATCHES_A_PART = 16

ABOUT, TABLE, DONE = "study.json", "readings.parquet", "done.json"


@dataclass(frozen=True)
class VideoOutcome:
    """What one video came to. `error` says why it could not be read, or why it was not read to its end;
    `damage` what in it could not be decoded; `announced` is how many frames the file says it has."""

    file: str
    frames: int
    with_face: int
    announced: int | None
    duration: float | None
    damage: Sequence[str]
    error: str | None


@dataclass(frozen=True)
class StudyOutcome:
    """What a run came to, video by video."""

    folder: Path
    videos: tuple[VideoOutcome, ...]

    @property
    def failed(self) -> tuple[VideoOutcome, ...]:
        """Those that could not be read, or not to their end."""
        return tuple(video for video in self.videos if video.error is not None)


def analyse_videos(
    videos: Sequence[Path],
    folder: Path,
    reader: Reader,
    *,
    every: int = 1,
    rate: float | None = None,
    landmarks: bool = False,
    on_video: Callable[[Path, int], None] = lambda video, resumed: None,
    on_frames: Callable[[Sequence[FrameResult], int | None], None] = lambda results, announced: None,
) -> StudyOutcome:
    """Read every video and write the tables into `folder`.

    `every` n-th frame, or at most `rate` frames a second. `on_video` hears of each video when it is begun,
    and how many frames an earlier run has read of it; `on_frames` of each batch of results, and how many the
    video announces in all. A video that fails is a row with its reason. `BadOutput` where the folder cannot
    be written: what has been read stays in `parts/`.
    """
    if every != 1 and rate is not None:
        raise BadRecipe(f"expected every or rate, found both ({every} and {rate}); leave one out")
    if every < 1 or (rate is not None and not 0 < rate < inf):
        raise BadRecipe(f"expected every >= 1 and a rate above 0, found every={every}, rate={rate}")
    folder = ready_folder(folder)
    settings = {"reader": reader.describe(), "every": every, "rate": rate}
    homes = [ready_folder(folder / PARTS / _key(path, settings)) for path in videos]
    outcomes, parts = [], []
    for path, home in zip(videos, homes, strict=True):
        video = _Video(path, home, reader)
        if not (home / DONE).is_file():
            _read(video, every, rate, on_video, on_frames)
        outcomes.append(VideoOutcome(**_read_json(home / DONE)))
        parts += video.parts
    write_frame_tables(parts, folder, reader.classes, reader.action_units, landmarks=landmarks)
    outcome = StudyOutcome(folder, tuple(outcomes))
    _write_json(folder / ABOUT, _about(outcome, settings))
    shutil.rmtree(folder / PARTS)
    return outcome


def load_study(folder: Path) -> tuple[pl.LazyFrame, dict[str, Any]]:
    """The table and the description of a finished folder of videos."""
    return load_finished(folder, TABLE, ABOUT, "folder of videos")


class _Video:
    """The parts of one video: what was read before, and what is added."""

    def __init__(self, path: Path, home: Path, reader: Reader):
        self.path, self.home, self.reader = path, home, reader
        self.parts = sorted(home.glob("0*.parquet"))
        last = _read_json(self.parts[-1].with_suffix(".json")) if self.parts else {}
        self.stop = Stop(**last["stop"]) if last else None
        self._known: list[str] = last["damage"] if last else []
        self.damage = self._known
        self._waiting: list[list[FrameResult]] = []

    @property
    def frames(self) -> int:
        """How many frames the parts hold."""
        return self._counts()[0]

    def add(self, results: list[FrameResult], stop: Stop, damage: Sequence[Damage]) -> None:
        """Keep a batch; a part is written when there are enough of them."""
        self._waiting.append(results)
        self.stop = stop
        self.note(damage)
        if len(self._waiting) == BATCHES_A_PART:
            self.flush()

    def note(self, damage: Sequence[Damage]) -> None:
        """Keep the damage met since the last stop beside what was known then, which may be met again."""
        self.damage = self._known + [told for told in map(_told, damage) if told not in self._known]

    def flush(self) -> None:
        """Write what waits: first how to go on after it, then its rows, which make it count."""
        if not self._waiting:
            return
        assert self.stop is not None  # every batch comes with one
        _write_json(
            self._next_part().with_suffix(".json"), {"stop": asdict(self.stop), "damage": self.damage}
        )
        results = chain.from_iterable(self._waiting)
        self._write(as_rows(str(self.path), results, self.reader.classes, self.reader.action_units))
        self._waiting = []

    def finish(self, about: dict[str, Any], error: str | None) -> None:
        """Write the last part, and what came of the video."""
        self.flush()
        if not self.parts:
            error = error or "it has no frame that could be decoded"
            self._write(failed_row(str(self.path), error, self.reader.classes, self.reader.action_units))
        frames, with_face = self._counts()
        outcome = VideoOutcome(
            file=printable(self.path),
            frames=frames,
            with_face=with_face,
            damage=self.damage,
            error=error,
            **about,
        )
        _write_json(self.home / DONE, asdict(outcome))

    def _next_part(self) -> Path:
        return self.home / f"{len(self.parts):08d}.parquet"

    def _write(self, rows: pl.DataFrame) -> None:
        part = self._next_part()
        with whole_file(part) as partial:
            rows.write_parquet(partial)
        self.parts.append(part)

    def _counts(self) -> tuple[int, int]:
        if not self.parts:
            return 0, 0
        frame, seen = pl.col("frame"), pl.col("status") == "ok"
        counts = pl.scan_parquet(self.parts).select(
            frames=frame.n_unique() - frame.has_nulls(), with_face=frame.filter(seen).n_unique()
        )
        return counts.collect().row(0)


def _read(
    video: _Video,
    every: int,
    rate: float | None,
    on_video: Callable[[Path, int], None],
    on_frames: Callable[[Sequence[FrameResult], int | None], None],
) -> None:
    """Read what the parts of a video do not hold yet, and say what came of it."""
    on_video(video.path, video.frames)
    about: dict[str, Any] = {"announced": None, "duration": None}
    error = None
    try:
        with open_video(video.path) as opened:
            about = {"announced": _announced(opened, every, rate), "duration": opened.duration}
            for results, stop in video.reader.read_frames(opened, every=every, rate=rate, stop=video.stop):
                video.add(results, stop, opened.damage)
                on_frames(results, about["announced"])
            video.note(opened.damage)
    except BadOutput:
        raise
    except Exception as problem:  # whatever a file does, the others are read
        error = reason_of(problem, str(video.path))
    video.finish(about, error)


def _key(path: Path, settings: dict[str, Any]) -> str:
    known = json.dumps([settings, identity(path)], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:24]


def _announced(video: Video, every: int, rate: float | None) -> int | None:
    """How many results the video announces, for a progress line."""
    if rate is None:
        return None if video.expected is None else ceil(video.expected / every)
    known = [video.expected, None if video.duration is None else ceil(video.duration * rate)]
    return min((count for count in known if count is not None), default=None)


def _told(damage: Damage) -> str:
    place = "at the start" if damage.after is None else f"after {damage.after:.3f} s"
    return f"{place}: {damage.reason}"


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with whole_file(path) as partial:
        partial.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _about(outcome: StudyOutcome, settings: dict[str, Any]) -> dict[str, Any]:
    """What a person, or the report, needs to know about a folder of videos."""
    return {
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "read_from": storable(Path.cwd()),
        "videos": [asdict(video) for video in outcome.videos],
        **settings,
    }
