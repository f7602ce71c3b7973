import pytest
import torch

from facsight.fusion.late import LateFusion
from fusion_windows import windows_of
from oracles.fusion import linear, relu

SIZES = {"face": 4, "audio": 3, "text": 2}


def test_against_the_formula_with_gaps(generator):
    block = LateFusion(SIZES, width=5, dropout=0.0).double()
    windows = windows_of(SIZES, generator=generator)
    fused = block(windows)
    for b, t in windows.inside.nonzero().tolist():
        known = [name for name in SIZES if windows.known[name][b, t]]
        expected = [0.0] * 5
        for name in known:
            first, _, _, second, _ = block.readers[name]
            hidden = relu(
                linear(first.weight.tolist(), first.bias.tolist(), windows.streams[name][b, t].tolist())
            )
            read = relu(linear(second.weight.tolist(), second.bias.tolist(), hidden))
            expected = [e + r / len(known) for e, r in zip(expected, read, strict=True)]
        assert fused.features[b, t].tolist() == pytest.approx(expected, abs=1e-12)
        for name in SIZES:
            assert fused.shares[name][b, t].item() == pytest.approx((name in known) / len(known))


def test_a_single_modality_is_its_own_reader(generator):
    block = LateFusion({"face": 4}, width=5, dropout=0.0).double()
    windows = windows_of({"face": 4}, generator=generator, gaps=False)
    assert torch.equal(block(windows).features, block.readers["face"](windows.streams["face"]))


def test_a_modality_that_goes_leaves_the_reading_of_the_others(generator):
    block = LateFusion(SIZES, width=5, dropout=0.0).double()
    windows = windows_of(SIZES, generator=generator, gaps=False)
    alone = block(windows.missing(["audio", "text"])).features
    torch.testing.assert_close(alone, block.readers["face"](windows.streams["face"]))
