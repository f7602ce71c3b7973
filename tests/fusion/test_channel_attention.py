import pytest
import torch
from torch import nn

from facsight.fusion.channel_attention import ChannelAttention
from fusion_windows import windows_of
from oracles.fusion import channel_weights, linear

SIZES = {"face": 4, "audio": 3, "text": 2}


def made(**options):
    return ChannelAttention(SIZES, channels=3, width=5, dropout=0.0, **options).double()


def test_against_the_formula_with_gaps(generator):
    block, windows = made(), windows_of(SIZES, generator=generator)
    fused = block(windows)
    for b, t in windows.inside.nonzero().tolist():
        known = [bool(windows.known[name][b, t]) for name in SIZES]
        channels = []
        for name, yes in zip(SIZES, known, strict=True):
            layer = block.layers[name]
            read = linear(layer.weight.tolist(), layer.bias.tolist(), windows.streams[name][b, t].tolist())
            channels += read if yes else [0.0] * 3
        scores = linear(block.weigh.weight.tolist(), block.weigh.bias.tolist(), channels)
        weights = channel_weights(scores, known)
        weighed = [9 * w * c for w, c in zip(weights, channels, strict=True)]
        torch.testing.assert_close(fused.features[b, t], block.read(torch.tensor(weighed).double()))
        shares = [sum(weights[3 * k : 3 * k + 3]) for k in range(3)]
        assert [fused.shares[name][b, t].item() for name in SIZES] == pytest.approx(shares, abs=1e-12)


def test_equal_weights_leave_the_channels_as_they_are(generator):
    block, windows = made(), windows_of(SIZES, generator=generator, gaps=False)
    nn.init.zeros_(block.weigh.weight)
    nn.init.zeros_(block.weigh.bias)
    channels = torch.cat([block.layers[name](stream) for name, stream in windows.streams.items()], dim=-1)
    fused = block(windows)
    torch.testing.assert_close(fused.features, block.read(channels))
    for share in fused.shares.values():
        torch.testing.assert_close(share, torch.full_like(share, 1 / 3))


def test_shares_follow_the_scores(generator):
    """Every channel of the voice is weighed e times as much as the others': e / (e + 2) is its share."""
    block, windows = made(), windows_of(SIZES, generator=generator, gaps=False)
    nn.init.zeros_(block.weigh.weight)
    block.weigh.bias.data = torch.tensor([0.0] * 3 + [1.0] * 3 + [0.0] * 3).double()
    share = block(windows).shares["audio"]
    torch.testing.assert_close(share, torch.full_like(share, 2.718281828459045 / 4.718281828459045))


def test_nothing_known_gives_nothing(generator):
    fused = made()(windows_of(SIZES, generator=generator).missing(SIZES))
    assert fused.features.eq(0).all()
