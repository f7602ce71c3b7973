import math

import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.fusion.gated import GatedFusion
from fusion_windows import windows_of
from oracles.fusion import gated

SIZES = {"face": 4, "audio": 3, "text": 2}


def step_of(windows, b, t):
    """What is known of one step, modality by modality."""
    return [
        windows.streams[name][b, t].tolist() if windows.known[name][b, t] else None for name in windows.names
    ]


def by_hand(gates="softmax", *, known=(True, True)):
    """Two modalities of one feature: x = 1 and -2, tanh layers without bias, gates' scores x and 0."""
    block = GatedFusion({"face": 1, "audio": 1}, width=1, gates=gates).double()
    for layer in block.layers.values():
        torch.nn.init.ones_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    torch.nn.init.zeros_(block.gate.weight)
    torch.nn.init.zeros_(block.gate.bias)
    block.gate.weight.data[0, 0] = 1.0
    flags = {name: torch.tensor([[yes]]) for name, yes in zip(("face", "audio"), known, strict=True)}
    streams = {"face": torch.tensor([[[1.0]]]).double(), "audio": torch.tensor([[[-2.0]]]).double()}
    fused = block(Sequences(streams, flags, torch.tensor([[True]])))
    return fused.features.item(), {name: share.item() for name, share in fused.shares.items()}


def test_by_hand():
    z = math.e / (math.e + 1)
    features, shares = by_hand()
    assert features == pytest.approx(z * math.tanh(1) + (1 - z) * math.tanh(-2), abs=1e-12)
    assert shares == {"face": pytest.approx(z), "audio": pytest.approx(1 - z)}


def test_sigmoids_do_not_compete():
    z = 1 / (1 + math.exp(-1))
    features, shares = by_hand("sigmoid")
    assert features == pytest.approx(z * math.tanh(1) + 0.5 * math.tanh(-2), abs=1e-12)
    assert shares == {"face": pytest.approx(z / (z + 0.5)), "audio": pytest.approx(0.5 / (z + 0.5))}


def test_the_only_known_modality_passes_whole_where_gates_compete():
    assert by_hand(known=(False, True)) == (pytest.approx(math.tanh(-2)), {"face": 0.0, "audio": 1.0})
    assert by_hand("sigmoid", known=(False, True))[0] == pytest.approx(0.5 * math.tanh(-2))


def test_of_two_it_is_the_papers_single_sigmoid(generator):
    """z = sigmoid of the difference of the two scores; features = z h_face + (1 - z) h_audio."""
    sizes = {"face": 4, "audio": 3}
    block, windows = GatedFusion(sizes, width=5).double(), windows_of(sizes, generator=generator, gaps=False)
    seen = torch.cat([*windows.streams.values(), torch.ones(3, 5, 2).double()], dim=-1)
    one, other = block.gate(seen).chunk(2, dim=-1)
    z = (one - other).sigmoid()
    read = [block.layers[name](stream).tanh() for name, stream in windows.streams.items()]
    torch.testing.assert_close(block(windows).features, z * read[0] + (1 - z) * read[1])


@pytest.mark.parametrize("gates", ["softmax", "sigmoid"])
def test_against_the_formula_with_gaps(gates, generator):
    block, windows = GatedFusion(SIZES, width=5, gates=gates).double(), windows_of(SIZES, generator=generator)
    fused = block(windows)
    layers = [(layer.weight.tolist(), layer.bias.tolist()) for layer in block.layers.values()]
    gate = (block.gate.weight.tolist(), block.gate.bias.tolist())
    for b, t in windows.inside.nonzero().tolist():
        expected, shares = gated(layers, gate, step_of(windows, b, t), [*SIZES.values()], gates == "softmax")
        assert fused.features[b, t].tolist() == pytest.approx(expected, abs=1e-12)
        assert [share[b, t].item() for share in fused.shares.values()] == pytest.approx(shares, abs=1e-12)


@pytest.mark.usefixtures("unchecked")
def test_gates_are_one_of_two_kinds():
    with pytest.raises(BadRecipe, match='"softmax" or "sigmoid", found \'hard\''):
        GatedFusion(SIZES, gates="hard")
