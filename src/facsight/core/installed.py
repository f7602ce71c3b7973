"""Folders that come with an installed package, where published weights may lie."""

from importlib.util import find_spec
from pathlib import Path

from facsight.core.errors import MissingData

#: What marks a name as that of a folder in a package.
MARK = "@"


def published_folder(name: str) -> str:
    """The folder that `@package/folder` means, inside an installed package; other names as they are.

    `MissingData` where the package is not installed, or has no such folder. Nothing of the package is run.

    >>> published_folder("bert-base-uncased")
    'bert-base-uncased'
    """
    if not name.startswith(MARK):
        return name
    package, _, inside = name.removeprefix(MARK).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise MissingData(
            f"{name} is in the package {package!r}, which is not installed: "
            f"pip install {package.replace('_', '-')}"
        )
    root = Path(spec.submodule_search_locations[0]).resolve()
    folder = (root / inside).resolve()
    if not folder.is_relative_to(root) or not folder.is_dir():
        raise MissingData(f"the package {package!r} has no folder {inside!r}")
    return str(folder)
