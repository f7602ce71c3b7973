"""Photos, and rows of files of many, to aligned crops: one PNG a sample, under the photo's own name."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import polars as pl
from jaxtyping import UInt8
from PIL import Image

from facsight.analysis.ahead import ahead
from facsight.analysis.looking import PHOTOS_AHEAD, cut_out, reason_of
from facsight.analysis.run import identity
from facsight.core.errors import counted
from facsight.core.saving import whole_file
from facsight.data.stacks import Stack, is_stack, open_stack
from facsight.faces.face import Face, FaceFinder
from facsight.media.photo import Photo, read_photo
from facsight.preparation.crop_type import CropType
from facsight.preparation.ledger import Entry, Ledger, key_of
from facsight.preparation.names import distinct

CROPS = "crops"

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Wanted:
    """One crop that is to be made: of which picture, which of its faces (None: the largest), and where to."""

    source: str
    frame: int | None
    box: Box | None
    file: str
    key: str


def wanted_crops(stills: pl.DataFrame, paths: Mapping[str, Path], crop: CropType) -> list[Wanted]:
    """What is to be cut out for each row of a table of pictures, in order."""
    rows = list(stills.select("source", "frame", "left", "top", "right", "bottom").iter_rows())
    names = _names(rows)
    safe = distinct(names)
    made_from = {source: identity(paths[source])[1:] for source in {row[0] for row in rows}}
    return [
        Wanted(
            source,
            frame if is_stack(source) else None,
            None if None in box else tuple(box),
            f"{CROPS}/{safe[name]}.png",
            key_of(crop.describe(), source, made_from[source], frame, box),
        )
        for name, (source, frame, *box) in zip(names, rows, strict=True)
    ]


def _names(rows: Sequence[tuple]) -> list[str]:
    """What each crop is called: as its picture, without the ending where that is still one of its kind."""
    names, often = [], Counter[tuple[str, int | None]]()
    for source, frame, *_ in rows:
        often[source, frame] += 1
        place = f"/{frame:07d}" if is_stack(source) else ""
        number = often[source, frame]
        names.append((PurePosixPath(source), place + (f"#{number}" if number > 1 else "")))
    short = [f"{source.with_suffix('')}{rest}" for source, rest in names]
    count = Counter(short)
    return [
        name if count[name] == 1 else f"{source}{rest}"
        for name, (source, rest) in zip(short, names, strict=True)
    ]


def crop_pictures(
    wanted: Sequence[Wanted],
    paths: Mapping[str, Path],
    folder: Path,
    ledger: Ledger,
    crop: CropType,
    finder: Callable[[], FaceFinder],
    on_done: Callable[[int], None],
) -> list[Entry]:
    """Make the crops that are not there yet; what came of each, in order. `finder` is opened if needed."""
    found = {one.file: entry for one in wanted if (entry := ledger.done(one.file, one.key))}
    on_done(len(found))
    left = [one for one in wanted if one.file not in found]
    if left:
        looks = finder()
        with closing(ahead(_decoded(left, paths), PHOTOS_AHEAD)) as pictures:
            for some, photo in pictures:
                for entry in _cut(some, photo, looks, folder, crop):
                    found[entry.name] = ledger.add(entry)
                on_done(len(some))
    return [found[one.file] for one in wanted]


def _decoded(
    wanted: Sequence[Wanted], paths: Mapping[str, Path]
) -> Generator[tuple[list[Wanted], Photo | Exception], None, None]:
    """Each picture once, with all that is wanted of it, or why it cannot be read."""
    groups: dict[tuple[str, int | None], list[Wanted]] = {}
    for one in wanted:
        groups.setdefault((one.source, one.frame), []).append(one)
    stacks: dict[str, Stack] = {}
    for (source, frame), some in groups.items():
        try:
            if frame is None:
                yield some, read_photo(paths[source])
                continue
            if source not in stacks:
                stacks = {source: open_stack(paths[source])}
            yield some, Photo(_rgb(stacks[source](frame)), str(paths[source]))
        except Exception as error:  # whatever a file does, the others are read
            yield some, error


def _cut(
    some: Sequence[Wanted], photo: Photo | Exception, finder: FaceFinder, folder: Path, crop: CropType
) -> Iterator[Entry]:
    """What came of everything that is wanted of one picture."""
    faces: list[Face] = []
    if isinstance(photo, Photo):
        try:
            faces = finder.find(photo.pixels)
        except Exception as error:  # whatever a picture does, the others are read
            photo = error
    for one in some:
        if isinstance(photo, Exception):
            yield Entry(one.file, one.key, "failed", reason=reason_of(photo, one.source))
            continue
        face, told = chosen_face(faces, one.box)
        if face is None:
            yield Entry(one.file, one.key, "no_face", reason=told)
            continue
        save_crop(cut_out(photo, [face], crop.size).crops[0], folder / one.file)
        yield Entry(one.file, one.key, "ok", one.file, told=(told,) if told else ())


def chosen_face(faces: Sequence[Face], box: Box | None) -> tuple[Face | None, str]:
    """The largest face or, of those whose middle lies in the box that a dataset gives, the likest to it.

    And what there is to tell: nothing where there was no choice.
    """
    if not faces:
        return None, "no face was found in it"
    if box is None:
        return faces[0], f"{len(faces)} faces were found, the largest was taken" if len(faces) > 1 else ""
    inside = [face for face in faces if _holds(box, face.box)]
    if not inside:
        return None, f"{counted(len(faces), 'face')} found, none in the box that the dataset gives"
    return max(inside, key=lambda face: overlap(face.box, box)), ""


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes.

    >>> overlap((0.0, 0.0, 2.0, 2.0), (1.0, 0.0, 3.0, 2.0)), overlap((0.0,) * 4, (2.0, 2.0, 3.0, 3.0))
    (0.3333333333333333, 0.0)
    """
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0.0) * max(height, 0.0)
    areas = ((right - left) * (bottom - top) for left, top, right, bottom in (one, other))
    whole = sum(areas) - both
    return both / whole if whole > 0 else 0.0


def save_crop(pixels: UInt8[np.ndarray, "side side 3"], path: Path) -> None:
    """A crop as a PNG file, which appears whole or not at all; its folder is made."""
    with whole_file(path) as partial:
        partial.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(partial, format="PNG")


def _holds(box: Box, inner: Box) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _rgb(picture: UInt8[np.ndarray, "height width *channel"]) -> UInt8[np.ndarray, "height width 3"]:
    grey = picture[..., None] if picture.ndim == 2 else picture
    return np.ascontiguousarray(np.broadcast_to(grey, (*grey.shape[:2], 3)))
