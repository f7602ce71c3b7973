"""`facsight doctor`: is everything here that reading photos needs?"""

import os
import platform
import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

import typer
from rich.text import Text

from facsight.cli.screen import console
from facsight.core.errors import FacsightError, MissingData

#: Libraries without which nothing can be read, by the names that they are installed under.
LIBRARIES = ("torch", "mediapipe", "numpy", "pillow", "polars", "safetensors")
#: Least free space for a table and a page of a few thousand photos.
LEAST_SPACE = 200e6


def doctor() -> None:
    """Check this installation, one line each; exit code 1 if reading photos would fail.

    Example: `facsight doctor`
    """
    screen, well = console(), True
    for name, check in CHECKS.items():
        try:
            told, mark = check(), Text("ok  ", "green")
        except (FacsightError, ImportError, OSError) as error:
            told, mark, well = str(error), Text("bad ", "bold red"), False
        screen.print(Text.assemble(mark, f" {name:12} ", told), soft_wrap=True)
    screen.print(
        "\neverything that reading photos needs is here"
        if well
        else "\nmend the lines marked bad, then try again"
    )
    raise typer.Exit(0 if well else 1)


def _python() -> str:
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def _libraries() -> str:
    found, absent = [], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    if absent:
        raise MissingData(f"not installed: {', '.join(absent)}; give `pip install facsight` again")
    return ", ".join(found)


def _threads() -> str:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{torch.get_num_threads()} for the network, {cores} cores may be used"


def _weights() -> str:
    from facsight.hub import bundled_weights, sha256
    from facsight.nn.weights import load_network

    path = bundled_weights()
    network, card = load_network(path)
    count = sum(parameter.numel() for parameter in network.parameters())
    name = card.get("name", path.stem)
    return f"{name}, {count / 1e6:.1f} million parameters, sha256 {sha256(path)[:16]}..."


def _finder() -> str:
    """Look for a face where there is none: proves that the models load and run."""
    import numpy as np

    from facsight.faces.finder import DEFAULT
    from facsight.hub import face_finder

    finder = face_finder()
    blank = np.full((480, 640, 3), 127, dtype=np.uint8)
    finder.find(blank)
    start = perf_counter()
    found = finder.find(blank)
    if found:
        raise MissingData("the face finder sees a face in an empty picture; install mediapipe again")
    return f"{DEFAULT}, an empty picture in {(perf_counter() - start) * 1e3:.0f} ms"


def _reading() -> str:
    """Read a real face where one can be had without a download."""
    try:
        from skimage.data import astronaut
    except ImportError:
        return "not tried: it needs the portrait in scikit-image (pip install 'facsight[demo]')"
    from facsight.analysis.reader import Reader

    readings = Reader().read(astronaut())
    if len(readings) != 1:
        raise MissingData(f"expected one face in scikit-image's portrait, found {len(readings)}")
    return f"scikit-image's portrait reads as {readings[0].label}"


def _cache() -> str:
    from facsight.hub import cache_folder

    folder = cache_folder()
    state = "exists" if folder.is_dir() else "not needed so far"
    return f"{folder} ({state}); downloaded models go there"


def _space() -> str:
    free = shutil.disk_usage(Path.cwd()).free
    if free < LEAST_SPACE:
        raise MissingData(f"only {free / 1e6:.0f} MB free where you are; make room or write elsewhere")
    return f"{free / 1e9:.1f} GB free where you are"


CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "libraries": _libraries,
    "threads": _threads,
    "weights": _weights,
    "face finder": _finder,
    "a reading": _reading,
    "cache": _cache,
    "disk": _space,
}
