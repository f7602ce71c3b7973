"""Pictures for pages and files: photos made small, faces cut out, maps laid over them."""

import base64
from io import BytesIO

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from facsight.report.colours import paint, stretched, veil

#: Longest side of a photo on a page, and side of a face, in pixels.
PHOTO_SIDE, FACE_SIDE = 880, 168


def shrunk(photo: UInt8[np.ndarray, "h w 3"], side: int = PHOTO_SIDE) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The photo with its longer side at most `side` pixels, smoothed; small photos stay as they are."""
    height, width = photo.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return photo
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA)


def enlarged(values: Float[np.ndarray, "h w"], side: int = FACE_SIDE) -> Float[np.ndarray, "side side"]:
    """A map of an aligned face at `side` pixels, smooth, within the map's own range."""
    smooth = cv2.resize(values.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth, values.min(), values.max())


def attention_picture(
    face: UInt8[np.ndarray, "s s 3"] | None, attention: Float[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "s s 3"]:
    """The attention over the face, its weakest place clear; alone where there is no face."""
    return _laid_over(face, stretched(attention))


def unit_picture(
    face: UInt8[np.ndarray, "s s 3"] | None, au_map: Float[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "s s 3"]:
    """Where the action units act, over the face; alone where there is no face."""
    return _laid_over(face, au_map)


def _laid_over(face: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    return paint(enlarged(values)) if face is None else veil(face, enlarged(values, face.shape[0]))


def data_uri(picture: UInt8[np.ndarray, "h w 3"], quality: int = 85) -> str:
    """The picture as a JPEG inside a link, so that a page needs no other file."""
    store = BytesIO()
    Image.fromarray(picture).save(store, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(store.getvalue()).decode("ascii")
