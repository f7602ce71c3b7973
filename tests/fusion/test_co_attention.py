import math

import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.fusion.co_attention import CoAttention
from fusion_windows import taken, windows_of
from oracles.joint_attention import (
    affine_map,
    correlation_over_features,
    correlation_over_steps,
    reread,
)

SIZES = {"face": 4, "audio": 3, "text": 2}
STEPS = pytest.mark.parametrize("steps", [None, 5])


def numbers(layer):
    return layer.weight.T.tolist(), layer.bias.tolist()


def written_out(layer, windows, b):
    """What the formulas say of one window."""
    joint = torch.cat(list(windows.streams.values()), dim=-1)[b].tolist()
    somewhere = torch.stack(list(windows.known.values())).any(dim=0)[b].tolist()
    width = layer.joint.out_features
    joint = [
        affine_map(row, *numbers(layer.joint)) if there else [0.0] * width
        for row, there in zip(joint, somewhere, strict=True)
    ]
    sides = []
    for name, part in layer.rereading.items():
        own, known = windows.streams[name][b].tolist(), windows.known[name][b].tolist()
        affine = part.correlation.affine.weight.T.tolist()
        if part.correlation.steps is None:
            similar = correlation_over_features(own, joint, affine, known)
        else:
            similar = correlation_over_steps(own, joint, affine)
        rows = reread(own, similar, numbers(part.project), numbers(part.back), known)
        sides.append(torch.tensor(rows, dtype=torch.float64))
    return torch.cat(sides, dim=-1)


def test_a_window_of_one_step_by_hand():
    """X = 2, J = 3 · 2 + 1 = 7: S = tanh(2 · ½ · 7), Y = tanh(2 S), X' = 2 + ReLU(5 Y - 1)."""
    block = CoAttention({"face": 1}, steps=1, joint=1, dropout=0.0).double()
    layer = block.layers[0]
    part = layer.rereading["face"]
    torch.nn.init.constant_(part.correlation.affine.weight, 0.5)
    for linear, weight, bias in ((layer.joint, 3.0, 1.0), (part.project, 1.0, 0.0), (part.back, 5.0, -1.0)):
        torch.nn.init.constant_(linear.weight, weight)
        torch.nn.init.constant_(linear.bias, bias)
    yes = torch.ones(1, 1, dtype=torch.bool)
    said = block(Sequences({"face": torch.full((1, 1, 1), 2.0).double()}, {"face": yes}, yes)).features.item()
    assert said == pytest.approx(2 + 5 * math.tanh(2 * math.tanh(7)) - 1, abs=1e-12)


@STEPS
def test_it_is_what_the_formulas_say(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = CoAttention(SIZES, joint=6, steps=steps).double().eval()
    said = block(windows).features
    for b in range(len(windows)):
        torch.testing.assert_close(said[b], written_out(block.layers[0], windows, b), rtol=0, atol=1e-12)


@STEPS
def test_layers_follow_each_other(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = CoAttention(SIZES, steps=steps, layers=2).double().eval()
    first = block.layers[0](windows.streams, windows.known)
    second = block.layers[1](first, windows.known)
    torch.testing.assert_close(block(windows).features, torch.cat(list(second.values()), dim=-1))


@STEPS
def test_a_window_does_not_depend_on_the_others_nor_on_what_is_not_known(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = CoAttention(SIZES, steps=steps).double().eval()
    said = block(windows).features
    for b in range(3):
        torch.testing.assert_close(block(taken(windows, [b])).features, said[[b]], rtol=0, atol=1e-12)
    other = Sequences(
        {
            name: s.masked_fill(~windows.known[name].unsqueeze(-1), 99.0)
            for name, s in windows.streams.items()
        },
        windows.known,
        windows.inside,
    )
    torch.testing.assert_close(block(other).features, said)


@STEPS
def test_audio_moves_what_is_said_of_the_face(steps, generator):
    windows = windows_of(SIZES, generator=generator, gaps=False)
    audio = windows.streams["audio"].clone().requires_grad_()
    block = CoAttention(SIZES, steps=steps).double().eval()
    face = block(windows.encoded({**windows.streams, "audio": audio})).features[..., :4]
    (gradient,) = torch.autograd.grad(face.square().sum(), audio)
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("steps", [None, 3])
def test_gradients(steps, generator):
    sizes = {"face": 2, "audio": 2}
    windows = windows_of(sizes, batch=2, steps=3, generator=generator, gaps=False)
    block = CoAttention(sizes, steps=steps, dropout=0.0).double()

    def features(face, audio):
        return block(windows.encoded({"face": face, "audio": audio})).features

    leaves = tuple(stream.clone().requires_grad_() for stream in windows.streams.values())
    assert torch.autograd.gradcheck(features, leaves)


def test_bad_options_and_windows_of_another_length(generator):
    with pytest.raises(BadRecipe, match="layers"):
        CoAttention(SIZES, layers=0)
    with pytest.raises(BadRecipe, match="windows of 8 steps and was given 5"):
        CoAttention(SIZES, steps=8).double()(windows_of(SIZES, generator=generator))
