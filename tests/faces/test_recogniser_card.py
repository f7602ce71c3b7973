import pytest

from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.faces.onnx_input import OnnxInput
from facsight.faces.recogniser_card import RecogniserCard, colours_last, read_card

FACE = OnnxInput((1, 3, 112, 112), "Conv")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (FACE, RecogniserCard()),
        (OnnxInput((None, 3, 160, 160), "Conv"), RecogniserCard(size=160)),
        (OnnxInput((1, 96, 96, 3), "Transpose"), RecogniserCard(size=96)),
        (OnnxInput((None, 3, None, None), "Conv"), RecogniserCard(size=112)),
        (OnnxInput((1, 3, 112, 112), "Sub"), RecogniserCard(mean=0.0, scale=1.0)),
        (OnnxInput((1, 3, 112, 112), "Mul"), RecogniserCard(mean=0.0, scale=1.0)),
    ],
)
def test_what_the_model_says(tmp_path, told, expected):
    assert read_card(tmp_path / "faces.onnx", told) == expected


def test_the_file_beside_it_has_the_last_word(tmp_path):
    (tmp_path / "faces.toml").write_text(
        'channels = "bgr"\nmean = 0\nscale = 255.0\nleast = 0.55\nsize = 128\n'
    )
    card = read_card(tmp_path / "faces.onnx", OnnxInput((1, 3, 112, 112), "Sub"))
    assert card == RecogniserCard(size=128, channels="bgr", mean=0.0, scale=255.0, least=0.55)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("chanels = 'bgr'", "did you mean 'channels'"),
        ("channels = 'grey'", "rgb or bgr"),
        ("size = 4", "from 16 to 1024"),
        ("size = 112.5", "size like 112"),
        ("scale = 0", "above 0"),
        ("scale = nan", "above 0"),
        ("least = 1.5", "between -1 and 1"),
        ("mean = true", "mean like 127.5"),
        ("mean = ", "Invalid value"),
    ],
)
def test_a_wrong_card_is_named_with_what_is_wrong(tmp_path, text, problem):
    (tmp_path / "faces.toml").write_text(text)
    with pytest.raises(BadRecipe, match=problem) as told:
        read_card(tmp_path / "faces.onnx", FACE)
    assert "faces.toml" in str(told.value)


@pytest.mark.parametrize(
    ("shape", "last"),
    [
        ((1, 3, 64, 64), False),
        ((1, 64, 64, 3), True),
        ((None, 3, None, None), False),
        ((1, None, None, 3), True),
    ],
)
def test_which_axis_the_colours_are(shape, last):
    assert colours_last(OnnxInput(shape, None)) is last


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((1, 1, 112, 112), "1 x 1 x 112 x 112"),
        ((1, 3, 112, 96), "1 x 3 x 112 x 96"),
        ((8, 3, 112, 112), "8 x 3 x 112 x 112"),
        ((1, 512), "1 x 512"),
        ((None, None, None), "any x any x any"),
        ((), "no shape"),
    ],
)
def test_a_model_of_the_wrong_shape_is_told(shape, found):
    with pytest.raises(BadCheckpoint, match=f"one square face .* found {found}"):
        colours_last(OnnxInput(shape, None))
