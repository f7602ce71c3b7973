import pytest

from facsight.core.errors import MissingData, UnknownName
from facsight.faces.identity import Embedder, open_embedder
from written_onnx import colour_model, saved_model


def test_both_back_ends_are_embedders(tmp_path):
    model = saved_model(tmp_path / "my faces.onnx", colour_model())
    for name in ("texture", f"onnx:{model}"):
        embedder = open_embedder(name)
        assert isinstance(embedder, Embedder)
        assert -1 < embedder.least < 1
        assert embedder.numbers >= 16


@pytest.mark.parametrize("name", ["onnx:", "onnx", "shape", "", "textures", "pickle:x"])
def test_other_names_are_refused(name):
    with pytest.raises(UnknownName, match="expected texture, or onnx:PATH"):
        open_embedder(name)


def test_a_path_may_hold_colons():
    with pytest.raises(MissingData, match=r"a:b\.onnx"):
        open_embedder("onnx:a:b.onnx")
