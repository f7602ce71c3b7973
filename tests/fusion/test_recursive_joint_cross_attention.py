import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.fusion.joint_cross_attention import JointCrossAttention
from facsight.fusion.recursive_joint_cross_attention import RecursiveAttention
from fusion_windows import taken, windows_of

SIZES = {"face": 4, "audio": 3, "text": 2}
STEPS = pytest.mark.parametrize("steps", [None, 5])


def once(block, which):
    """Joint cross-attention with the weights of one round."""
    single = JointCrossAttention(SIZES, hidden=3, steps=block.rounds[0].attend["face"].correlation.steps)
    single.attention = block.rounds[which]
    return single


def streams_of(features):
    return dict(zip(SIZES, features.split(list(SIZES.values()), dim=-1), strict=True))


@STEPS
def test_one_round_is_joint_cross_attention(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = RecursiveAttention(SIZES, hidden=3, steps=steps, iterations=1).double()
    torch.testing.assert_close(block(windows).features, once(block, 0)(windows).features)


@STEPS
@pytest.mark.parametrize("share_weights", [True, False])
def test_what_was_attended_to_is_looked_at_next(steps, share_weights, generator):
    windows = windows_of(SIZES, generator=generator)
    block = RecursiveAttention(
        SIZES, hidden=3, steps=steps, iterations=3, share_weights=share_weights
    ).double()
    by_hand = windows
    for iteration in range(3):
        attended = once(block, 0 if share_weights else iteration)(by_hand).features
        by_hand = by_hand.encoded(streams_of(attended))
    torch.testing.assert_close(
        block(windows).features, torch.cat(list(by_hand.streams.values()), dim=-1), rtol=0, atol=1e-12
    )


def test_shared_weights_are_as_many_as_those_of_one_round():
    def weights(**options):
        return sum(p.numel() for p in RecursiveAttention(SIZES, **options).parameters())

    assert weights(iterations=3) == weights(iterations=1)
    assert weights(iterations=3, share_weights=False) == 3 * weights(iterations=1)


@STEPS
def test_a_window_does_not_depend_on_the_others(steps, generator):
    windows = windows_of(SIZES, generator=generator)
    block = RecursiveAttention(SIZES, steps=steps).double()
    for b in range(3):
        alone = block(taken(windows, [b])).features
        torch.testing.assert_close(alone, block(windows).features[[b]], rtol=0, atol=1e-12)


@STEPS
def test_a_modality_that_is_not_there_stays_zero_in_every_round(steps, generator):
    block = RecursiveAttention(SIZES, steps=steps).double()
    lacking = block(windows_of(SIZES, generator=generator)).features[2, :, -2:]
    assert torch.equal(lacking, torch.zeros_like(lacking))


def test_every_weight_is_learnt(generator):
    block = RecursiveAttention(SIZES, share_weights=False).double()
    block(windows_of(SIZES, generator=generator)).features.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in block.parameters())


def test_bad_options():
    with pytest.raises(BadRecipe, match="iterations"):
        RecursiveAttention(SIZES, iterations=0)
