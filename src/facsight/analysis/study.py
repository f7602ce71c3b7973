"""Videos to a folder of readings: a Parquet file a video, a table of all of them, a summary.

Videos are read one after the other or side by side (`analysis.engines`), each resumed where it stopped
(`analysis.one_video`). What is read is kept: the same command with more videos reads only those.
"""

import datetime
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.conventions import arrange_frames, check_convention
from facsight.analysis.engines import Engine, one_after_the_other
from facsight.analysis.frame_table import in_order, write_frame_tables
from facsight.analysis.one_video import (
    READINGS,
    OnProgress,
    Sampling,
    VideoOutcome,
    settings_of,
)
from facsight.analysis.over_time import (
    OverTime,
    add_columns,
    columns_over_time,
    told_of,
    write_tables_over_time,
)
from facsight.analysis.reader import Reader
from facsight.analysis.run import PARTS
from facsight.analysis.same_person import SamePerson, Told, tell
from facsight.analysis.saving import ready_folder
from facsight.core.errors import MissingData
from facsight.core.saving import whole_file

ABOUT, EARLIER = "study.json", "earlier"
#: Of the layout below; a folder of another is not read.
LAYOUT = 3


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
    steady: bool = False,
    sequence: float | None = None,
    over_time: OverTime | None = None,
    people: SamePerson | None = None,
    convention: str = "facsight",
    landmarks: bool = False,
    engine: Engine = one_after_the_other,
    on_progress: OnProgress = lambda progress: None,
    on_people: Callable[[Path], None] = lambda video: None,
) -> StudyOutcome:
    """Read every video and write the tables into `folder`.

    `every` n-th frame, or at most `rate` frames a second; `steady` takes the tremble out of the landmarks
    (`faces.steady`). With `sequence` frames a second, a folder of numbered pictures is a video, too
    (`media.sequence`). `over_time` says how readings are smoothed and compared (`analysis.over_time`).
    `people` tells which tracks are the same person (`analysis.same_person`), and `on_people` hears of each
    video that is looked at for this; None: nobody is told apart. `convention` names the columns of the CSV
    file (`analysis.conventions`), `landmarks` puts the 68 points into it; the Parquet files keep facsight's
    names. A video that fails is a row with its reason. Tables of other videos, or of other settings, that an
    earlier run left in the folder are moved to its `earlier/`.
    `BadOutput` where the folder cannot be written: what has been read stays in it.
    """
    sampling = Sampling(every, rate, steady, sequence)
    over_time = over_time or OverTime()
    check_convention(convention)
    folder = ready_folder(folder)
    outcomes = tuple(engine(videos, folder, reader, sampling, on_progress))
    tables = [folder / READINGS / outcome.table for outcome in outcomes]
    _set_aside(folder, tables)
    classes, units = reader.classes, reader.action_units
    for table, told in zip(tables, _told(videos, tables, people, on_people, sequence), strict=True):
        add_columns(table, classes, units, over_time, told, reader.beside)
    added = (*columns_over_time(classes, units, over_time, people=people is not None), *reader.beside)
    arranged = arrange_frames(convention, classes, units, landmarks=landmarks)
    write_frame_tables(tables, folder, convention, arranged, added)
    write_tables_over_time(tables, folder, classes, units, over_time, people=people is not None)
    outcome = StudyOutcome(folder, outcomes)
    settings = settings_of(reader, sampling) | {"over_time": over_time.describe()}
    settings |= {"people": people and people.describe()}
    with whole_file(folder / ABOUT) as partial:
        about = json.dumps(_about(outcome, settings), indent=1, ensure_ascii=False)
        # bytes of a name that are no text become escapes of JSON, which come back as they were
        partial.write_text(about + "\n", encoding="utf-8", errors="backslashreplace")
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    return outcome


def load_study(folder: Path) -> tuple[pl.LazyFrame, dict[str, Any]]:
    """The rows of all videos and the description of a finished folder; `MissingData` where it is none."""
    if not (folder / ABOUT).is_file():
        unfinished = (folder / PARTS).is_dir() or (folder / READINGS).is_dir()
        state = "is not finished: run the same `facsight analyze` again" if unfinished else "is none"
        raise MissingData(f"expected a folder of videos with {ABOUT}, but {folder} {state}")
    about = _described(folder)
    tables = [folder / READINGS / video["table"] for video in about["videos"]]
    lost = [table.name for table in tables if not _is_table(table)]
    if lost:
        raise MissingData(
            f"{folder / READINGS} lacks {', '.join(lost)}, or they are damaged: give the same "
            "`facsight analyze` again"
        )
    return in_order(tables), about


def _is_table(file: Path) -> bool:
    try:
        return bool(pl.read_parquet_schema(file))
    except (OSError, pl.exceptions.PolarsError):
        return False


def _described(folder: Path) -> dict[str, Any]:
    """What a folder says of itself."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        layout, version = about.get("layout"), about["reader"]["facsight"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MissingData(
            f"{folder / ABOUT} cannot be read: give the same `facsight analyze` again ({error})"
        ) from error
    if layout != LAYOUT:
        raise MissingData(
            f"{folder} was written by another version of facsight ({version}); "
            "read the videos again into a new folder"
        )
    return about


def _told(
    videos: Sequence[Path],
    tables: Sequence[Path],
    people: SamePerson | None,
    on_people: Callable[[Path], None],
    sequence: float | None,
) -> Iterable[Told | None]:
    """Who the people of each video are; what its table says already is not asked again."""
    if people is None:
        return [None] * len(tables)
    return tell(videos, tables, [told_of(table) for table in tables], people, on_people, sequence)


def _set_aside(folder: Path, tables: Sequence[Path]) -> None:
    """Move what is not among these tables out of the folder, so that the folder is the study."""
    for other in set((folder / READINGS).glob("*.parquet")) - set(tables):
        (folder / EARLIER).mkdir(exist_ok=True)
        other.replace(folder / EARLIER / other.name)


def _about(outcome: StudyOutcome, settings: dict[str, Any]) -> dict[str, Any]:
    """What a person, or the report, needs to know about a folder of videos."""
    return {
        "layout": LAYOUT,
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "read_from": str(Path.cwd()),
        "videos": [asdict(video) for video in outcome.videos],
        **settings,
    }
