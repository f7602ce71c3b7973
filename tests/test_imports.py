"""The architecture: imports point down, and names on one line never import each other."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "facsight"

HEIGHT = [
    {"core"},
    {"functional"},
    {"facs", "probe"},
    {"nn", "losses", "metrics", "media", "faces", "data", "explain"},
    {"fusion", "methods", "training", "scoring"},
    {"catalog"},
    {"recipe", "hub", "assembly", "language"},
    {"analysis"},
    {"preparation"},
    {"experiment", "sequence_experiment", "adaptation_experiment", "sequence_reading"},
    {"unit_experiment"},
    {"audit", "words"},
    {"report"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(HEIGHT) for name in names}
PARTS = sorted(
    p.stem for p in SOURCE.iterdir() if p.stem not in ("__init__", "__main__", "__pycache__", "py", "weights")
)
FILES = sorted(SOURCE.rglob("*.py"))


def imported_parts(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "facsight":
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("facsight."):
            yield node.module.split(".")[1], node.lineno
        elif isinstance(node, ast.Import):
            yield from (
                (alias.name.split(".")[1], node.lineno)
                for alias in node.names
                if alias.name.startswith("facsight.")
            )


def test_every_part_has_a_height():
    assert set(PARTS) <= LEVEL.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_down(path):
    part = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if part in ("__init__", "__main__"):
        return
    wrong = [
        f"{path.relative_to(SOURCE)}:{line} imports {other}"
        for other, line in imported_parts(ast.parse(path.read_text(encoding="utf-8")))
        if other != part and other in LEVEL and LEVEL[other] >= LEVEL[part]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert path.stem not in {"utils", "helpers", "common", "base", "misc"}


def test_a_paper_never_imports_a_paper_but_a_loss():
    papers = {
        p for shelf in ("losses", "fusion", "methods", "explain") for p in (SOURCE / shelf).rglob("*.py")
    }
    for paper in (p for p in papers if p.stem != "__init__"):
        text = paper.read_text(encoding="utf-8")
        for other in papers - {paper}:
            if other.stem != "__init__" and other.relative_to(SOURCE).parts[0] != "losses":
                module = ".".join(other.relative_to(SOURCE.parent).with_suffix("").parts)
                assert f"from {module} import" not in text, f"{paper.name} imports {module}"


def test_importing_facsight_is_light():
    heavy = "torch", "transformers", "mediapipe", "accelerate", "polars", "cv2"
    code = f"import facsight, facsight.catalog, sys; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
