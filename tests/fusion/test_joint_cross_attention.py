import math

import pytest
import torch

from facsight.core.errors import BadRecipe, UnknownName
from facsight.core.sequences import Sequences
from facsight.fusion.joint_cross_attention import JointCrossAttention
from fusion_windows import taken, windows_of
from oracles.joint_attention import attended_over_features, attended_over_steps

SIZES = {"face": 4, "audio": 3, "text": 2}


def transposed(layer):
    return layer.weight.T.tolist()


def written_out(block, windows, b):
    """What the formulas say of one window, modality by modality, side by side."""
    joint = torch.cat(list(windows.streams.values()), dim=-1)[b].tolist()
    sides = []
    for name, part in block.attention.attend.items():
        own, known = windows.streams[name][b].tolist(), windows.known[name][b].tolist()
        matrices = [transposed(m) for m in (part.correlation.affine, part.own, part.correlated, part.back)]
        if part.correlation.steps is None:
            rows = attended_over_features(own, joint, *matrices, known)
            sides.append(torch.tensor(rows, dtype=torch.float64))
        else:
            rows = torch.tensor(attended_over_steps(own, joint, *matrices), dtype=torch.float64)
            sides.append(rows * windows.known[name][b].unsqueeze(-1))
    return torch.cat(sides, dim=-1)


def test_a_window_of_one_step_by_hand():
    """X = [2], J = [2, 1]: C = tanh(2 · ½ · [2, 1] / √2), H = ReLU(2 · 3 + C · [1, 1]), X' = 2 + 0.1 H."""
    block = JointCrossAttention({"face": 1, "audio": 1}, hidden=1, steps=1).double()
    part = block.attention.attend["face"]
    for layer, value in (
        (part.correlation.affine, 0.5),
        (part.own, 3.0),
        (part.correlated, 1.0),
        (part.back, 0.1),
    ):
        torch.nn.init.constant_(layer.weight, value)
    yes = torch.ones(1, 1, dtype=torch.bool)
    streams = {"face": torch.full((1, 1, 1), 2.0).double(), "audio": torch.ones(1, 1, 1).double()}
    attended = block(Sequences(streams, {"face": yes, "audio": yes}, yes)).features[0, 0, 0].item()
    hidden = 6 + math.tanh(2 / math.sqrt(2)) + math.tanh(1 / math.sqrt(2))
    assert attended == pytest.approx(2 + 0.1 * hidden, abs=1e-12)


def test_the_length_free_form_by_hand():
    """X = [1, 3] over two steps, J = [X, A] with A = [1, 1]: C = tanh of the mean of X J = [5, 2]."""
    block = JointCrossAttention({"face": 1, "audio": 1}, hidden=1).double()
    part = block.attention.attend["face"]
    for layer, value in (
        (part.correlation.affine, 1.0),
        (part.own, 3.0),
        (part.correlated, 1.0),
        (part.back, 0.1),
    ):
        torch.nn.init.constant_(layer.weight, value)
    yes = torch.ones(1, 2, dtype=torch.bool)
    streams = {"face": torch.tensor([[[1.0], [3.0]]]).double(), "audio": torch.ones(1, 2, 1).double()}
    attended = block(Sequences(streams, {"face": yes, "audio": yes}, yes)).features[0, :, 0]
    weight = 3 + math.tanh(5) + math.tanh(2)
    torch.testing.assert_close(
        attended, torch.tensor([1 + 0.1 * weight, 3 + 0.3 * weight]).double(), rtol=0, atol=1e-7
    )


def test_without_a_way_back_features_are_concatenated(generator):
    windows = windows_of(SIZES, generator=generator)
    block = JointCrossAttention(SIZES).double()
    for part in block.attention.attend.values():
        torch.nn.init.zeros_(part.back.weight)
    torch.testing.assert_close(block(windows).features, torch.cat(list(windows.streams.values()), dim=-1))


