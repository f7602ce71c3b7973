"""What videos and sequences of pictures have in common: what is known of them, and frames chosen from all."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from facsight.core.errors import BadMedia
from facsight.media.sound import AudioTrack
from facsight.media.track import Damage, Position

#: Containers round times to a millisecond at worst; a frame that comes so much early is in time.
_GRACE = 1e-3

Pixels = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, eq=False)
class Frame:
    """Pixels, contiguous RGB, and where they are in the video."""

    at: Position
    pixels: UInt8[np.ndarray, "height width 3"]


@dataclass(eq=False)
class Footage(ABC):
    """Frames in time that were found good.

    `width` and `height` are those of the first upright frame; where the size changes, frames have their own.
    `rotation` is what was applied, degrees clockwise. `rate` is the average in frames a second, `duration`
    and `start` (the first frame's time) are in seconds. `expected` counts the frames as announced or
    estimates them by `duration` and `rate`. `damage` grows while frames are read; each place comes once.
    `notes` say what else there is to know about how it is read.
    """

    name: str
    width: int
    height: int
    rotation: int
    rate: float | None
    duration: float | None
    expected: int | None
    start: float | None
    audio: tuple[AudioTrack, ...]
    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _first: float = 0.0
    _closed: bool = False

    def __enter__(self) -> "Footage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """No more frames. A reader in another thread finds out at its next frame, and closes the file."""
        self._closed = True

    def frames(
        self, *, every: int = 1, rate: float | None = None, after: Position | None = None
    ) -> Iterator[Frame]:
        """Frames in order; those after `after` are exactly those of an uninterrupted call.

        `every` takes frames whose number is a multiple of it. `rate` takes at most so many frames a second:
        the first at or after each k / rate (k = 0, 1, ...), counted from the first frame of the video and up
        to a millisecond early. Readers do not disturb each other. `BadMedia`: both are given, one is not
        above 0, the file is gone or was closed.
        """
        if every < 1 or (rate is not None and not 0 < rate < float("inf")):
            raise BadMedia(f"expected every >= 1 and a rate above 0, found every={every}, rate={rate}")
        if every != 1 and rate is not None:
            raise BadMedia(f"expected every or rate, found both ({every} and {rate}); leave one out")
        return self._sampled(every, rate, after)

    @abstractmethod
    def _all(self, after: Position | None) -> Iterator[tuple[Position, Callable[[], Pixels | None]]]:
        """Every frame after a position, each with what makes its pixels; None where that cannot be done."""

    def _sampled(self, every: int, rate: float | None, after: Position | None) -> Iterator[Frame]:
        step = self._step(after.time, rate) if after and rate else -1
        for at, pixels_of in self._all(after):
            if self._closed:
                raise BadMedia(f"{self.name!r} was closed while its frames were read; open it again")
            if rate is not None:
                step, before = self._step(at.time, rate), step
                if step == before:
                    continue
            if at.number % every == 0 and (pixels := pixels_of()) is not None:
                yield Frame(at, pixels)

    def _step(self, time: float, rate: float) -> int:
        return int((time - self._first + _GRACE) * rate)
