"""Where a video is cut: whether a frame begins a new shot, told from the frames before it alone.

A frame is seen as a grid of colours, its brightness and contrast taken out. Patch by patch it is looked for
in the frame before, in place and nearby; the share of patches that are found nowhere says how new it is. It
begins a shot if that share is large, and much larger than it was lately.

- What moves is found again nearby; a face that flies across the picture leaves the rest as it was.
- Changes of brightness, noise and gradual changes (fades, dissolves, slow pans) are no cuts.
- A flash: a frame that is nearly white or nearly black tells nothing, and is passed over, as if it were not
  there. Any other odd frame may begin a shot, but the picture that comes back after it does not: a frame
  like the last but one begins none. The price: a shot of a single frame has no end of its own.
- Right after a cut, for about two frames, another one is told only if more of the picture is new.
- A frame of another size is a cut.

Not told: cuts between two pictures that are alike but for a face before the same wall.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8
from numpy.lib.stride_tricks import sliding_window_view

#: The grid, and from how many pixels in each direction the colour of one of its cells is averaged.
ROWS, COLUMNS, SAMPLES = 18, 32, 4
#: Patches are this many cells a side, and are looked for so many rows and columns away.
PATCH, ROWS_AWAY, COLUMNS_AWAY = 3, 3, 4
#: A patch is new if it differs by more than this from all others: contrasts (standard deviations of the
#: grid) a cell, or grey levels a cell, whichever is more.
NEW_CONTRAST, NEW_LEVELS = 0.45, 5.0
#: A frame begins a shot from this share of new patches on, if that is so much more than lately.
NEW_SHARE, RISE = 0.5, 0.3
#: How fast what was lately is forgotten: the weight of the newest frame.
FRESH = 0.5
#: Grey levels: a frame whose cells are all darker, or all but a twentieth brighter, tells nothing.
BLACK, WHITE = 20, 240


class Shots:
    """Tells of each frame of one video, in order, whether it begins a new shot.

    `state` is what `state()` of another gave: this one goes on where that one stood, bit for bit.

        shots = Shots()
        cuts = [shots.is_cut(pixels) for pixels in frames]
    """

    def __init__(self, state: Mapping[str, Any] | None = None):
        state = state or {"size": None, "frames": [], "lately": 0.0}
        self._size = tuple(state["size"]) if state["size"] else None
        self._lately: float = state["lately"]
        self._grids = [np.array(f, np.uint8).reshape(ROWS, COLUMNS, 3) for f in state["frames"]]

    def is_cut(self, pixels: UInt8[np.ndarray, "height width 3"]) -> bool:
        """Whether this RGB frame begins a new shot; False for the first."""
        size = pixels.shape[:2]
        cut = self._size not in (None, size)
        self._size = size
        if cut:
            self._grids, self._lately = [], 0.0
        grid = _grid(pixels)
        if _tells(grid):
            cut = self._differs(grid) or cut
            self._grids = [*self._grids[-1:], grid]
        return cut

    def state(self) -> dict[str, Any]:
        """All that is remembered, as plain numbers and lists that survive JSON unchanged."""
        return {
            "size": self._size and list(self._size),
            "frames": [grid.ravel().tolist() for grid in self._grids],
            "lately": self._lately,
        }

    def _differs(self, grid: UInt8[np.ndarray, "row column 3"]) -> bool:
        """Whether the grid is newer, beside both of the last two, than grids were lately; and remember it."""
        if not self._grids:
            return False
        share = new_share(self._grids[-1], grid)
        least = max(NEW_SHARE, self._lately + RISE)
        if share >= least and len(self._grids) > 1:
            share = min(share, new_share(self._grids[0], grid))
        self._lately += FRESH * (share - self._lately)
        return share >= least


def new_share(before: UInt8[np.ndarray, "row column 3"], grid: UInt8[np.ndarray, "row column 3"]) -> float:
    """The share, 0 to 1, of the patches of `grid` that are nowhere near their place in `before`."""
    (old, old_contrast), (new, new_contrast) = _unlit(before), _unlit(grid)
    least = max(NEW_CONTRAST, NEW_LEVELS / min(old_contrast, new_contrast))
    if _distances(old, new).max() <= least:  # as most frames are: nothing has to be looked for elsewhere
        return 0.0
    around = ((0, 0), (ROWS_AWAY, ROWS_AWAY), (COLUMNS_AWAY, COLUMNS_AWAY))
    shifted = sliding_window_view(np.pad(old, around, mode="edge"), new.shape)[0]
    nearest = _distances(np.moveaxis(shifted, 2, 0), new).min(axis=(0, 1))
    return float((nearest > least).mean())


def _distances(
    old: Float32[np.ndarray, "3 *shift row column"], new: Float32[np.ndarray, "3 row column"]
) -> Float32[np.ndarray, "*shift r c"]:
    """The mean difference of each patch."""
    differences = np.abs(old[0] - new[0])
    for channel in (1, 2):  # one by one: all at once would not fit into a processor's cache
        differences += np.abs(old[channel] - new[channel])
    return _patch_sums(differences) / (3 * PATCH**2)


def _grid(pixels: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "row column 3"]:
    """The mean colour of each cell, of a lattice of its pixels."""
    height, width = pixels.shape[:2]
    down, across = ROWS * SAMPLES, COLUMNS * SAMPLES
    rows = (2 * np.arange(down) + 1) * height // (2 * down)
    columns = (2 * np.arange(across) + 1) * width // (2 * across)
    lattice = pixels[rows[:, None], columns].reshape(ROWS, SAMPLES, COLUMNS, SAMPLES, 3)
    return (lattice.sum(axis=(1, 3), dtype=np.uint16) // SAMPLES**2).astype(np.uint8)


def _tells(grid: UInt8[np.ndarray, "row column 3"]) -> bool:
    """Whether there is anything to see: not all black, nor nearly all white."""
    return bool(grid.max() >= BLACK and np.mean(grid < WHITE) > 1 / 20)


def _unlit(grid: UInt8[np.ndarray, "row column 3"]) -> tuple[Float32[np.ndarray, "3 row column"], float]:
    """The grid without its mean level, in units of its contrast; and that contrast, at least a grey level."""
    levels = np.ascontiguousarray(grid.transpose(2, 0, 1), dtype=np.float32)
    levels -= levels.mean()
    contrast = max(float(levels.std()), 1.0)
    return levels / np.float32(contrast), contrast


def _patch_sums(values: Float32[np.ndarray, "*shift row column"]) -> Float32[np.ndarray, "*shift r c"]:
    """Sums over the patches that lie wholly within the grid."""
    rows, columns = (side - PATCH + 1 for side in values.shape[-2:])
    tall = values[..., :rows, :].copy()
    for i in range(1, PATCH):
        tall += values[..., i : i + rows, :]
    wide = tall[..., :columns].copy()
    for i in range(1, PATCH):
        wide += tall[..., i : i + columns]
    return wide
