"""Numbered pictures in a folder as the frames of a video.

- A folder holds one sequence: pictures whose names are a stem, a number and the ending of a photo, such as
  `frame_0001.png`. The numbers may have any number of digits, and need not begin at 0 or 1.
- A picture is shown at (its number - the first one) / rate. A number without a picture costs that frame only;
  `notes` says which there are.
- Pictures are read as `media.photo` reads them: upright, each in its own size. One that cannot be read is
  left out and named in `damage`.
- Other files are left out, and named in `notes`; hidden ones are not there, as everywhere.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, pairwise
from math import inf
from pathlib import Path

from facsight.core.endings import PHOTO_ENDINGS
from facsight.core.errors import BadMedia
from facsight.media.file import unreadable
from facsight.media.footage import Footage, Pixels
from facsight.media.photo import read_photo
from facsight.media.track import Position, note
from facsight.media.video import open_video

_NUMBERED = re.compile(r"(.*?)([0-9]+)", re.DOTALL)
#: Tables hold the numbers of frames in 32 bits.
_FARTHEST = 2**31 - 1
#: Files, gaps and pictures that a line names.
_NAMED = 10


@dataclass(frozen=True)
class _Picture:
    number: int
    path: Path
    stem: str


@dataclass(eq=False)
class PictureSequence(Footage):
    """A folder of numbered pictures that was found good; made by `open_sequence`."""

    pictures: Sequence[_Picture] = field(default_factory=tuple)

    def _all(self, after: Position | None) -> Iterator[tuple[Position, Callable[[], Pixels | None]]]:
        assert self.rate is not None  # it was given
        zero, last = self.pictures[0].number, _Last(after.time if after else None)
        for picture in self.pictures:
            number = picture.number - zero
            if after is None or number > after.number:
                at = Position(number, number / self.rate)
                yield at, partial(self._read, picture.path, at, last)

    def _read(self, path: Path, at: Position, last: "_Last") -> Pixels | None:
        try:
            pixels = read_photo(path).pixels
        except BadMedia as error:
            if not Path(self.name).is_dir():
                raise BadMedia(f"{self.name!r} is gone: moved, deleted or no longer mounted") from error
            self._leave_out(path, str(error), last)
            return None
        last.time, last.left_out = at.time, 0
        return pixels

    def _leave_out(self, path: Path, reason: str, last: "_Last") -> None:
        last.left_out += 1
        if last.left_out <= _NAMED:
            note(self.damage, last.time, reason.replace(repr(str(path)), repr(path.name), 1))
        elif last.left_out == _NAMED + 1:
            note(self.damage, last.time, "and pictures after these")


@dataclass
class _Last:
    """When the last picture that could be read was shown, and how many after it could not be."""

    time: float | None
    left_out: int = 0


def open_footage(path: str | Path, sequence: float | None = None) -> Footage:
    """The video in a file or, with `sequence` frames a second, the numbered pictures in a folder.

    `BadMedia` says what was found instead.
    """
    if sequence is not None and Path(path).is_dir():
        return open_sequence(path, sequence)
    return open_video(path)


def open_sequence(folder: str | Path, rate: float) -> PictureSequence:
    """The numbered pictures in a folder, `rate` a second; the first one that can be read has been.

    `BadMedia` where there is none, or where it is not clear which they are: several stems, or two pictures
    with the same number.
    """
    name = os.fspath(folder)
    if not 0 < rate < inf:
        raise BadMedia(f"expected a rate above 0 for the pictures in {name!r}, found {rate}")
    pictures, others = _listed(Path(folder))
    _check(name, pictures)
    height, width = _size(name, pictures)
    zero, end = pictures[0].number, pictures[-1].number
    return PictureSequence(
        name=name,
        width=width,
        height=height,
        rotation=0,
        rate=rate,
        duration=(end - zero + 1) / rate,
        expected=len(pictures),
        start=0.0,
        audio=(),
        notes=[*_gaps([picture.number for picture in pictures]), *_left_out(others)],
        pictures=pictures,
    )


def is_numbered(file: Path) -> bool:
    """Whether a file is a numbered picture, by its name."""
    return _as_picture(file) is not None


def pictures_of(folder: Path) -> list[Path]:
    """The numbered pictures that a folder holds itself, in order; none where it cannot be read."""
    try:
        return [picture.path for picture in _listed(folder)[0]]
    except BadMedia:
        return []


def _listed(folder: Path) -> tuple[list[_Picture], list[str]]:
    """The numbered pictures by number, and the names of all other files."""
    pictures, others = [], []
    if not folder.is_dir():
        raise BadMedia(f"{str(folder)!r} is no folder, expected one with numbered pictures")
    try:
        files = [entry for entry in folder.iterdir() if not entry.name.startswith(".") and not entry.is_dir()]
    except OSError as error:
        raise unreadable(folder, error) from error
    for file in files:
        if picture := _as_picture(file):
            pictures.append(picture)
        else:
            others.append(file.name)
    return sorted(pictures, key=lambda picture: (picture.number, picture.path)), sorted(others)


def _as_picture(file: Path) -> _Picture | None:
    named = _NUMBERED.fullmatch(file.stem) if file.suffix.lower() in PHOTO_ENDINGS else None
    return _Picture(int(named[2]), file, named[1]) if named else None


def _check(name: str, pictures: Sequence[_Picture]) -> None:
    if not pictures:
        raise BadMedia(f"{name!r} holds no numbered picture, expected some such as frame_0001.png")
    stems = sorted({picture.stem for picture in pictures})
    if len(stems) > 1:
        raise BadMedia(
            f"{name!r} holds pictures of {len(stems)} sequences ({_some(map(repr, stems), len(stems))}), "
            "expected one; put each into a folder of its own"
        )
    for one, other in pairwise(pictures):
        if one.number == other.number:
            raise BadMedia(
                f"{name!r} holds two pictures with the number {one.number}: {one.path.name!r} and "
                f"{other.path.name!r}; move one of them away"
            )
    first, last = pictures[0], pictures[-1]
    if last.number - first.number > _FARTHEST:
        raise BadMedia(
            f"{name!r} holds pictures from {first.path.name!r} to {last.path.name!r}, expected numbers that "
            "count frames; these look like dates or times"
        )


def _size(name: str, pictures: Sequence[_Picture]) -> tuple[int, int]:
    """Height and width of the first picture that can be read."""
    first = None
    for picture in pictures:
        try:
            height, width, _ = read_photo(picture.path).pixels.shape
            return height, width
        except BadMedia as error:
            first = first or error
    raise BadMedia(f"{name!r} holds no numbered picture that can be read: {first}") from first


def _gaps(numbers: Sequence[int]) -> list[str]:
    gaps = [(one + 1, other - 1) for one, other in pairwise(numbers) if other > one + 1]
    missing = sum(last - first + 1 for first, last in gaps)
    if not missing:
        return []
    named = (str(first) if first == last else f"{first} to {last}" for first, last in gaps)
    return [f"no picture for {missing} of {missing + len(numbers)} numbers: {_some(named, len(gaps))}"]


def _left_out(others: Sequence[str]) -> list[str]:
    if not others:
        return []
    return [f"not numbered pictures, and left out: {_some(map(repr, others), len(others))}"]


def _some(names: Iterator[str], count: int) -> str:
    more = [f"and {count - _NAMED} more"] if count > _NAMED else []
    return ", ".join([*islice(names, _NAMED), *more])
