"""Single frames of a video that has been read, decoded once more."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import UInt8

from facsight.media.sequence import open_footage
from facsight.media.track import Position

#: Containers round times to a millisecond at worst.
_GRACE = 2e-3
#: Frames that are rather decoded than jumped over: a jump lands on a key frame, most often hundreds before.
_NEAR = 250


def frames_again(
    video: Path, frames: pl.DataFrame, wanted: Sequence[int], sequence: float | None = None
) -> Iterator[tuple[int, UInt8[np.ndarray, "height width 3"]]]:
    """The pixels of the frames with these numbers, in order; one that is not there any more is left out.

    `frames` are the numbers and times of all frames of the table, sorted: decoding begins at the one before
    the one that is wanted. `sequence` is the rate of a folder of pictures. `BadMedia` where the video cannot
    be read.
    """
    numbers, times = frames["frame"].to_numpy(), frames["time"].to_numpy()
    with open_footage(video, sequence) as opened:
        upcoming, frame = opened.frames(), None
        for number in sorted(set(wanted)):
            row = int(np.searchsorted(numbers, number))
            if row and numbers[row - 1] - (frame.at.number if frame else -1) > _NEAR:
                before = Position(int(numbers[row - 1]), float(times[row - 1]))
                upcoming, frame = opened.frames(after=before), None
            while frame is None or frame.at.number < number:
                frame = next(upcoming, None)
                if frame is None:
                    return
            if frame.at.number == number and abs(frame.at.time - times[row]) < _GRACE:
                yield number, frame.pixels
