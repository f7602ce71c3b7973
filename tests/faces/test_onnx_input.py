from contextlib import suppress

import numpy as np
import pytest

from facsight.core.errors import BadCheckpoint
from facsight.faces.onnx_input import OnnxInput, read_onnx_input
from written_onnx import arcface_model, arcface_weights, colour_model, field, model, node, value


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 3, 112, 112), (1, 3, 112, 112)),
        (("N", 3, 160, 160), (None, 3, 160, 160)),
        (("batch", 3, "height", "width"), (None, 3, None, None)),
        ((1, 300, 200, 3), (1, 300, 200, 3)),
        ((), ()),
    ],
)
def test_the_shape_is_that_of_the_input(shape, expected):
    assert read_onnx_input(colour_model(shape)) == OnnxInput(expected, "GlobalAveragePool")


def test_weights_that_are_listed_as_inputs_are_none():
    content = colour_model((1, 3, 112, 112), weights_are_inputs=True)
    assert read_onnx_input(content) == OnnxInput((1, 3, 112, 112), "GlobalAveragePool")


def test_the_first_layer_says_whether_the_range_of_pixels_is_the_models_own():
    assert read_onnx_input(arcface_model(arcface_weights())).first == "Conv"
    assert read_onnx_input(arcface_model(arcface_weights(), own_range=True)).first == "Sub"


def test_two_inputs_or_none_are_refused():
    graph = (
        field(1, node("Add", ["a", "b"], "c")) + field(11, value("a", (1, 3))) + field(11, value("b", (1, 3)))
    )
    with pytest.raises(BadCheckpoint, match="found 2 inputs"):
        read_onnx_input(field(7, graph))
    with pytest.raises(BadCheckpoint, match="found 0 inputs"):
        read_onnx_input(field(1, 7))


@pytest.mark.parametrize("content", [b"not a model", b"\xff" * 40, b"\x0b\x0b\x0b", colour_model()[:-9]])
def test_what_is_no_model_is_told(content):
    with pytest.raises(BadCheckpoint, match="ONNX model"):
        read_onnx_input(content)


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_gives_an_answer_or_our_error(seed):
    generator = np.random.default_rng(seed)
    content = bytearray(model([node("Relu", ["data"], "fc1")], {}, (1, 3, 112, 112), (1, 3)))
    for place in generator.integers(0, len(content), 3):
        content[place] = int(generator.integers(0, 256))
    with suppress(BadCheckpoint):
        assert isinstance(read_onnx_input(bytes(content)), OnnxInput)
