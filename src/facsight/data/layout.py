"""What lies in a dataset's folder, listed once."""

import os
from pathlib import Path

import polars as pl

from facsight.core.endings import PHOTO_ENDINGS
from facsight.core.errors import MissingData
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell_files

#: Endings of files, as `files_below` takes them.
PICTURES = tuple(sorted(PHOTO_ENDINGS))
VIDEOS = (".mp4", ".avi", ".mov", ".flv", ".mkv", ".wmv")
SOUNDS = (".wav", ".flac", ".mp3")


def need(root: Path, card: Card, *names: str) -> None:
    """Refuse a folder that is absent, empty or lacks the files and folders `names`, relative to it.

    `MissingData` says which, and shows the layout.
    """
    if not root.is_dir():
        wrong = f"there is no folder {root}"
    elif not any(root.iterdir()):
        wrong = f"the folder {root} is empty"
    elif absent := [name for name in names if not (root / name).exists()]:
        wrong = f"{root} has no {absent[0]}"
    else:
        return
    raise MissingData(
        f"{wrong}; {card.title} is expected as\n{card.layout.strip()}\nHow to get it: {card.obtain}"
    )


def need_one(root: Path, card: Card, *names: str) -> str:
    """The first of several names that releases give the same thing; `MissingData` where none is there."""
    need(root, card)
    there = first_there(root, *names)
    if there is None:
        need(root, card, " or ".join(names))
    return there or ""


def first_there(root: Path, *names: str) -> str | None:
    """The first of several names that exists in a folder."""
    return next((name for name in names if (root / name).exists()), None)


def names_in(folder: Path) -> set[str]:
    """Names of the files in a folder, by one look at it; none where it does not exist."""
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries if entry.is_file()}


def files_below(folder: Path, ending: str | tuple[str, ...] = "") -> list[str]:
    """Files below a folder, relative and with `/`, in order of their names; hidden ones are left out.

    `ending` keeps names that end so, in small letters; links to folders are not followed.
    """
    found, waiting = [], [""]
    while waiting:
        before = waiting.pop()
        with os.scandir(folder / before) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
        folders = {entry.name for entry in shown if entry.is_dir(follow_symlinks=False)}
        waiting += [f"{before}{name}/" for name in folders]
        names = (entry.name for entry in shown if entry.name not in folders)
        found += [before + name for name in names if name.lower().endswith(ending)]
    return sorted(found)


def paths_below(root: Path, folder: str, ending: str | tuple[str, ...] = "") -> list[str]:
    """As `files_below`, but relative to the dataset's folder `root`; none where there is no such folder."""
    names = files_below(root / folder, ending) if (root / folder).is_dir() else []
    return [f"{folder}/{name}" for name in names] if folder else names


def files_named(root: Path, paths: pl.Series) -> set[str]:
    """Which of these relative paths are files below `root`, by one look at each folder that they name."""
    folders = {path.rpartition("/")[0] for path in paths.drop_nulls()}
    return {f"{folder}/{name}".lstrip("/") for folder in folders for name in names_in(root / folder)}


def where_there(
    table: pl.DataFrame, present: set[str], found: list[Deviation], *, what: str = "picture"
) -> pl.DataFrame:
    """The table with `path` null where no such file is `present`; each is told, and kept.

    `present` are paths relative to the dataset's folder.
    """
    there = table["path"].is_in(list(present))
    tell_files(found, table["path"].filter(~there).drop_nulls().to_list(), f"this {what} is missing")
    return table.with_columns(pl.when(there).then(pl.col("path")).alias("path"))
