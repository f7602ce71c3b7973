"""A folder of photos to a folder of readings: streamed, and resumed where it stopped.

While a run goes on, its results lie in `parts/`, one small file per sixteen photos, named by what it holds:
the photos (path, size, time of change), their numbers, and the settings of the reader. The same command reads
only what no part holds yet, so an interrupted run ends with the same table as one that was not. A photo or a
setting that has changed changes the name, and is read again.
"""

import datetime
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.reader import Reader
from facsight.analysis.reading import PhotoResult
from facsight.analysis.saving import ready_folder
from facsight.analysis.table import as_frame, write_tables
from facsight.analysis.wording import storable
from facsight.core.errors import MissingData
from facsight.core.saving import whole_file

#: Photos a part file holds: what an interruption can cost at most.
PHOTOS_A_PART = 16

RECORDS, ABOUT, PARTS = "evidence.parquet", "readings.json", "parts"


@dataclass(frozen=True)
class Outcome:
    """What a run came to. `failed` are (file, reason); `resumed` photos were read by an earlier run."""

    folder: Path
    photos: int
    faces: int
    without_face: int
    failed: tuple[tuple[str, str], ...]
    resumed: int


@dataclass(frozen=True)
class _Part:
    """Some photos, the number of the first of them, and the file that holds their rows once they are read."""

    first: int
    photos: Sequence[Path]
    file: Path


def analyse(
    photos: Sequence[Path],
    folder: Path,
    reader: Reader,
    *,
    convention: str = "facsight",
    landmarks: bool = False,
    on_start: Callable[[int], None] = lambda resumed: None,
    on_result: Callable[[PhotoResult], None] = lambda result: None,
) -> Outcome:
    """Read every photo and write the tables into `folder`.

    `on_start` hears how many photos an interrupted run had read already, `on_result` each new result. A photo
    that fails is a row with its reason. `BadOutput` where the folder cannot be written: what has been read
    stays in `parts/`.
    """
    folder = ready_folder(folder)
    ready_folder(folder / PARTS)
    parts = _parts(photos, folder / PARTS, reader.describe())
    missing = [part for part in parts if not part.file.is_file()]
    resumed = len(photos) - sum(len(part.photos) for part in missing)
    on_start(resumed)
    results = reader.read_many([photo for part in missing for photo in part.photos], at_once=PHOTOS_A_PART)
    for part in missing:
        told = list(_hear(islice(results, len(part.photos)), on_result))
        with whole_file(part.file) as partial:
            numbered = enumerate(told, part.first)
            as_frame(numbered, reader.classes, reader.action_units, reader.beside).write_parquet(partial)
    return _finish([part.file for part in parts], folder, reader, convention, landmarks, resumed)


def load_run(folder: Path) -> tuple[pl.LazyFrame, dict[str, Any]]:
    """The records and the description of a finished readings folder."""
    if not (folder / ABOUT).is_file() or not (folder / RECORDS).is_file():
        unfinished = (folder / PARTS).is_dir()
        state = "is not finished: run the same `facsight analyze` again" if unfinished else "is none"
        raise MissingData(f"expected a readings folder with {RECORDS} and {ABOUT}, but {folder} {state}")
    return pl.scan_parquet(folder / RECORDS), json.loads((folder / ABOUT).read_text(encoding="utf-8"))


def _hear(results: Iterator[PhotoResult], on_result: Callable[[PhotoResult], None]) -> Iterator[PhotoResult]:
    for result in results:
        on_result(result)
        yield result


def _parts(photos: Sequence[Path], folder: Path, settings: dict[str, Any]) -> list[_Part]:
    found = []
    for start in range(0, len(photos), PHOTOS_A_PART):
        some = photos[start : start + PHOTOS_A_PART]
        known = json.dumps([start, settings, [identity(photo) for photo in some]], sort_keys=True)
        key = hashlib.sha256(known.encode()).hexdigest()[:24]
        found.append(_Part(start + 1, some, folder / f"{key}.parquet"))
    return found


def identity(photo: Path) -> tuple[str, int, int]:
    """Path, size and time of change: what tells that a photo is still the one that was read."""
    name = storable(photo)
    try:
        found = photo.stat()
    except OSError:
        return name, -1, -1
    return name, found.st_size, found.st_mtime_ns


def _finish(
    parts: Sequence[Path], folder: Path, reader: Reader, convention: str, landmarks: bool, resumed: int
) -> Outcome:
    """Join the parts, write the tables and the description, and drop the parts."""
    with whole_file(folder / RECORDS) as partial:
        pl.scan_parquet(list(parts)).sink_parquet(partial)
    records = pl.scan_parquet(folder / RECORDS)
    write_tables(
        records,
        folder,
        reader.classes,
        reader.action_units,
        convention=convention,
        landmarks=landmarks,
        beside=reader.beside,
    )
    outcome = _outcome(records, folder, resumed)
    with whole_file(folder / ABOUT) as partial:
        partial.write_text(
            json.dumps(_about(outcome, reader), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    shutil.rmtree(folder / PARTS)
    return outcome


def _outcome(records: pl.LazyFrame, folder: Path, resumed: int) -> Outcome:
    status = pl.col("status")
    counts = records.select(
        photos=pl.col("photo").n_unique(),
        faces=(status == "ok").sum(),
        without_face=(status == "no_face").sum(),
    ).collect()
    failed = records.filter(status == "failed").select("file", "reason").collect()
    photos, faces, without_face = counts.row(0)
    reasons = tuple((row["file"], row["reason"]) for row in failed.iter_rows(named=True))
    return Outcome(folder, photos, faces, without_face, reasons, resumed)


def _about(outcome: Outcome, reader: Reader) -> dict[str, Any]:
    """What a person, or the report, needs to know about a readings folder."""
    return {
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "read_from": storable(Path.cwd()),
        "photos": outcome.photos,
        "faces": outcome.faces,
        "without_face": outcome.without_face,
        "failed": len(outcome.failed),
        "reader": reader.describe(),
    }
