"""Files that hold many pictures: arrays of NumPy, and tables with the pixels of a picture a row."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.errors import BadMedia, MissingData

#: The row of a file of pictures, grey or RGB.
Stack = Callable[[int], np.ndarray]


def is_stack(path: str | Path) -> bool:
    """Whether a file holds many pictures, by its name."""
    return Path(path).suffix.lower() in (".npz", ".npy", ".csv")


def open_stack(path: Path) -> Stack:
    """The pictures of a file: the first array of a NumPy file, or the column `pixels` of a CSV file."""
    return _table(path) if path.suffix.lower() == ".csv" else _array(path)


def _array(path: Path) -> Stack:
    try:
        loaded = np.load(path, allow_pickle=False)
        pictures = loaded if isinstance(loaded, np.ndarray) else loaded[loaded.files[0]]
    except (ValueError, KeyError, IndexError, EOFError, OSError) as error:
        raise MissingData(f"{path} is damaged or holds no array of pictures: {error}") from error
    if pictures.dtype != np.uint8 or pictures.ndim not in (3, 4):
        raise MissingData(
            f"{path}: expected pictures (n, height, width) uint8, found {pictures.shape} {pictures.dtype}"
        )

    def read(row: int) -> np.ndarray:
        if not 0 <= row < len(pictures):
            raise BadMedia(f"{path.name} has no row {row}, but {len(pictures)} pictures")
        return pictures[row]

    return read


def _table(path: Path) -> Stack:
    try:
        lazy = pl.scan_csv(path, infer_schema=False)
        column = next(name for name in lazy.collect_schema().names() if name.strip() == "pixels")
        pixels = lazy.select(column).collect()[column]
    except (pl.exceptions.PolarsError, OSError, StopIteration) as error:
        raise MissingData(f"{path} has no column of pixels: {error}") from error

    def read(row: int) -> np.ndarray:
        text = pixels[row] if 0 <= row < len(pixels) else None
        values = _numbers(text or "")
        side = round(len(values) ** 0.5)
        if side == 0 or side * side != len(values):
            raise BadMedia(
                f"row {row} of {path.name} has {len(values)} grey values, expected those of a square"
            )
        return values.reshape(side, side)

    return read


def _numbers(text: str) -> np.ndarray:
    """Grey values divided by blanks; empty where there is anything else."""
    words = text.split()
    if not all(word.isdecimal() and len(word) <= 3 and int(word) < 256 for word in set(words)):
        return np.empty(0, np.uint8)
    return np.array(words, dtype=np.uint8)
