import pytest
import torch

from facsight.core.sequences import Sequences
from facsight.fusion.concatenation import Concatenation
from fusion_windows import windows_of
from oracles.fusion import linear, relu

SIZES = {"face": 4, "audio": 3, "text": 2}


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_against_the_formula_with_gaps(layers, generator):
    block = Concatenation(SIZES, width=5, layers=layers, dropout=0.0).double()
    windows = windows_of(SIZES, generator=generator)
    features = block(windows).features
    for b, t in windows.inside.nonzero().tolist():
        x = [value for name in SIZES for value in windows.streams[name][b, t].tolist()]
        x += [float(windows.known[name][b, t]) for name in SIZES]
        for layer in block.project:
            if isinstance(layer, torch.nn.Linear):
                x = relu(linear(layer.weight.tolist(), layer.bias.tolist(), x))
        assert features[b, t].tolist() == pytest.approx(x, abs=1e-12)


def test_silence_is_told_from_nothing(generator):
    windows = windows_of(SIZES, generator=generator, gaps=False)
    silent = windows.encoded(windows.streams | {"audio": torch.zeros(3, 5, 3).double()})
    block = Concatenation(SIZES, width=5, dropout=0.0).double()
    assert not torch.allclose(block(silent).features, block(windows.missing(["audio"])).features)


def test_by_hand():
    """ReLU of 2 · 3 - 1 · 1 + 10 · 1 + 20 · 1 - 30 = 5, where both are known."""
    block = Concatenation({"face": 1, "audio": 1}, width=1, layers=1).double()
    block.project[0].weight.data = torch.tensor([[2.0, -1.0, 10.0, 20.0]]).double()
    block.project[0].bias.data = torch.tensor([-30.0]).double()
    yes = torch.tensor([[True]])
    streams = {"face": torch.tensor([[[3.0]]]).double(), "audio": torch.tensor([[[1.0]]]).double()}
    assert block(Sequences(streams, dict.fromkeys(streams, yes), yes)).features.item() == 5.0


def test_without_a_layer_features_stand_side_by_side():
    block = Concatenation({"face": 2, "audio": 1}, width=5, layers=0)
    face, audio = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), torch.tensor([[[5.0], [0.0]]])
    known = {"face": torch.tensor([[True, True]]), "audio": torch.tensor([[True, False]])}
    said = block(Sequences({"face": face, "audio": audio}, known, torch.tensor([[True, True]])))
    assert block.size == 5
    assert said.features.tolist() == [[[1, 2, 5, 1, 1], [3, 4, 0, 1, 0]]]
