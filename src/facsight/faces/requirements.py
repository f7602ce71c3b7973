"""Loading the libraries that back ends stand on: quickly, or with advice."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from facsight.core.errors import MissingData

_SYSTEM_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*)")


def import_lean(name: str) -> Any:
    """The module, without the half second that MediaPipe spends on plotting code which nobody here uses."""
    with _plotting_later():
        return import_module(name)


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


class _Later(ModuleType):
    """Stands in for a module and loads it when something in it is first asked for."""

    def __getattr__(self, attribute: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), attribute)


@contextmanager
def _plotting_later() -> Iterator[None]:
    """Inside the block `import matplotlib.pyplot` is free; afterwards everything is as if it never was."""
    if "matplotlib" in sys.modules:
        yield
        return
    names = ("matplotlib", "matplotlib.pyplot")
    package, pyplot = (_Later(name) for name in names)
    vars(package)["pyplot"] = pyplot
    sys.modules.update(zip(names, (package, pyplot), strict=True))
    try:
        yield
    finally:
        for name, stand_in in zip(names, (package, pyplot), strict=True):
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
