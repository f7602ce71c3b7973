"""What a file is by its first bytes, in words a person can act on."""

from pathlib import Path

_SIGNATURES = (
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a zip archive or an office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (0, b"OggS", "an Ogg sound or video file"),
    (0, b"fLaC", "a FLAC sound file"),
    (0, b"ID3", "an MP3 sound file"),
    (8, b"WAVE", "a WAV sound file"),
    (8, b"AVI ", "an AVI video"),
    (4, b"ftyphei", "a HEIC photo, which needs another program to convert it to JPEG"),
    (4, b"ftypmif1", "a HEIC photo, which needs another program to convert it to JPEG"),
    (4, b"ftypavif", "an AVIF photo that is damaged"),
    (4, b"ftypqt", "a QuickTime video"),
    (4, b"ftyp", "an MP4 video"),
    (0, b"\xff\xd8\xff", "a JPEG photo that is damaged or cut off"),
    (0, b"\x89PNG", "a PNG photo that is damaged or cut off"),
    (0, b"GIF8", "a GIF picture that is damaged or cut off"),
    (8, b"WEBP", "a WebP photo that is damaged or cut off"),
    (0, b"BM", "a BMP picture that is damaged or cut off"),
    (0, b"II*\x00", "a TIFF photo, or a camera's raw file, that cannot be decoded"),
    (0, b"MM\x00*", "a TIFF photo, or a camera's raw file, that cannot be decoded"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"version https://git-lfs", "a Git LFS pointer, whose file was not fetched"),
)


def looks_like(path: Path) -> str:
    """A guess at what a file holds."""
    with path.open("rb") as file:
        start = file.read(512)
    for offset, signature, meaning in _SIGNATURES:
        if start.startswith(signature, offset):
            return meaning
    return _unsigned(start)


def _unsigned(start: bytes) -> str:
    if start.count(0) == len(start):
        return "nothing but zero bytes"
    try:
        text = start.decode("utf-8").strip().lower()
    except UnicodeDecodeError as error:
        # the last letter may be cut in half by the end of what was read
        if error.start < len(start) - 3:
            return "data of an unknown kind"
        text = start[: error.start].decode("utf-8").strip().lower()
    if any(letter < " " and letter not in "\t\n\r\f" for letter in text):
        return "data of an unknown kind"
    if text.startswith(("<!doctype html", "<html")):
        return "a web page, perhaps an error page saved under a photo's name"
    if text.startswith("<svg") or "<svg" in text:
        return "an SVG drawing"
    return "text"
