"""What to do when a library that a back end stands on cannot be loaded."""

import re

from facsight.core.errors import MissingData

_SYSTEM_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*)")


def missing_library(wanted: str, error: ImportError) -> MissingData:
    """The error to raise when importing `wanted` failed, with the command that mends it.

    >>> print(missing_library("mediapipe", ImportError("libGL.so.1: cannot open shared object file")))
    mediapipe cannot be loaded: the system library libGL.so.1 is missing. Install it (on Debian and Ubuntu: \
apt-get install libgl1 libegl1 libgles2 libglib2.0-0)
    """
    if found := _SYSTEM_LIBRARY.search(str(error)):
        return MissingData(
            f"{wanted} cannot be loaded: the system library {found[1]} is missing. Install it "
            "(on Debian and Ubuntu: apt-get install libgl1 libegl1 libgles2 libglib2.0-0)"
        )
    package = {"cv2": "opencv-python-headless"}.get(wanted, wanted)
    return MissingData(f"{wanted} cannot be loaded ({error}). Install it: pip install {package}")
