"""From photos to aligned face crops: what the network reads, and how to get back to the photo."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from facsight.core.errors import FacsightError
from facsight.faces.align import Alignment, align
from facsight.faces.face import Face, FaceFinder
from facsight.media.photo import Photo, read_photo

#: Photos that are decoded ahead of the one being looked at.
PHOTOS_AHEAD = 1


@dataclass(frozen=True, eq=False)
class Look:
    """A photo after the finder: its faces with their crops, without the photo's pixels.

    `size` is (height, width) of the photo; where it could not be read, `size` is None and `error` says why.
    """

    name: str
    size: tuple[int, int] | None
    faces: tuple[Face, ...] = ()
    alignments: tuple[Alignment, ...] = ()
    crops: tuple[np.ndarray, ...] = ()
    error: str | None = None
    unit_crops: tuple[np.ndarray, ...] = ()


def look_at(photo: Photo, finder: FaceFinder, crop_size: int, unit_size: int | None = None) -> Look:
    """Find the faces of one photo, largest first, and cut them out."""
    return cut_out(photo, finder.find(photo.pixels), crop_size, unit_size)


def cut_out(photo: Photo, faces: Sequence[Face], crop_size: int, unit_size: int | None = None) -> Look:
    """The faces of a photo with their crops, and those that a network of action units is to see."""
    alignments = tuple(place(face.landmarks, face.box, crop_size) for face in faces)
    crops = tuple(alignment.crop(photo.pixels) for alignment in alignments)
    height, width = photo.pixels.shape[:2]
    closer = [] if unit_size is None else [place(face.landmarks, face.box, unit_size) for face in faces]
    seen = tuple(alignment.crop(photo.pixels) for alignment in closer)
    return Look(photo.name, (height, width), tuple(faces), alignments, crops, unit_crops=seen)


def look_at_many(
    photos: Iterable[str | Path], finder: FaceFinder, crop_size: int, unit_size: int | None = None
) -> Iterator[Look]:
    """The same for many files, decoded ahead in a thread; one that fails gives its reason, no more."""
    with ThreadPoolExecutor(1, thread_name_prefix="facsight-decode") as pool:
        for name, photo in _ahead(pool, photos):
            look = _look_orreason_of(name, photo, finder, crop_size, unit_size)
            del photo  # before the next one is decoded: a large photo is a gigabyte
            yield look


def place(
    landmarks: Float32[np.ndarray, "68 2"], box: tuple[float, float, float, float], size: int
) -> Alignment:
    """A face's alignment by its landmarks, or by its box where one of them is missing.

    Without landmarks the crop is the square around the box: how close crops of faces without landmarks
    looked to the network in training.
    """
    if np.isfinite(landmarks).all():
        return align(landmarks, size)
    left, top, right, bottom = box
    scale = size / max(right - left, bottom - top)
    shift = size / 2 - scale * np.array([(left + right) / 2, (top + bottom) / 2])
    return Alignment(np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), size)


def _look_orreason_of(
    name: str, photo: Future[Photo], finder: FaceFinder, crop_size: int, unit_size: int | None
) -> Look:
    try:
        return look_at(photo.result(), finder, crop_size, unit_size)
    except Exception as error:  # whatever a file does, the batch goes on
        return Look(name, None, error=reason_of(error, name))


def _ahead(pool: ThreadPoolExecutor, photos: Iterable[str | Path]) -> Iterator[tuple[str, Future[Photo]]]:
    waiting: deque[tuple[str, Future[Photo]]] = deque()
    upcoming = iter(photos)
    while True:
        room = PHOTOS_AHEAD + 1 - len(waiting)
        waiting.extend((str(path), pool.submit(read_photo, path)) for path in islice(upcoming, room))
        if not waiting:
            return
        yield waiting.popleft()


def reason_of(error: Exception, name: str) -> str:
    """One line for the table, without the photo's name; errors that are not ours are named."""
    text = " ".join(str(error).split())
    return (
        text.removeprefix(f"{name!r} ")
        if isinstance(error, FacsightError)
        else f"{type(error).__name__}: {text}"
    )
