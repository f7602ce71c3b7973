"""Columns of a table as bytes for a page's script: little to send, exact enough to read off.

Shares in [0, 1] are kept in steps of 1/254, so that they come back within 1/508; whole numbers are kept as
differences, which compress well.
"""

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, UInt8

#: What stands for a share that is not known, and how many steps there are from 0 to 1.
MISSING, STEPS = 255, 254


def as_bytes(shares: Float[np.ndarray, "n"]) -> UInt8[np.ndarray, "n"]:
    """Shares in [0, 1] in steps of 1/254; NaN, which is not known, as 255.

    >>> as_bytes(np.array([0.0, 0.5, 1.0, np.nan])).tolist()
    [0, 127, 254, 255]
    """
    known = np.isfinite(shares)
    steps = np.round(np.clip(np.where(known, shares, 0.0), 0, 1) * STEPS)
    return np.where(known, steps, MISSING).astype(np.uint8)


def packed(columns: Mapping[str, Integer[np.ndarray, "_"]]) -> dict[str, Any]:
    """Columns as JSON: an `index` of name, kind and length, and `data`, deflated, in base64.

    Columns of bytes (`u1`) are kept as they are. All others (`i4`) are 32-bit differences, little end first,
    the first from 0; they come before the bytes, where they are aligned.
    """
    whole = {name: column for name, column in columns.items() if column.dtype != np.uint8}
    small = {name: column for name, column in columns.items() if column.dtype == np.uint8}
    steps = [np.diff(column, prepend=0).astype("<i4").tobytes() for column in whole.values()]
    raw = b"".join([*steps, *(column.tobytes() for column in small.values())])
    return {
        "index": [[name, "i4", len(column)] for name, column in whole.items()]
        + [[name, "u1", len(column)] for name, column in small.items()],
        "data": base64.b64encode(zlib.compress(raw, 9)).decode("ascii"),
    }
