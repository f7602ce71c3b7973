import ast
import subprocess
import sys
from pathlib import Path

import pytest

import facsight.metrics


def test_names_are_those_that_are_promised():
    from facsight.metrics import ConcordanceCorrelation, abaw_score

    assert ConcordanceCorrelation().compute().frames == 0
    assert abaw_score.__module__ == "facsight.metrics.abaw"


@pytest.mark.parametrize("name", facsight.metrics.__all__)
def test_every_public_name_is_there(name):
    assert getattr(facsight.metrics, name).__name__ == name
    assert name in dir(facsight.metrics)


def test_what_type_checkers_see_is_what_there_is():
    tree = ast.parse(Path(facsight.metrics.__file__).read_text())
    seen = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("facsight.metrics.")
        for alias in node.names
    }
    assert sorted(seen) == sorted(facsight.metrics.__all__)
    for name, module in seen.items():
        assert getattr(facsight.metrics, name) is getattr(sys.modules[module], name)


def test_unknown_names_are_told():
    with pytest.raises(AttributeError, match="no attribute 'abaw_skore'"):
        facsight.metrics.abaw_skore  # noqa: B018


def test_importing_is_light():
    code = "import sys, facsight.metrics; print([m for m in ('torch', 'scipy') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
