"""A part of a photo as a detector gets to see it: cut out, framed, shrunk, turned; and the way back."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image


@dataclass(frozen=True)
class View:
    """The rectangle of a photo from `(left, top)` to `(right, bottom)`, in whole photo pixels.

    It may reach beyond the photo: there the border pixels are repeated. The picture is shrunk by averaging
    squares of `shrink` pixels a side, then turned counter-clockwise by `quarter_turns`.
    """

    left: int
    top: int
    right: int
    bottom: int
    shrink: int = 1
    quarter_turns: int = 0

    @property
    def long_side(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def _size(self) -> tuple[int, int]:
        """Width and height before turning; a last square may be cut by the border, and counts."""
        return -((self.left - self.right) // self.shrink), -((self.top - self.bottom) // self.shrink)

    def framed(self, share: float) -> "View":
        """With a frame around it whose width is `share` of the longer side."""
        frame = round(share * self.long_side)
        return replace(
            self,
            left=self.left - frame,
            top=self.top - frame,
            right=self.right + frame,
            bottom=self.bottom + frame,
        )

    def turned(self, quarter_turns: int) -> "View":
        return replace(self, quarter_turns=(self.quarter_turns + quarter_turns) % 4)

    def shrunk_to(self, side: int) -> "View":
        """Shrunk by the largest whole factor that leaves the longer side at `side` pixels or more."""
        return self.shrunk(max(1, self.long_side // side))

    def shrunk(self, factor: int) -> "View":
        """With `factor` photo pixels a pixel.

        The corner moves out to the next multiple of the factor, so that the photo's border lies between two
        pixels of the view.
        """
        return replace(
            self, shrink=factor, left=self.left // factor * factor, top=self.top // factor * factor
        )

    def pixels(self, photo: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns 3"]:
        """What is seen, contiguous in memory. The view must share a pixel with the photo."""
        inside = photo[max(self.top, 0) : self.bottom, max(self.left, 0) : self.right]
        if self.shrink > 1:
            inside = _shrunk(inside, self.shrink)
        columns, rows = self._size
        above, before = max(-self.top, 0) // self.shrink, max(-self.left, 0) // self.shrink
        below, after = rows - above - inside.shape[0], columns - before - inside.shape[1]
        if above or before or below or after:
            inside = np.pad(inside, ((above, below), (before, after), (0, 0)), mode="edge")
        return np.ascontiguousarray(np.rot90(inside, self.quarter_turns))

    def to_photo(self, points: Float[np.ndarray, "*points 2"]) -> Float[np.ndarray, "*points 2"]:
        """Points of the view, in its own pixels, as points of the photo."""
        x, y = points[..., 0], points[..., 1]
        width, height = self._size
        unturned = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[self.quarter_turns]
        return np.stack(unturned, axis=-1) * self.shrink + (self.left, self.top)

    def from_photo(self, points: Float[np.ndarray, "*points 2"]) -> Float[np.ndarray, "*points 2"]:
        """Points of the photo as points of the view: the inverse of `to_photo`."""
        inside = (points - (self.left, self.top)) / self.shrink
        x, y = inside[..., 0], inside[..., 1]
        width, height = self._size
        turned = ((x, y), (y, width - x), (width - x, height - y), (height - y, x))[self.quarter_turns]
        return np.stack(turned, axis=-1)


def _shrunk(pixels: np.ndarray, factor: int) -> np.ndarray:
    """The mean of each square; of large squares, of a grid of at least 4 x 4 of its pixels."""
    step = max(divisor for divisor in range(1, max(1, factor // 4) + 1) if factor % divisor == 0)
    top, left = (min(step // 2, side - 1) for side in pixels.shape[:2])
    # Pillow copies pixels that have gaps one by one
    grid = np.ascontiguousarray(pixels[top::step, left::step])
    return np.asarray(Image.fromarray(grid).reduce(factor // step))


def whole(photo: UInt8[np.ndarray, "height width 3"]) -> View:
    """The view of all of a photo."""
    return View(0, 0, photo.shape[1], photo.shape[0])


def square_around(centre: tuple[float, float], side: float) -> View:
    """The square of about `side` photo pixels around a point, on whole pixels."""
    half = max(1, round(side / 2))
    x, y = round(centre[0]), round(centre[1])
    return View(x - half, y - half, x + half, y + half)
