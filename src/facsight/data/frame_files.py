"""Where a dataset of videos keeps its lists and the pictures of its frames.

Such a dataset has some hundred folders with up to a million pictures. The folders near the top are walked; a
folder of pictures is entered only when its video comes up.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from facsight.data.dataset import Deviation
from facsight.data.deviations import tell

#: Names of folders that hold media, not lists; they are found, but not entered.
MEDIA_FOLDERS = r"(?:cropped|crops|batch\d|(?:videos?|frames?|faces?|clips?|audios?|raw)(?:_|$)).*"


def folders_near(root: Path, depth: int = 3) -> list[str]:
    """Folders at most so deep below `root`, the shallow ones first, as relative paths with `/`.

    Folders of media are named, but not entered.
    """
    found: list[str] = []
    level = [""]
    for _ in range(depth):
        level = [f"{above}{name}/" for above in level for name in _folders_in(root / above)]
        found += [folder.rstrip("/") for folder in level]
        level = [folder for folder in level if not _holds_media(folder)]
    return found


def lists_near(root: Path, ending: str = ".txt", depth: int = 3) -> list[str]:
    """Files of an ending in `root` and in the folders near it that hold no media, the shallow ones first."""
    folders = ["", *(folder for folder in folders_near(root, depth) if not _holds_media(folder))]
    files = (f"{folder}/{name}".lstrip("/") for folder in folders for name in listed(root / folder))
    return [file for file in files if file.lower().endswith(ending)]


def media_near(root: Path, endings: tuple[str, ...], depth: int = 3) -> dict[str, str]:
    """Media files in the folders near `root`, by their names without ending; of several, the shallowest."""
    found: dict[str, str] = {}
    for folder in ("", *folders_near(root, depth)):
        for name in listed(root / folder):
            if name.lower().endswith(endings):
                found.setdefault(Path(name).stem, f"{folder}/{name}".lstrip("/"))
    return found


def clips_in(root: Path, folder: str) -> dict[str, str]:
    """What lies in a folder by its name without ending: clips are files, or folders of their frames."""
    return {Path(name).stem: f"{folder}/{name}" for name in listed(root / folder)}


def first_line(path: Path) -> str:
    """The first line of a text file without the ends; "" of one that cannot be read."""
    try:
        with path.open("rb") as lines:
            return lines.readline().decode("utf-8-sig", errors="replace").strip()
    except OSError:
        return ""


def listed(folder: Path) -> list[str]:
    """Names of what lies in a folder, in order, hidden ones aside; none where there is no such folder."""
    return sorted(name for name in _names(folder) if not name.startswith("."))


def base_name(path: str) -> str:
    """The last part of a path with `/`."""
    return path.rstrip("/").rpartition("/")[2]


def stays_inside(path: str) -> bool:
    """Whether a path that a list names stays in the folder it is meant for.

    >>> stays_inside("Videos/82553/Visite_1"), stays_inside("../82553"), stays_inside("/82553")
    (True, False, False)
    """
    return not {"", ".", ".."} & set(path.split("/"))


def _holds_media(folder: str) -> bool:
    return re.fullmatch(MEDIA_FOLDERS, base_name(folder).lower()) is not None


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  a path each would cost more than the listing
    except OSError:
        return []


def _folders_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name[0] != "." and entry.is_dir())
    except OSError:
        return []


class FramePictures:
    """The pictures of frames, a folder a video, below any of several folders: releases come in parts."""

    def __init__(self, root: Path, folders: Sequence[str]):
        self.root = root
        self.folders = tuple(folders)
        self._listed: tuple[str, tuple[str, list[str]]] | None = None

    def names(self, video: str) -> tuple[str, list[str]]:
        """Where a video lies, relative to the dataset, and the names in there, unsorted; "" if nowhere."""
        if self._listed is None or self._listed[0] != video:
            self._listed = video, self._list(video)
        return self._listed[1]

    def _list(self, video: str) -> tuple[str, list[str]]:
        for folder in self.folders if stays_inside(video) else ():
            names = _names(self.root / folder / video)
            if names:
                return f"{folder}/{video}", names
        return "", []

    def located(self, rows: pl.DataFrame, video: str, file: str, found: list[Deviation]) -> pl.DataFrame:
        """Adds `path` to the rows of one video by their `name`: null, and told by their `line`, if absent."""
        where, names = self.names(video)
        present = pl.col("name").is_in(pl.Series(names, dtype=pl.String).implode())
        path = pl.when(present).then(pl.concat_str(pl.lit(where + "/"), pl.col("name")))
        rows = rows.with_columns(path.alias("path"))
        absent = rows.filter(pl.col("path").is_null())
        if len(absent) and self.folders:
            told = f"expected pictures of {video} in {' or '.join(self.folders)}"
            if names:
                told = (
                    f"{len(absent)} of {len(rows)} frames have no picture, the first is {absent['name'][0]}"
                )
            tell(found, file, absent["line"][:1], told, fatal=False)
        return rows

    def behind(self, rows: pl.DataFrame, video: str) -> int:
        """How many pictures of a video are numbered higher than its last row."""
        names, last = self.names(video)[1], rows["name"][-1]
        return sum(name > last and name.endswith(Path(last).suffix) for name in names)
