"""Endings of file names."""

#: Endings of file names that are taken for photos in a folder, in small letters.
PHOTO_ENDINGS = frozenset(
    (".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
)

#: Those that are taken for sound.
SOUND_ENDINGS = frozenset((".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"))
