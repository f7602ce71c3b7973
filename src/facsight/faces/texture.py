"""Embeddings by texture: how often each small pattern of light and dark lies in each part of the face.

Ahonen, Hadid and Pietikäinen 2006, "Face description with local binary patterns: application to face
recognition", IEEE TPAMI 28(12). Nothing is learned and nothing is downloaded. It tells apart people who are
filmed in one light; light from another side changes a face more than another face does.
"""

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

from facsight.faces.five_points import align_five

#: Side of the aligned face in pixels, parts a side, and how much it is blurred first (pixels).
SIDE, PARTS, BLUR = 64, 7, 0.7
#: Each pixel is compared with eight around it, so far away, counter-clockwise from the right.
RADIUS, AROUND = 2, 8
#: Patterns with at most two changes from light to dark around the ring, and one for all others.
PATTERNS = 59
#: Grey levels that are equal but for rounding are equal.
_ROUNDING = 1e-6


class Texture:
    """An `Embedder`: square roots of the shares of 59 patterns in each of 7 x 7 parts, in all a unit vector.

    The cosine of two is the mean over the parts of how much their shares overlap (Bhattacharyya 1943).
    """

    name, version = "texture", "1"
    #: Where portraits of one person are seldom called two people's, and hardly ever the other way round;
    #: tracks, which are means, are more alike than pictures (`benchmarks/people.py`).
    least = 0.77
    numbers = PARTS * PARTS * PATTERNS

    def embed(
        self, picture: UInt8[np.ndarray, "height width 3"], landmarks: Float32[np.ndarray, "face 68 2"]
    ) -> Float64[np.ndarray, "face d"]:
        """A unit vector for each face of an RGB picture; NaN where a point that it is aligned by lacks."""
        found = np.full((len(landmarks), self.numbers), np.nan)
        for face, points in enumerate(landmarks):
            alignment = align_five(points, SIDE)
            if np.isfinite(alignment.matrix).all():
                found[face] = _shares(patterns(_grey(alignment.crop(picture))))
        return found


def patterns(grey: Float64[np.ndarray, "height width"]) -> Int64[np.ndarray, "rows columns"]:
    """The pattern around each pixel that is RADIUS or more from the border: its number, 0 to 58."""
    height, width = (side - 2 * RADIUS for side in grey.shape)
    inner = grey[RADIUS:-RADIUS, RADIUS:-RADIUS]
    code = np.zeros(inner.shape, np.int64)
    for place, (across, up) in enumerate(_RING):
        (left, right), (top, bottom) = _between(across), _between(-up)
        neighbour = sum(
            vertical * horizontal * grey[row : row + height, column : column + width]
            for row, vertical in (top, bottom)
            for column, horizontal in (left, right)
            if vertical * horizontal
        )
        code |= (neighbour >= inner - _ROUNDING).astype(np.int64) << place
    return _NUMBERS[code]


def _between(distance: float) -> tuple[tuple[int, float], tuple[int, float]]:
    """The two pixels that a place lies between, counted from the border, and how much each counts."""
    first = int(np.floor(RADIUS + distance))
    share = RADIUS + distance - first
    return (first, 1 - share), (first + 1, share)


def _ring() -> list[tuple[float, float]]:
    angles = 2 * np.pi * np.arange(AROUND) / AROUND
    places = RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return [(float(x), float(y)) for x, y in places.round(6)]


def _numbers() -> Int64[np.ndarray, "code"]:
    """The number of each of the 256 codes: those with at most two changes in turn, all others the last."""
    codes = np.arange(1 << AROUND)
    bits = codes[:, None] >> np.arange(AROUND) & 1
    even = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    return np.where(even, np.cumsum(even) - 1, PATTERNS - 1)


_RING, _NUMBERS = _ring(), _numbers()


def _grey(crop: UInt8[np.ndarray, "side side 3"]) -> Float64[np.ndarray, "side side"]:
    from scipy.ndimage import gaussian_filter  # a fifth of a second that others need not wait for

    return gaussian_filter(crop.mean(axis=2), BLUR)


def _shares(numbers: Int64[np.ndarray, "rows columns"]) -> Float64[np.ndarray, "d"]:
    parts = [
        part
        for rows in np.array_split(numbers, PARTS, axis=0)
        for part in np.array_split(rows, PARTS, axis=1)
    ]
    counts = np.stack([np.bincount(part.ravel(), minlength=PATTERNS) / part.size for part in parts])
    return np.sqrt(counts / len(parts)).ravel()
