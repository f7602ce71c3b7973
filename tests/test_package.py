import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import facsight


def test_public_names_are_there_and_unknown_ones_are_not():
    assert facsight.Reader.__name__ == "Reader"
    assert set(facsight.__all__) <= set(dir(facsight))
    with pytest.raises(AttributeError, match="no attribute 'Raeder'"):
        facsight.Raeder  # noqa: B018


def test_importing_the_package_imports_nothing_else():
    heavy = ("torch", "numpy", "mediapipe", "polars")
    code = f"import sys, facsight; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_version_is_that_of_the_project_file():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert facsight.__version__ == project["version"]
