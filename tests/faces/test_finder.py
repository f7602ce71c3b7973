"""Opening back ends by name, and what stands in the way."""

import builtins
import sys
from importlib import import_module

import pytest

from facsight.core.errors import MissingData, UnknownName
from facsight.faces import mediapipe_mesh
from facsight.faces.finder import open_finder


def test_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownName, match=r"did you mean 'yunet'.*mediapipe_task"):
        open_finder("yunnet")


@pytest.mark.parametrize("name", ["mediapipe_task", "yunet"])
def test_model_file_is_asked_for(name, tmp_path):
    with pytest.raises(MissingData, match=rf"face_finder\('{name}'\) download"):
        open_finder(name)
    with pytest.raises(MissingData, match=r"found no file; facsight\.hub\.fetch"):
        open_finder(name, tmp_path / "gone")


@pytest.mark.parametrize("name", ["mediapipe_task", "yunet"])
def test_other_files_are_refused(name, tmp_path, capfd):
    other = tmp_path / "other"
    other.write_bytes(b"not a model" * 100)
    with pytest.raises(MissingData, match=r"expected a .*, found something"):
        open_finder(name, other)


def test_default_takes_no_file(tmp_path):
    with pytest.raises(MissingData, match="carries its own models"):
        open_finder("mediapipe", tmp_path / "some.task")


def test_mediapipe_without_models_is_told(monkeypatch):
    def newer(name):
        if name.startswith("mediapipe.python"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return import_module(name)

    monkeypatch.setattr(mediapipe_mesh, "import_lean", newer)
    with pytest.raises(MissingData, match=r"found one without them.*mediapipe_task"):
        open_finder("mediapipe")


def test_mediapipe_not_installed_is_told(monkeypatch):
    def nothing(name):
        raise ModuleNotFoundError("No module named 'mediapipe'", name="mediapipe")

    monkeypatch.setattr(mediapipe_mesh, "import_lean", nothing)
    with pytest.raises(MissingData, match="pip install mediapipe"):
        open_finder("mediapipe")


def test_missing_system_library_is_told(monkeypatch, tmp_path):
    importing = builtins.__import__

    def without_graphics(name, *rest, **options):
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
        return importing(name, *rest, **options)

    model = tmp_path / "yunet.onnx"
    model.write_bytes(b"")
    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_graphics)
    with pytest.raises(MissingData, match=r"libGL\.so\.1 is missing.*apt-get install"):
        open_finder("yunet", model)
