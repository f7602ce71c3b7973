"""Pictures out of files as small squares: only as much of a JPEG is decoded as the square needs.

A JPEG is scaled by 1/2, 1/4 or 1/8 while it is decoded (in its cosine transform), where what is left is still
as large as the square. The orientation that a camera wrote is applied. Greys are luma of BT.601.
"""

import struct

import cv2
import numpy as np
from jaxtyping import UInt8

from facsight.core.errors import BadMedia

Box = tuple[float, float, float, float]

#: How much of a JPEG's sides is decoded, and OpenCV's names for it, in grey and in colour.
REDUCED = {
    8: (cv2.IMREAD_REDUCED_GRAYSCALE_8, cv2.IMREAD_REDUCED_COLOR_8),
    4: (cv2.IMREAD_REDUCED_GRAYSCALE_4, cv2.IMREAD_REDUCED_COLOR_4),
    2: (cv2.IMREAD_REDUCED_GRAYSCALE_2, cv2.IMREAD_REDUCED_COLOR_2),
    1: (cv2.IMREAD_GRAYSCALE, cv2.IMREAD_COLOR),
}
#: Start-of-frame markers of JPEG, which are followed by the size.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def decode_square(
    raw: bytes, size: int, *, box: Box | None = None, colour: bool = False
) -> UInt8[np.ndarray, "size size *channel"]:
    """A square of `size` pixels out of a picture file's bytes, grey or RGB.

    `box` (left, top, right, bottom) is made square about its centre; without it the whole picture is taken.
    What lies outside the picture repeats its edge. `BadMedia` for what is no whole picture.
    """
    if not raw:
        raise BadMedia("the file is empty")
    reduction = 1
    if raw[:2] == b"\xff\xd8":
        reduction = _reduction(raw, size, box)
        if raw.rfind(b"\xff\xd9") < raw.rfind(b"\xff\xda"):
            raise BadMedia("the JPEG file ends in the middle of the picture; it was not copied whole")
    try:
        picture = cv2.imdecode(np.frombuffer(raw, np.uint8), REDUCED[reduction][colour])
    except cv2.error as error:
        raise BadMedia(f"cannot be decoded: {error}") from error
    if picture is None:
        raise BadMedia("is no picture that OpenCV reads (JPEG, PNG, WebP, BMP, TIFF)")
    if box is not None:
        left, top, right, bottom = (edge / reduction for edge in box)
        box = (left, top, right, bottom)
    square = to_square(picture, size, box)
    return cv2.cvtColor(square, cv2.COLOR_BGR2RGB) if colour else square


def to_square(
    picture: UInt8[np.ndarray, "height width *channel"], size: int, box: Box | None = None
) -> UInt8[np.ndarray, "size size *channel"]:
    """A square of `size` pixels about a box, or of the whole picture."""
    height, width = picture.shape[:2]
    if (height, width) == (size, size) and box is None:
        return picture
    left, top, side = _square(box or (0.0, 0.0, float(width), float(height)))
    inside = picture[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
    if not inside.size:
        raise BadMedia("the face's box lies outside the picture")
    edges = (max(-top, 0), max(top + side - height, 0), max(-left, 0), max(left + side - width, 0))
    if any(edges):
        inside = cv2.copyMakeBorder(inside, *edges, cv2.BORDER_REPLICATE)
    shrinks = side > size
    return cv2.resize(inside, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _square(box: Box) -> tuple[int, int, int]:
    """Left, top and side of the square about a box, in whole pixels."""
    left, top, right, bottom = box
    side = max(round(right - left), round(bottom - top), 1)
    return round((left + right - side) / 2), round((top + bottom - side) / 2), side


def _reduction(raw: bytes, size: int, box: Box | None) -> int:
    """By how much a JPEG may be scaled down and still be as large as the square."""
    try:
        side = max(jpeg_size(raw)) if box is None else max(box[2] - box[0], box[3] - box[1])
    except (struct.error, IndexError):
        return 1  # the decoder will tell what is wrong with it
    return next(reduction for reduction in REDUCED if side >= reduction * size or reduction == 1)


def jpeg_size(raw: bytes) -> tuple[int, int]:
    """Width and height that a JPEG's header tells."""
    place = 2
    while raw[place + 1] not in _FRAMES:
        place += 2 + struct.unpack_from(">H", raw, place + 2)[0]
    height, width = struct.unpack_from(">HH", raw, place + 5)
    return width, height
