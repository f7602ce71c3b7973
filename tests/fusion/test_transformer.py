import math

import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.fusion.transformer import TokenTransformer
from fusion_windows import windows_of

SIZES = {"face": 4, "audio": 3, "text": 2}


def made():
    torch.manual_seed(0)
    return TokenTransformer(SIZES, width=8, heads=2, dropout=0.0).double().train()


def position(step, size):
    angles = [step / 10_000 ** (2 * i / size) for i in range(size // 2)]
    return torch.tensor([f(angle) for angle in angles for f in (math.sin, math.cos)], dtype=torch.float64)


def test_against_an_encoder_that_is_given_what_is_known_only(generator):
    """Tokens cut away, not masked, and the mean of each step's."""
    block, windows = made(), windows_of(SIZES, generator=generator)
    features = block(windows).features
    for b in range(3):
        tokens, steps = [block.nothing[0]], [-1]
        for t in range(5):
            for k, name in enumerate(SIZES):
                if windows.known[name][b, t]:
                    token = block.aligned.layers[name](windows.streams[name][b, t]) + block.modality[k]
                    tokens.append(token + position(t, 8))
                    steps.append(t)
        read = block.encoder(torch.stack(tokens).unsqueeze(0))[0]
        for t in range(5):
            own = [row for row, step in zip(read, steps, strict=True) if step == t]
            expected = torch.stack(own).mean(dim=0) if own else torch.zeros(8).double()
            torch.testing.assert_close(features[b, t], expected, rtol=1e-6, atol=1e-6)


def test_tokens_of_one_step_find_each_other(generator):
    """A voice that comes a step late is something else: without positions all tokens would be one set."""
    windows = windows_of(SIZES, generator=generator, gaps=False)
    late = windows.encoded(windows.streams | {"audio": windows.streams["audio"].roll(1, dims=1)})
    block = made()
    whole, shifted = (block(w).features.mean(dim=1) for w in (windows, late))
    assert (whole - shifted).abs().max() > 1e-3


def test_the_same_in_evaluation(generator):
    windows, block = windows_of(SIZES, generator=generator), made()
    trained = block(windows).features
    with torch.inference_mode():  # torch takes another path here
        torch.testing.assert_close(block.eval()(windows).features, trained, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("wrong", [{"width": 9, "heads": 3}, {"width": 8, "heads": 3}])
def test_a_width_that_does_not_fit(wrong):
    with pytest.raises(BadRecipe, match=f"an even width that 3 heads can share, found {wrong['width']}"):
        TokenTransformer(SIZES, **wrong)
