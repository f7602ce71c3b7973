import math

import pytest
import torch
from torch import nn

from facsight.core.errors import UnknownName
from facsight.core.sequences import Sequences
from facsight.fusion.leader_follower import LeaderFollower
from fusion_windows import windows_of

SIZES = {"face": 4, "audio": 3, "text": 2}


def as_torch_has_it(block, width, heads):
    """torch's own attention with the block's weights."""
    attention = nn.MultiheadAttention(width, heads, batch_first=True).double()
    attention.in_proj_weight.data, attention.in_proj_bias.data = block.inward.weight, block.inward.bias
    attention.out_proj.weight.data, attention.out_proj.bias.data = block.outward.weight, block.outward.bias
    return attention


def test_against_torchs_attention_over_what_is_known(generator):
    """Step by step, with only the known modalities: cut away, not masked."""
    block, windows = LeaderFollower(SIZES, width=6, heads=2).double(), windows_of(SIZES, generator=generator)
    attention, fused = as_torch_has_it(block, 6, 2), block(windows)
    for b, t in windows.inside.nonzero().tolist():
        known = [k for k, name in enumerate(SIZES) if windows.known[name][b, t]]
        names = [list(SIZES)[k] for k in known]
        tokens = torch.stack([block.aligned.layers[n](windows.streams[n][b, t]) for n in names]).unsqueeze(0)
        read, weights = attention(tokens, tokens, tokens)
        expected, shares = torch.zeros(3, 6).double(), torch.zeros(3).double()
        expected[known], shares[known] = read[0], weights[0].mean(dim=0)
        leader = windows.streams["face"][b, t]  # 0 where it is not known
        torch.testing.assert_close(fused.features[b, t], torch.cat([leader, expected.flatten()]))
        torch.testing.assert_close(torch.stack([fused.shares[name][b, t] for name in SIZES]), shares)


def test_shares_by_hand():
    """One feature, one head, p = x: the score of m for k is x_m x_k; x = 1 and 2."""
    block = LeaderFollower({"face": 1, "audio": 1}, width=1, heads=1).double()
    for layer in (block.inward, block.outward):
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
    yes = torch.tensor([[True]])
    streams = {"face": torch.tensor([[[1.0]]]).double(), "audio": torch.tensor([[[2.0]]]).double()}
    fused = block(Sequences(streams, dict.fromkeys(streams, yes), yes))
    by_face, by_audio = (1 / (1 + math.exp(x)) for x in (1, 2))  # the weight of the face
    assert fused.shares["face"].item() == pytest.approx((by_face + by_audio) / 2)
    # what each reads: 1 · weight of the face + 2 · weight of the voice
    assert fused.features.flatten().tolist() == pytest.approx([1.0, 2 - by_face, 2 - by_audio])


@pytest.mark.parametrize("leader", SIZES)
def test_the_leader_goes_along_unchanged(leader, generator):
    windows = windows_of(SIZES, generator=generator)
    block = LeaderFollower(SIZES, width=6, leader=leader).double()
    assert block.size == SIZES[leader] + 3 * 6
    assert torch.equal(block(windows).features[..., : SIZES[leader]], windows.streams[leader])


def test_a_missing_leader_is_zeros_and_followers_go_on(generator):
    windows = windows_of(SIZES, generator=generator, gaps=False).missing(["face"])
    features = LeaderFollower(SIZES, width=6).double()(windows).features
    assert features[..., : 4 + 6].eq(0).all()
    assert features[..., 4 + 6 :].ne(0).any(dim=-1).all()


def test_steps_do_not_see_each_other(generator):
    windows = windows_of(SIZES, generator=generator, gaps=False)
    block = LeaderFollower(SIZES, width=6).double()
    order = torch.tensor([3, 1, 4, 0, 2])
    moved = windows.encoded({name: stream[:, order] for name, stream in windows.streams.items()})
    torch.testing.assert_close(block(moved).features, block(windows).features[:, order])


def test_a_leader_that_is_not_there():
    with pytest.raises(UnknownName, match="did you mean 'face'"):
        LeaderFollower(SIZES, leader="fase")
