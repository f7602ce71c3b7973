"""The numbers in a folder of hundreds of thousands of small `.npy` files, read once and kept.

Opening every file takes several times as long as asking when each was changed. So the numbers are kept in one
Parquet file of the cache folder, beside each file's name, inode, size and time of change, and only files that
are new or changed are opened again. The dataset's folder is never written to.
"""

import hashlib
import os
import tempfile
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from facsight.core.cache import cache_folder
from facsight.data.small_arrays import read_numbers

#: Folders with fewer files are read anew each time.
FEWEST = 10_000
#: A file that was changed so many seconds ago or less may change again without a new time: it is not kept.
YOUNG = 2.0
#: Raised when numbers are read in another way.
VERSION = 1

_WHEN = ("file", "changed", "size", "inode")
_SCHEMA = {
    "file": pl.String,
    "changed": pl.Int64,
    "size": pl.Int64,
    "inode": pl.UInt64,
    "number": pl.Float64,
}


def numbers_in(folder: Path, endings: tuple[str, ...]) -> pl.DataFrame:
    """`file` and `number` of the files in a folder whose names end so, in no order.

    The number is null where a file holds no single one; a folder that is not there has no files.
    """
    start = time.time()
    there = _listing(folder, endings)
    if len(there) < FEWEST:
        return _read_anew(folder, there).select("file", "number")
    index = cache_folder() / "numbers" / f"{_fingerprint(folder)}-v{VERSION}.parquet"
    kept = _kept(index)
    table = _numbered(folder, there, kept)
    lasting = table.filter(pl.col("changed") < int((start - YOUNG) * 1e9))
    if not lasting.equals(kept):
        _keep(index, lasting)
    return table.select("file", "number")


def _numbered(folder: Path, there: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """The listing with its numbers: those that are kept, and those of new and changed files."""
    if there.equals(kept.select(_WHEN)):
        return kept
    known = there.join(kept.unique("file", keep="none"), on=_WHEN)
    new = _read_anew(folder, there.join(known, on="file", how="anti"))
    numbers = pl.concat([known, new]).select("file", "number")
    return there.join(numbers, on="file", how="left", maintain_order="left")


def _listing(folder: Path, endings: tuple[str, ...]) -> pl.DataFrame:
    """Names of files, and what tells that one is another than before; links to nothing are left out."""
    files: list[str] = []
    changed, size, inode = array("q"), array("q"), array("Q")
    for entry in _entries(folder):
        if not entry.name.endswith(endings):
            continue
        try:
            known = entry.stat()
        except FileNotFoundError:
            continue
        files.append(entry.name)
        changed.append(known.st_mtime_ns)
        size.append(known.st_size)
        inode.append(known.st_ino)
    columns = {"file": files, "changed": changed, "size": size, "inode": inode}
    return pl.DataFrame(
        {name: pl.Series(name, values, dtype=_SCHEMA[name]) for name, values in columns.items()}
    )


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """A folder's entries; by a descriptor where there are such, so that asking an entry walks no path."""
    if not folder.is_dir():
        return
    descriptor = os.open(folder, os.O_RDONLY) if os.scandir in os.supports_fd else None
    try:
        with os.scandir(folder if descriptor is None else descriptor) as entries:
            yield from entries
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _read_anew(folder: Path, files: pl.DataFrame) -> pl.DataFrame:
    home = str(folder)
    values = read_numbers(f"{home}/{file}" for file in files["file"])
    return files.with_columns(pl.Series("number", values, dtype=pl.Float64))


def _fingerprint(folder: Path) -> str:
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]


def _kept(index: Path) -> pl.DataFrame:
    """What was kept; nothing where no index is there or it is damaged."""
    try:
        kept = pl.read_parquet(index, columns=list(_SCHEMA))
    except (OSError, pl.exceptions.PolarsError):
        kept = None
    if (
        kept is None
        or kept.schema != _SCHEMA
        or kept["file"].has_nulls()
        or kept["file"].is_duplicated().any()
    ):
        return pl.DataFrame(schema=_SCHEMA)
    return kept


def _keep(index: Path, table: pl.DataFrame) -> None:
    """Write the index under its name once it is whole; where that cannot be done, nothing is kept."""
    part = None
    try:
        index.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=index.parent, prefix=f"{index.name}.", suffix=".part")
        os.close(descriptor)
        part = Path(name)
        table.write_parquet(part)
        part.replace(index)
    except OSError:
        if part is not None:
            part.unlink(missing_ok=True)
