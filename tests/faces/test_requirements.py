"""Lean imports, and advice for what cannot be loaded."""

import sys

from facsight.faces.requirements import import_lean, missing_library


def test_plotting_is_loaded_only_when_used(tmp_path, monkeypatch):
    (tmp_path / "draws.py").write_text(
        "import matplotlib.pyplot as plt\n\n\ndef close():\n    plt.close('all')\n"
    )
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("")
    (tmp_path / "matplotlib" / "pyplot.py").write_text("closed = []\nclose = closed.append\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] in ("matplotlib", "draws")]:
        monkeypatch.delitem(sys.modules, name)
    draws = import_lean("draws")
    assert "matplotlib" not in sys.modules
    draws.close()
    assert sys.modules["matplotlib.pyplot"].closed == ["all"]
    for name in ("draws", "matplotlib", "matplotlib.pyplot"):
        monkeypatch.delitem(sys.modules, name)


def test_another_part_of_the_plotting_library_is_loaded_at_once(tmp_path, monkeypatch):
    (tmp_path / "draws_too.py").write_text("from matplotlib.colors import red\n")
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("")
    (tmp_path / "matplotlib" / "colors.py").write_text("red = 'r'\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    assert import_lean("draws_too").red == "r"
    for name in ("draws_too", "matplotlib", "matplotlib.colors"):
        monkeypatch.delitem(sys.modules, name)


def test_loaded_plotting_stays(monkeypatch):
    stand_in = object()
    monkeypatch.setitem(sys.modules, "matplotlib", stand_in)
    import_lean("json")
    assert sys.modules["matplotlib"] is stand_in


def test_advice():
    told = str(missing_library("cv2", ImportError("libEGL.so.1: cannot open shared object file")))
    assert "libEGL.so.1 is missing" in told
    assert "pip install opencv-python-headless" in str(
        missing_library("cv2", ImportError("No module named 'cv2'"))
    )
