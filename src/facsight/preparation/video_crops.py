"""Videos to aligned crops of the main face: one PNG a frame, in a folder of the video's own name."""

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl

from facsight.analysis.looking import reason_of
from facsight.analysis.one_video import Sampling
from facsight.core.errors import BadOutput, NoPictures
from facsight.core.saving import whole_file
from facsight.faces.face import FaceFinder
from facsight.preparation.crop_type import CropType
from facsight.preparation.face_features import FaceCrops
from facsight.preparation.film import Film, watch
from facsight.preparation.ledger import Entry, key_of
from facsight.preparation.pictures import CROPS, save_crop
from facsight.preparation.recordings import footage_files, identities, room_in

#: The crops of a video, with their frames' numbers (from 0) and times (s): written after the last of them.
LIST = "frames.csv"


def list_of(safe: str) -> str:
    """Where the list of a video's crops lies in the folder, by its safe name."""
    return f"{CROPS}/{safe}/{LIST}"


def key_of_crops(path: Path, crop: CropType, sampling: Sampling, frames: Collection[int] | None) -> str:
    """What the crops of a video are made from. `frames` are the numbers of those asked for, None for all."""
    files = identities(footage_files(path, sampling.sequence))
    return key_of(crop.describe(), asdict(sampling), files, None if frames is None else sorted(frames))


def crop_video(
    path: Path,
    name: str,
    key: str,
    folder: Path,
    finder: FaceFinder,
    crop: CropType,
    sampling: Sampling,
    frames: Collection[int] | None,
) -> Entry:
    """Cut the main face out of the frames of a video; `name` is its list, in the folder."""
    extractor = FaceCrops(crop=crop)
    try:
        film = watch(path, finder, {"crop": extractor}, sampling, room_in(folder))
    except BadOutput:
        raise
    except Exception as error:  # whatever a file does, the others are read
        status = "absent" if isinstance(error, NoPictures) else "failed"
        return Entry(name, key, status, reason=reason_of(error, str(path)))
    kept = [place for place, at in enumerate(film.seen) if frames is None or film.numbers[at] in frames]
    if not kept:
        return Entry(name, key, "no_face", reason="no face was seen in it", told=film.told)
    _write(film, kept, folder / name)
    times = film.times[film.seen[kept]]
    return Entry(name, key, "ok", name, None, film.told, float(times[0]), float(times[-1]))


def read_list(file: Path) -> pl.DataFrame:
    """`frame`, `time` and `crop`, the file's name, of each crop of a video."""
    return pl.read_csv(file, schema={"frame": pl.Int32, "time": pl.Float64, "crop": pl.String})


def _write(film: Film, kept: list[int], file: Path) -> None:
    """The crops, then their list; crops of an earlier run that are none now are removed."""
    numbers, times = film.numbers[film.seen[kept]], film.times[film.seen[kept]]
    names = [f"{number:07d}.png" for number in numbers]
    for place, name in zip(kept, names, strict=True):
        save_crop(np.ascontiguousarray(film.rows["crop"][place]), file.parent / name)
    for other in set(file.parent.glob("*.png")) - {file.parent / name for name in names}:
        other.unlink()
    with whole_file(file) as partial:
        pl.DataFrame({"frame": numbers, "time": times, "crop": names}).write_csv(partial)
