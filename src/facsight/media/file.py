"""Whether a path leads to a file that can be read at all, before anything tries to."""

import stat
from pathlib import Path

from facsight.core.errors import BadMedia


def check_file(path: Path, kind: str) -> None:
    """`BadMedia` for what is not a regular file with something in it: never waits for a pipe.

    `kind` is what was expected, in a word: photo, video.
    """
    name = repr(str(path))
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(found.st_mode):
        raise BadMedia(f"{name} is a folder, expected one {kind}")
    if not stat.S_ISREG(found.st_mode):
        raise BadMedia(f"{name} is a pipe, socket or device, expected a file with a {kind}")
    if found.st_size == 0:
        raise BadMedia(f"{name} is empty (0 bytes); copy or download it again")


def unreadable(path: Path, error: Exception) -> BadMedia:
    """Why the system did not give a file: the error to raise."""
    name = repr(str(path))
    if isinstance(error, PermissionError):
        return BadMedia(f"{name} may not be read by this user; change its permissions")
    if path.is_symlink():
        return BadMedia(f"{name} is a link to {str(path.readlink())!r}, which cannot be followed")
    return BadMedia(f"there is no file {name}; check the path")
