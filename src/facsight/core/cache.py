"""The folder for what can be made again: downloads, landmarks, indexes of datasets."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Where downloads and intermediate results are kept; not created by asking."""
    if chosen := os.environ.get("FACSIGHT_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "facsight" / "cache"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "facsight"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "facsight"
