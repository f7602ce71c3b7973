"""What is to be prepared: the samples of a dataset, or files, as one table of the same columns.

Besides the columns of datasets (`data/dataset.py`) it has `source`: what the sample's file is called in the
folder that is written. That is its path below the dataset's folder or, of files that were named, alone or in
folders, below the folder that holds what was named. `signals` is the same of a file of physiological signals,
`still` says whether the source is a picture, or a row of a file of many.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.wording import storable
from facsight.core.endings import PHOTO_ENDINGS
from facsight.core.errors import MissingData, UnknownName, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.data.dataset import Deviation
from facsight.data.opening import COLUMNS, open_dataset
from facsight.data.sets import SETS
from facsight.data.stacks import is_stack
from facsight.media.folder import find_footage, find_media, find_sounds
from facsight.media.photo import is_photo

#: What stands behind the name of a video, without its ending, in that of the file of its signals.
SIGNALS_BESIDE = "_bio.csv"


@dataclass(frozen=True)
class Sources:
    """Samples with their files and labels; `dataset` is None of plain files.

    `paths` has the file of each `source` and of each of its `signals`, as the system knows it.
    """

    table: pl.DataFrame
    paths: Mapping[str, Path]
    spaces: tuple[LabelSpace, ...] = ()
    dataset: str | None = None
    deviations: tuple[Deviation, ...] = ()


def from_dataset(name: str, root: Path, *, split: str | None = None, **options: Any) -> Sources:
    """The samples of a dataset that have a file; labels of the test split stay sealed.

    `name` may be spelt as people do: raf-db, RAF-DB. `split` keeps one of the official ones, `options` are
    those of the dataset's reader. Rows that are not in the dataset's format are left out, and told.
    """
    opened = open_dataset(known_name(name), root, tolerant=True, **options)
    if split is not None:
        opened = opened.split(split)
    table = opened.table
    if "signals" not in table.columns:
        table = table.with_columns(pl.lit(None, pl.String).alias("signals"))
    table = table.with_columns(pl.coalesce("path", "signals").alias("source")).drop_nulls("source")
    if table.is_empty():
        raise MissingData(f"{root} holds no file of {opened.card.title}" + (f" in {split}" if split else ""))
    stills = [_is_still(*row) for row in table.select("source", "frame").iter_rows()]
    table = table.with_columns(pl.Series("still", stills, pl.Boolean))
    files = {*table["source"], *table["signals"].drop_nulls()}
    paths = {file: Path(root) / file for file in files}
    return Sources(table, paths, opened.spaces, opened.card.name, opened.deviations)


def known_name(name: str) -> str:
    """The dataset that is meant by a name with other capitals, hyphens or blanks.

    >>> known_name("RAF-DB"), known_name("affwild2_va")
    ('rafdb', 'affwild2_va')
    """
    if not is_dataset(name):
        raise UnknownName(f"there is no dataset {name!r}: {did_you_mean(name.lower(), SETS)}")
    return _BY_PLAIN_NAME[_plain(name)]


def is_dataset(name: str) -> bool:
    """Whether that is what a dataset is called, give or take capitals, hyphens and blanks."""
    return _plain(name) in _BY_PLAIN_NAME


def from_paths(inputs: Iterable[Path], out: Path, *, sounds: bool, sequence: float | None = None) -> Sources:
    """The photos and videos named and in the folders named, and where asked for also the `sounds`.

    With `sequence` frames a second, folders of numbered pictures are videos. What lies in `out` is left out.
    """
    inputs = list(inputs)
    rows, paths = [], {}
    for given in inputs:
        for path, still in _files(given, out, sounds, sequence):
            source, beside = _name(path, given), path.with_name(path.stem + SIGNALS_BESIDE)
            signals = f"{source}{SIGNALS_BESIDE}" if beside.is_file() else None
            if source not in paths:
                rows.append((source, source, source, still, signals, None if still else source))
            paths |= {source: path} | ({signals: beside} if signals else {})
    if not rows:
        wanted = "photo, video or sound" if sounds else "photo or video"
        raise MissingData(f"no {wanted} in {', '.join(map(str, inputs))}: check the path")
    names = ["sample", "path", "source", "still", "signals", "video"]
    table = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    wanted = {**COLUMNS, "source": pl.String(), "signals": pl.String(), "still": pl.Boolean()}
    columns = (pl.col(name) if name in names else pl.lit(None).alias(name) for name in wanted)
    return Sources(table.select(columns).cast(pl.Schema(wanted)), paths)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_PLAIN_NAME = {_plain(name): name for name in SETS}


def _is_still(source: str, frame: int | None) -> bool:
    return Path(source).suffix.lower() in PHOTO_ENDINGS or (is_stack(source) and frame is not None)


def _files(given: Path, out: Path, sounds: bool, sequence: float | None) -> list[tuple[Path, bool]]:
    """The files that one input means, and whether each is a photo."""
    if sequence is not None:
        return [(path, False) for path in find_footage([given], out)]
    photos, videos = find_media([given], out)
    if not sounds:
        return [(path, True) for path in photos] + [(path, False) for path in videos]
    heard = [path for path in photos if path.suffix.lower() not in PHOTO_ENDINGS and not is_photo(path)]
    heard += find_sounds([given], out) if given.is_dir() else []
    stills = [(path, True) for path in photos if path not in set(heard)]
    return stills + [(path, False) for path in (*videos, *heard)]


def _name(path: Path, given: Path) -> str:
    """A path below the folder that holds what was named."""
    whole = given.name if given.name not in ("", "..") else given.resolve().name
    return storable(whole if path == given else Path(whole) / os.path.relpath(path, given))
