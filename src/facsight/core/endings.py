"""Endings of file names."""

#: Endings of file names that are taken for photos in a folder, in small letters.
PHOTO_ENDINGS = frozenset(
    (".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
