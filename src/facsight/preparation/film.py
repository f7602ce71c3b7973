"""A video seen once: the main face of every frame, as rows of numbers that several extractors make of it.

Which of the tracks is the main one is known at the end only. Until then the rows of all of them lie in a file
without a name, so that memory does not grow with the video.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from facsight.analysis.frames import Eye, Seen, look_along
from facsight.analysis.one_video import Sampling, told_damage
from facsight.core.errors import BadMedia, BadOutput, counted
from facsight.core.saving import told_reason
from facsight.faces.face import Face, FaceFinder
from facsight.media.footage import Footage
from facsight.media.sequence import open_footage
from facsight.preparation.crop_type import LEAST

#: Tracks beside the main one that are told one by one.
_TOLD = 3


@runtime_checkable
class FaceExtractor(Protocol):
    """What makes a row of numbers of each face, cut out with `side` pixels."""

    side: int

    def rows(self, crops: UInt8[np.ndarray, "face side side 3"]) -> np.ndarray:
        """A row a face."""
        ...


@runtime_checkable
class PointExtractor(Protocol):
    """What makes a row of numbers of each face without its pixels."""

    def rows_of(self, faces: Sequence[Face]) -> np.ndarray:
        """A row a face."""
        ...


Extractor = FaceExtractor | PointExtractor


@runtime_checkable
class CourseExtractor(FaceExtractor, Protocol):
    """What needs all frames of the main face: `rows` are kept until then."""

    def of_all(self, rows: np.ndarray) -> np.ndarray:
        """A row a frame, from the kept ones of one face in the order of its frames."""
        ...


@dataclass(frozen=True, eq=False)
class Film:
    """What was seen of a video: of each frame its number and time, and where the main face was seen.

    `seen` are the places of those frames among all; `rows` has of each extractor's name a row for each of
    them. `told` says what else there is to know, in words. All of it is empty where no face was seen.
    """

    numbers: Int64[np.ndarray, "frame"]
    times: Float64[np.ndarray, "frame"]
    seen: Int64[np.ndarray, "seen"]
    rows: Mapping[str, np.ndarray]
    told: tuple[str, ...]


def watch(
    path: Path, finder: FaceFinder, extractors: Mapping[str, Extractor], sampling: Sampling, room: Path
) -> Film:
    """Look through a video once; what waits for its end lies in the folder `room`, and is gone afterwards.

    `BadMedia` where it is no video, or has no frame that can be decoded.
    """
    if path.is_dir() and sampling.sequence is None:
        raise BadMedia("it is a folder of pictures: say how many are a second, such as --sequence 25")
    sides = sorted({one.side for one in extractors.values() if isinstance(one, FaceExtractor)} or {LEAST})
    eye = Eye(finder, sides[0], steady=sampling.steady, also=sides[1:])
    numbers, times, tracks = [], [], []
    with ExitStack() as stack:
        spools = {name: stack.enter_context(_Spool(room)) for name in extractors}
        footage = stack.enter_context(open_footage(path, sampling.sequence))
        batches = look_along(footage, eye, every=sampling.every, rate=sampling.rate)
        for seen, _ in stack.enter_context(closing(batches)):
            tracks += [
                (len(numbers) + place, track) for place, one in enumerate(seen) for track in one.tracks
            ]
            numbers += [one.at.number for one in seen]
            times += [one.at.time for one in seen]
            for name, extractor in extractors.items():
                if any(one.look.faces for one in seen):
                    spools[name].add(_rows(seen, extractor))
        if not numbers:
            raise BadMedia(f"{str(path)!r} has no frame that can be decoded; copy or download it again")
        main, told = _main_track([track for _, track in tracks], len(numbers))
        places = np.array([place for place, (_, track) in enumerate(tracks) if track == main], np.int64)
        rows = {name: _of_all(extractors[name], spool.rows(places)) for name, spool in spools.items()}
        seen_in = np.array([tracks[place][0] for place in places], np.int64)
        told += _told_of(footage)
    return Film(np.array(numbers, np.int64), np.array(times, np.float64), seen_in, rows, told)


def _rows(seen: Sequence[Seen], extractor: Extractor) -> np.ndarray:
    if isinstance(extractor, PointExtractor):
        return extractor.rows_of([face for one in seen for face in one.look.faces])
    return extractor.rows(np.stack(list(_crops(seen, extractor.side))))


def _of_all(extractor: Extractor, kept: np.ndarray) -> np.ndarray:
    return extractor.of_all(kept) if isinstance(extractor, CourseExtractor) else kept


def _crops(seen: Sequence[Seen], side: int) -> Iterator[UInt8[np.ndarray, "side side 3"]]:
    for one in seen:
        yield from one.also.get(side, one.look).crops


def _main_track(tracks: Sequence[int], frames: int) -> tuple[int | None, tuple[str, ...]]:
    """The track that is in the most frames, the earlier of two; and what to tell of it and of the others.

    >>> _main_track([1, 2, 2, 1, 2], 4)
    (2, ('the main face is track 2, in 3 of 4 frames; left out: track 1 in 2 frames',))
    """
    often = sorted(Counter(tracks).items(), key=lambda one: (-one[1], one[0]))
    if not often:
        return None, ("no face was seen in it",)
    (main, count), *others = often
    told = f"the main face is track {main}, in {count} of {counted(frames, 'frame')}"
    if others:
        named = [f"track {track} in {counted(number, 'frame')}" for track, number in others[:_TOLD]]
        more = [f"and {len(others) - _TOLD} more"] if len(others) > _TOLD else []
        told += f"; left out: {', '.join(named + more)}"
    return main, (told,)


def _told_of(footage: Footage) -> tuple[str, ...]:
    return (*footage.notes, *(f"damaged {told_damage(damage)}" for damage in footage.damage))


class _Spool:
    """Rows of one shape and kind in a file without a name."""

    def __init__(self, room: Path):
        self._room, self._shape, self._kind, self._count = room, (0,), np.dtype(np.float32), 0

    def __enter__(self) -> "_Spool":
        self._file = tempfile.TemporaryFile(dir=self._room)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, rows: np.ndarray) -> None:
        self._shape, self._kind, self._count = rows.shape[1:], rows.dtype, self._count + len(rows)
        try:
            self._file.write(np.ascontiguousarray(rows).data)
            self._file.flush()
        except OSError as error:
            raise BadOutput(f"{self._room} could not be written to: {told_reason(error)}") from error

    def rows(self, places: Int64[np.ndarray, "row"]) -> np.ndarray:
        """Some of the rows, in memory."""
        if not len(places):
            return np.empty((0, *self._shape), self._kind)
        whole = np.memmap(self._file, self._kind, "r", shape=(self._count, *self._shape))
        return np.array(whole[places])