@pytest.mark.parametrize("steps", [None, 5])
def test_it_is_what_the_formulas_say(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = JointCrossAttention(SIZES, hidden=3, steps=steps).double()
    said = block(windows).features
    for b in range(len(windows)):
        torch.testing.assert_close(said[b], written_out(block, windows, b), rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [None, 5])
def test_a_window_does_not_depend_on_the_others(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = JointCrossAttention(SIZES, steps=steps).double()
    said = block(windows).features
    torch.testing.assert_close(block(taken(windows, [2, 0, 1])).features, said[[2, 0, 1]], rtol=0, atol=1e-12)
    for b in range(3):
        torch.testing.assert_close(block(taken(windows, [b])).features, said[[b]], rtol=0, atol=1e-12)


def test_a_window_twice_over_is_read_the_same(generator):
    """Without `steps` correlations are means over steps."""
    windows = windows_of(SIZES, generator=generator, gaps=False)
    twice = Sequences(
        {name: stream.repeat(1, 2, 1) for name, stream in windows.streams.items()},
        {name: known.repeat(1, 2) for name, known in windows.known.items()},
        windows.inside.repeat(1, 2),
    )
    block = JointCrossAttention(SIZES).double()
    torch.testing.assert_close(block(twice).features[:, :5], block(windows).features)


@pytest.mark.parametrize("steps", [None, 5])
def test_what_is_not_known_weighs_nothing(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = JointCrossAttention(SIZES, steps=steps).double()
    other = Sequences(
        {
            name: s.masked_fill(~windows.known[name].unsqueeze(-1), 99.0)
            for name, s in windows.streams.items()
        },
        windows.known,
        windows.inside,
    )
    torch.testing.assert_close(block(other).features, block(windows).features)
    lacking = block(windows).features[2, :, -2:]
    assert torch.equal(lacking, torch.zeros_like(lacking))


@pytest.mark.parametrize("steps", [None, 5])
def test_each_modality_moves_what_is_said_of_each_other(steps, generator):
    """The release of the T-BIOM paper never uses what it makes of audio."""
    windows = windows_of(SIZES, generator=generator, gaps=False)
    leaves = {name: stream.clone().requires_grad_() for name, stream in windows.streams.items()}
    block = JointCrossAttention(SIZES, steps=steps).double()
    sides = block(windows.encoded(leaves)).features.split(list(SIZES.values()), dim=-1)
    for side in sides:
        for gradient in torch.autograd.grad(side.square().sum(), list(leaves.values()), retain_graph=True):
            assert gradient.abs().max() > 0


@pytest.mark.parametrize("steps", [None, 3])
def test_gradients(steps, generator):
    sizes = {"face": 2, "audio": 2}
    windows = windows_of(sizes, batch=2, steps=3, generator=generator, gaps=False)
    block = JointCrossAttention(sizes, hidden=2, steps=steps).double()

    def features(face, audio):
        return block(windows.encoded({"face": face, "audio": audio})).features

    leaves = tuple(stream.clone().requires_grad_() for stream in windows.streams.values())
    assert torch.autograd.gradcheck(features, leaves)


def test_every_weight_is_learnt_and_width_is_that_of_each_modality(generator):
    block = JointCrossAttention(SIZES, width=6).double()
    features = block(windows_of(SIZES, generator=generator)).features
    assert features.shape == (3, 5, 18)
    features.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in block.parameters())


def test_windows_of_another_length_are_refused(generator):
    block = JointCrossAttention(SIZES, steps=8).double()
    with pytest.raises(BadRecipe, match="windows of 8 steps and was given 5"):
        block(windows_of(SIZES, generator=generator))


def test_a_modality_that_is_not_there_is_named(generator):
    block = JointCrossAttention({"face": 4, "voice": 3}).double()
    with pytest.raises(UnknownName, match="voice"):
        block(windows_of({"face": 4, "audio": 3}, generator=generator))
