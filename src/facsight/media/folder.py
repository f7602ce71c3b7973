"""Which photos and videos a list of files and folders means."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from facsight.core.endings import PHOTO_ENDINGS, SOUND_ENDINGS
from facsight.core.errors import BadRecipe, MissingData
from facsight.media.photo import is_photo
from facsight.media.sequence import is_numbered
from facsight.media.video import VIDEO_ENDINGS, is_video

_DIGITS = re.compile(r"(\d+)")


def find_photos(paths: Iterable[str | Path], left_out: Path | None = None) -> list[Path]:
    """The files named, whatever their ending, and the photos in the folders named, at any depth.

    Named files and folders keep their order; within a folder, names are in natural order (`2.jpg` before
    `10.jpg`), files before folders. Every path comes once. Hidden files and folders are left out, and so is
    the folder `left_out` with what is in it, unless it is named itself: what an earlier run wrote is not what
    is to be read. Links to files are kept as they are, links to folders are followed, each real folder once.
    A named path that does not exist is `MissingData`; a folder without photos gives none.
    """
    return _find(paths, PHOTO_ENDINGS, left_out)


def find_media(paths: Iterable[str | Path], left_out: Path | None = None) -> tuple[list[Path], list[Path]]:
    """The photos and the videos among the files named and in the folders named, as `find_photos` finds them.

    In folders files are what their ending says. A named file is what is in it; what is neither is a video if
    its ending says so, and otherwise a photo, so that reading it gives the reason.
    """
    named = list(map(Path, paths))
    found = _find(named, PHOTO_ENDINGS | VIDEO_ENDINGS, left_out)
    asked = frozenset(named)
    videos = {path for path in found if (_holds_video if path in asked else _is_called_video)(path)}
    return [path for path in found if path not in videos], [path for path in found if path in videos]


def find_sounds(paths: Iterable[str | Path], left_out: Path | None = None) -> list[Path]:
    """The files named, and the sounds in the folders named, as `find_photos` finds photos."""
    return _find(paths, SOUND_ENDINGS, left_out)


def find_footage(paths: Iterable[str | Path], left_out: Path | None = None) -> list[Path]:
    """The videos named, and in the folders named those that directly hold numbered pictures, and the videos.

    Folders and files come in the order of `find_photos`, a folder of pictures before what is in it.
    `BadRecipe` for a named file that is a photo.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            for folder, files in _folders_under(path, _entered(path, left_out)):
                found.update({folder: None} if any(map(is_numbered, files)) else {})
                found.update(dict.fromkeys(file for file in files if _is_called_video(file)))
            continue
        photos, videos = find_media([path])
        if photos:
            raise BadRecipe(
                f"expected folders of numbered pictures, and videos, found {str(path)!r}, which is neither; "
                "leave out --sequence to read photos"
            )
        found.update(dict.fromkeys(videos))
    return list(found)


def _is_called_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_ENDINGS


def _holds_video(path: Path) -> bool:
    if not path.is_file():
        return _is_called_video(path)
    return not is_photo(path) and (_is_called_video(path) or is_video(path))


def _find(paths: Iterable[str | Path], endings: frozenset[str], left_out: Path | None) -> list[Path]:
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            found.update(dict.fromkeys(_files_under(path, endings, _entered(path, left_out))))
        elif os.path.lexists(path):
            found[path] = None
        else:
            raise MissingData(f"expected a file or folder at {str(path)!r}, found nothing; check the path")
    return list(found)


def _entered(named: Path, left_out: Path | None) -> set[Path]:
    """Which folders count as entered before one that was named is."""
    return {left_out.resolve()} - {named.resolve()} if left_out else set()


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts numbers inside names by value.

    >>> sorted(["b10", "b9", "A1"], key=natural_key)
    ['A1', 'b9', 'b10']
    """
    parts = _DIGITS.split(name)
    key = ((int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts)
    # names that differ in case or leading zeros alone still have one order
    return (*key, (-1, name))


def _files_under(folder: Path, endings: frozenset[str], entered: set[Path]) -> Iterator[Path]:
    for _, files in _folders_under(folder, entered):
        yield from (file for file in files if file.suffix.lower() in endings)


def _folders_under(folder: Path, entered: set[Path]) -> Iterator[tuple[Path, list[Path]]]:
    """A folder and those in it at any depth, each with its own files."""
    real = folder.resolve()
    if real in entered:
        return
    entered.add(real)
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: natural_key(entry.name))
    except PermissionError as error:
        raise MissingData(
            f"the folder {str(folder)!r} may not be read by this user; change its permissions"
        ) from error
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    folders = [entry for entry in visible if entry.is_dir()]
    yield folder, [entry for entry in visible if not entry.is_dir()]
    for inner in folders:
        yield from _folders_under(inner, entered)
