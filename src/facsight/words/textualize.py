"""From a photo, a video, a folder of readings or an earlier account to what is to be said of it."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.by_model import ByModel, load_by_model
from facsight.analysis.reader import Reader
from facsight.analysis.run import RECORDS, analyse, load_run
from facsight.analysis.segments import segments_of_video
from facsight.analysis.study import ABOUT as STUDY
from facsight.analysis.study import analyse_videos, load_study
from facsight.analysis.wording import printable
from facsight.core.errors import BadMedia, BadRecipe, BadTable, MissingData
from facsight.media.samples import read_sound
from facsight.media.video import VIDEO_ENDINGS
from facsight.words.cues import Account, Cue, Stretch
from facsight.words.from_face import face_cues
from facsight.words.from_model import affect_cues
from facsight.words.from_voice import RATE, Voice, measure_voice, voice_cues
from facsight.words.text import from_lines
from facsight.words.transcript import Utterance


@dataclass(frozen=True)
class Telling:
    """How a recording is divided, and what was said in it.

    `seconds` is the length of a stretch, where `segments` (`analysis.segments.read_segments`) are not given;
    `rate` is how many frames a second of a video are read. `transcript` None: there is none.
    """

    seconds: float = 1.0
    rate: float = 5.0
    segments: pl.DataFrame | None = None
    transcript: Sequence[Utterance] | None = None

    def __post_init__(self):
        if not 0 < self.seconds < float("inf") or not 0 < self.rate < float("inf"):
            raise BadRecipe(
                f"expected seconds and rate above 0, found seconds={self.seconds} and rate={self.rate}"
            )


def textualize(source: Path, telling: Telling, reader: Callable[[], Reader] = Reader) -> list[Account]:
    """An account of each file: what face, voice and transcript show.

    `source` is a photo, a video, a folder that `facsight analyze` wrote, or `.jsonl` or `.json` of accounts;
    `reader` makes the reader, where one is needed. `BadMedia` where a photo or video cannot be read;
    `BadRecipe` for a transcript where there are several files or none that has times.
    """
    if not source.exists():
        raise MissingData(f"there is no {source}: give a photo, a video, a folder of readings or an account")
    if source.is_file() and source.suffix.lower() in (".json", ".jsonl"):
        return from_lines(_text_of(source))
    if source.is_dir():
        return _of_folder(source, telling)
    with tempfile.TemporaryDirectory() as folder:
        _analysed(source, Path(folder), telling, reader())
        return _of_folder(Path(folder), telling)


def _text_of(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(f"{source} cannot be read as a text file: {error}") from error


def _analysed(source: Path, folder: Path, telling: Telling, reader: Reader) -> None:
    if source.suffix.lower() in VIDEO_ENDINGS:
        failed = [
            video.error
            for video in analyse_videos([source], folder, reader, rate=telling.rate).videos
            if not video.frames
        ]
    else:
        failed = [reason for _, reason in analyse([source], folder, reader).failed]
    if failed:
        raise BadMedia(f"{source}: {failed[0]}")


def _of_folder(folder: Path, telling: Telling) -> list[Account]:
    if (folder / STUDY).is_file():
        return _of_videos(folder, telling)
    if not (folder / RECORDS).is_file():
        raise MissingData(f"{folder} is no folder that `facsight analyze` wrote")
    if telling.transcript is not None or telling.segments is not None:
        raise BadRecipe("a transcript and segments are of recordings, and these are photos")
    records, about = load_run(folder)
    rows = records.filter(pl.col("status") != "failed").collect()
    accounts = []
    for photo in rows.partition_by("photo", maintain_order=True):
        faces = int((photo["status"] == "ok").sum())
        heading = [Cue("photo", {"file": photo["file"][0], "people": faces})]
        accounts.append(Account(heading, [Stretch(None, None, face_cues(photo, about["reader"]["classes"]))]))
    return accounts


def _of_videos(folder: Path, telling: Telling) -> list[Account]:
    table, about = load_study(folder)
    videos = [video for video in about["videos"] if video["frames"]]
    if telling.transcript is not None and len(videos) != 1:
        raise BadRecipe(f"a transcript is of one recording, and {folder} has {len(videos)}")
    files = [video["file"] for video in videos]
    rows = table.filter(pl.col("frame").is_not_null()).collect()
    asked = load_by_model(folder)
    return [
        _with_affect(
            _of_video(rows.filter(pl.col("file") == video["file"]), video, files, about, telling),
            asked,
            video["file"],
        )
        for video in videos
    ]


def _with_affect(account: Account, asked: ByModel | None, file: str) -> Account:
    """And what a network that was asked reads of valence and arousal."""
    if asked is None:
        return account
    rows = asked.of_video(file)
    stretches = []
    for one in account.stretches:
        span = (one.start or 0.0, one.end or 0.0)
        stretches.append(Stretch(one.start, one.end, [*one.cues, *affect_cues(asked, rows, span)]))
    return Account(account.heading, stretches)


def _of_video(
    rows: pl.DataFrame, video: dict[str, Any], files: Sequence[str], about: dict[str, Any], telling: Telling
) -> Account:
    classes = about["reader"]["classes"]
    voice, reason = _voice(Path(about["read_from"]) / video["path"])
    stretches = [
        Stretch(start, end, _cues(rows, voice, telling.transcript, (start, end), classes))
        for start, end in _spans(rows, video, files, voice, telling)
    ]
    unit = "person" if "person" in rows.columns else "track"
    known = {
        "file": video["file"],
        "seconds": _length(rows, video),
        "people": rows[unit].drop_nulls().n_unique(),
    }
    heading = [Cue("file", known)]
    heading.append(Cue("no_transcript" if telling.transcript is None else "quoting"))
    heading += [Cue("no_sound", {"reason": reason})] * (reason is not None)
    return Account(heading, stretches)


def _voice(path: Path) -> tuple[Voice | None, str | None]:
    """The voice of a video that still is where it was, or why there is none."""
    try:
        found = measure_voice(read_sound(path, RATE))
    except BadMedia as error:
        return None, printable(str(error))
    return found, "no voice was found in it" if found is None else None


def _length(rows: pl.DataFrame, video: dict[str, Any]) -> float:
    last = float(rows["time"].max() or 0.0)  # pyright: ignore
    return max(last, float(video["duration"] or 0.0))


def _spans(
    rows: pl.DataFrame, video: dict[str, Any], files: Sequence[str], voice: Voice | None, telling: Telling
) -> list[tuple[float, float]]:
    """Start and end of each stretch: the segments, or equal ones up to the end of all that is known."""
    if telling.segments is not None:
        own = segments_of_video(telling.segments, video["file"], files)
        return sorted(own.select("start", "end").iter_rows())
    ends = [_length(rows, video), *(one.end for one in telling.transcript or ())]
    ends += [] if voice is None else [float(voice.time[-1])]
    count = max(1, ceil(round(max(ends) / telling.seconds, 6)))
    return [(k * telling.seconds, (k + 1) * telling.seconds) for k in range(count)]


def _cues(
    rows: pl.DataFrame,
    voice: Voice | None,
    transcript: Sequence[Utterance] | None,
    span: tuple[float, float],
    classes: Sequence[str],
) -> list[Cue]:
    """What is seen, heard and said in a stretch; an utterance stands where it begins."""
    start, end = span
    inside = rows.filter(pl.col("time") >= start, pl.col("time") < end)
    found = face_cues(inside, classes) if len(inside) else []
    found += [] if voice is None else voice_cues(voice, start, end)
    for one in transcript or ():
        if start <= one.start < end:
            times = {"start": one.start, "end": one.end}
            found.append(Cue("said", times | {"text": one.text}) if one.text else Cue("said_nothing", times))
    return found
