"""A folder for results that is proven to be writable before any work starts."""

from pathlib import Path

from facsight.core.errors import BadOutput
from facsight.core.saving import told_reason, whole_file


def ready_folder(folder: Path) -> Path:
    """Make the folder, and prove that a file can be written in it before any work starts."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise BadOutput(
            f"{folder} is a file, a folder was expected; choose another place with --out"
        ) from error
    except OSError as error:
        raise BadOutput(
            f"the folder {folder} cannot be made: {told_reason(error)}; choose another place with --out"
        ) from error
    with whole_file(folder / ".facsight") as probe:
        probe.write_text("facsight can write here\n")
    (folder / ".facsight").unlink()
    return folder
