"""Photos of any kind as RGB pixels, upright and whole, or a reason why not.

- The orientation that the camera wrote into the file is applied: pixels are as a viewer shows them.
- Greys of 16 bits are scaled to 8 by the smallest depth of 10, 12, 14 or 16 bits that holds the brightest
  pixel, other deep greys by their own range; nothing is clipped.
- Transparent parts are laid over mid grey.
- Of an animation the first picture is read.
- Colours are taken as sRGB; embedded colour profiles are not applied.
- Photos are decoded whole, in full resolution, so that coordinates are those of the file.
"""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from facsight.core.errors import BadMedia
from facsight.media.file import check_file, unreadable
from facsight.media.signature import looks_like

#: Larger photos are refused: decoded, they need 3 bytes a pixel, and twice that for a moment.
MAX_PIXELS = 200_000_000
#: What shows through transparent parts.
BACKGROUND = (127, 127, 127)

#: What Pillow calls the formats of photos; it knows some of videos, too.
_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TIFF", "WEBP")
_GREY_DEPTHS = (8, 10, 12, 14, 16)
#: Held while a setting of Pillow, or of Python's warnings, that belongs to the whole process is changed.
_SETTINGS = threading.Lock()


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels, contiguous RGB, and where they came from: a path as it was given, or a word."""

    pixels: UInt8[np.ndarray, "height width 3"]
    name: str


def read_photo(source: str | Path | np.ndarray | Image.Image) -> Photo:
    """A photo from a file, a NumPy array (height, width, 3) uint8 RGB, or a PIL image.

    `BadMedia` says what was found instead of a photo. Arrays are not copied if they are contiguous.
    """
    if isinstance(source, np.ndarray):
        return Photo(_checked(source), "array")
    if isinstance(source, Image.Image):
        name = os.fspath(getattr(source, "filename", "") or "picture")
        return Photo(_decoded(source, repr(name)), name)
    if not isinstance(source, str | Path):
        raise BadMedia(
            "expected a photo as a path, a NumPy array or a PIL image, "
            f"found {type(source).__name__}; give the path of a file"
        )
    return Photo(_read_file(Path(source)), str(source))


def is_photo(path: Path) -> bool:
    """Whether a file begins as a photo does, whatever its ending."""
    try:
        with path.open("rb") as file, _opened(file, repr(str(path))) as picture:
            return picture.format in _FORMATS
    except (OSError, BadMedia):  # Pillow's word for what it does not know is an OSError, too
        return False


def _checked(pixels: np.ndarray) -> UInt8[np.ndarray, "height width 3"]:
    if pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size:
        return np.ascontiguousarray(pixels)
    hint = "colours in the order red, green, blue, from 0 to 255"
    if pixels.dtype.kind == "f":
        hint = "scale it to 0..255 and convert it: (255 * array).round().astype('uint8')"
        if not np.isfinite(pixels).all():
            hint = "it holds NaN or infinite values, which no photo has"
    raise BadMedia(
        "expected an array of uint8 of shape (height, width, 3), "
        f"found {pixels.dtype} of shape {pixels.shape}; {hint}"
    )


def _read_file(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    name = repr(str(path))
    check_file(path, "photo")
    try:
        with path.open("rb") as file, _opened(file, name) as picture:
            return _decoded(picture, name)
    except UnidentifiedImageError as error:
        raise BadMedia(
            f"{name} cannot be read as a photo: it looks like {looks_like(path)}. "
            "Give a JPEG, PNG, TIFF, WebP, BMP or GIF file"
        ) from error
    except PermissionError as error:
        raise unreadable(path, error) from error


@contextmanager
def _opened(file, name: str) -> Iterator[Image.Image]:
    """The picture with its header read and its size accepted, without Pillow's warnings.

    Pillow warns above a limit of its own, which is global; it is lifted only while a header is read.
    """
    with _SETTINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            picture = Image.open(file)
        except UnidentifiedImageError:
            raise
        except Exception as error:  # decoders raise whatever a broken header leads to
            raise _broken(name, error) from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    with picture:
        yield picture


def _decoded(picture: Image.Image, name: str) -> UInt8[np.ndarray, "height width 3"]:
    width, height = picture.size
    if not 0 < width * height <= MAX_PIXELS:
        raise BadMedia(
            f"{name} has {width} x {height} pixels, expected at least 1 and at most "
            f"{MAX_PIXELS // 1_000_000} million; make it smaller first"
        )
    try:
        _load(picture)
        return np.ascontiguousarray(_as_rgb(_upright(picture)))
    except BadMedia:
        raise
    except MemoryError as error:
        raise BadMedia(f"{name} needs more memory than there is ({width} x {height} pixels)") from error
    except Exception as error:  # decoders raise whatever broken data lead to
        raise _broken(name, error) from error


def _load(picture: Image.Image) -> None:
    """Decode, also where another library told Pillow to fill up truncated pictures with grey."""
    if not ImageFile.LOAD_TRUNCATED_IMAGES:
        picture.load()
        return
    with _SETTINGS:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            picture.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = True


def _broken(name: str, error: Exception) -> BadMedia:
    reason = " ".join(str(error).split()) or type(error).__name__
    return BadMedia(f"{name} is damaged or cut off ({reason}); copy or download it again")


def _upright(picture: Image.Image) -> Image.Image:
    """The picture turned as its EXIF data say; broken EXIF data say nothing."""
    with _SETTINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            orientation = picture.getexif().get(0x0112, 1)
        except Exception:  # the pixels are fine, and that is what counts
            return picture
    if orientation == 1:
        return picture
    return ImageOps.exif_transpose(picture)


def _as_rgb(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I") or picture.mode == "F":
        return np.repeat(_to_8_bits(np.asarray(picture))[..., None], 3, axis=2)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", layer.size, BACKGROUND)
        picture.paste(layer, mask=layer.getchannel("A"))
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _to_8_bits(grey: np.ndarray) -> UInt8[np.ndarray, "height width"]:
    """Deep greys scaled to 0..255."""
    if grey.dtype == np.uint16:
        depth = next(bits for bits in _GREY_DEPTHS if grey.max() < 2**bits)
        # float32 holds 16 bits exactly, and half the memory of float64
        return np.round(grey.astype(np.float32) * (255 / (2**depth - 1))).astype(np.uint8)
    if not np.isfinite(grey).all():
        raise BadMedia("the picture holds NaN or infinite values, which no photo has; export it again")
    low, high = float(grey.min()), float(grey.max())
    if low >= 0 and high <= 255 and grey.dtype.kind == "i":
        return grey.astype(np.uint8)
    return np.round((grey - low) * (255 / max(high - low, 1e-30))).astype(np.uint8)
