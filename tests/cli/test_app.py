import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import facsight as package
from facsight.cli.app import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(facsight, verb):
    code, told, _ = facsight(verb, "--help")
    assert code == 0
    assert f"facsight {verb}" in " ".join(told.split("Example", 1)[1].split())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_shown_in_the_readme_or_the_docs(verb):
    home = Path(__file__).parents[2]
    pages = [home / "README.md", *(home / "docs").glob("*.md")]
    assert any(re.search(rf"facsight {verb}\b", page.read_text(encoding="utf-8")) for page in pages)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_own_function(verb):
    module, function = VERBS[verb].split(":")
    assert callable(getattr(import_module(module), function))


def test_no_verb_shows_the_help_and_is_wrong_use(facsight):
    code, told, problem = facsight()
    assert code == 2
    assert "analyze" in told + problem


def test_the_version(facsight):
    assert facsight("--version")[:2] == (0, f"facsight {package.__version__}\n")


def test_an_unknown_verb_is_wrong_use(facsight):
    code, _, problem = facsight("analyse")
    assert code == 2
    assert "analyse" in problem


def test_an_error_is_one_block_without_a_traceback(facsight):
    code, told, problem = facsight("analyze", "nowhere.jpg")
    assert (code, told) == (2, "")
    assert problem.startswith("facsight: expected a file or folder at 'nowhere.jpg'")
    assert "Traceback" not in problem


def test_help_needs_nothing_heavy():
    """`facsight --help` answers without loading torch, MediaPipe, polars or anything that draws."""
    heavy = ("torch", "mediapipe", "polars", "transformers", "matplotlib", "sklearn", "cv2", "jax", "numpy")
    code = (
        "import sys; from facsight.cli.app import build; build();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
