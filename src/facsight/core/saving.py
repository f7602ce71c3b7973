"""Files that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from polars.exceptions import PolarsError

from facsight.core.errors import BadOutput


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name to write to; the file gets its real name when the block ends well.

    A reader of `path` therefore sees the old file or the new one, never half of one. Where writing fails
    (no room, no permission) the unfinished file is removed and `BadOutput` says why.
    """
    partial = path.with_name(path.name + ".part")
    try:
        yield partial
        partial.replace(path)
    except (OSError, PolarsError) as error:
        with suppress(OSError):
            partial.unlink()
        raise BadOutput(f"{path} could not be written: {told_reason(error)}") from error
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def told_reason(error: Exception) -> str:
    """What went wrong in the system's words, with advice for the usual cause."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, FileNotFoundError):
        return f"{text}; its folder is gone: moved, deleted or no longer mounted"
    advice = "; make room on the disk or choose another place with --out" if "space" in text.lower() else ""
    return text + advice
