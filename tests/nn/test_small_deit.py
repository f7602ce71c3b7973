import pytest
import torch

from facsight.core.errors import BadFaces, BadRecipe
from facsight.nn.small_deit import SmallDeiT


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    return SmallDeiT(side=16, width=16, depth=3, heads=2).eval()


def heard(backbone, pixels):
    """What the network gives, and the attention of every block."""
    kept = []
    hooks = [
        block.attention.weights.register_forward_hook(lambda _m, _i, out: kept.append(out))
        for block in backbone.blocks
    ]
    maps = backbone(pixels)
    for hook in hooks:
        hook.remove()
    return maps, kept


def test_maps_have_a_cell_a_patch(backbone, generator):
    attention, tokens = backbone(torch.randn(2, 1, 16, 16, generator=generator))
    assert attention.shape == (2, 3, 4, 4)
    assert tokens.shape == (2, 16, 4, 4)
    assert backbone.channels == (3, 16)


def test_every_block_lets_its_attention_be_heard(backbone, generator):
    (attention, _), blocks = heard(backbone, torch.randn(2, 1, 16, 16, generator=generator))
    assert len(blocks) == 3
    for number, weights in enumerate(blocks):
        assert weights.shape == (2, 2, 17, 17)
        torch.testing.assert_close(weights.sum(dim=3), torch.ones(2, 2, 17))
        by_hand = (weights[:, 0, 0, 1:] + weights[:, 1, 0, 1:]) / 2
        torch.testing.assert_close(attention[:, number].flatten(1), by_hand)


def test_attention_equals_torchs_own(backbone, generator):
    module = backbone.blocks[0].attention
    reference = torch.nn.MultiheadAttention(16, 2, batch_first=True)
    reference.in_proj_weight.data, reference.in_proj_bias.data = (
        module.ask_key_value.weight.data,
        module.ask_key_value.bias.data,
    )
    reference.out_proj.load_state_dict(module.join.state_dict())
    tokens = torch.randn(2, 17, 16, generator=generator)
    expected, weights = reference(tokens, tokens, tokens, average_attn_weights=False)
    torch.testing.assert_close(module(tokens), (expected, weights))


def test_without_positions_patches_may_be_swapped(backbone, generator):
    backbone.positions.data.zero_()
    backbone.patches = torch.nn.Conv2d(1, 16, 4, 4)  # the stem would see the border
    pixels = torch.randn(1, 1, 16, 16, generator=generator)
    attention, tokens = backbone(pixels)
    swapped_attention, swapped_tokens = backbone(pixels.roll(4, dims=3))
    torch.testing.assert_close(swapped_attention, attention.roll(1, dims=3))
    torch.testing.assert_close(swapped_tokens, tokens.roll(1, dims=3))


def test_the_channel_mean_of_tokens_says_something(backbone, generator):
    # after a layer normalisation it would be zero up to rounding
    tokens = backbone(torch.randn(1, 1, 16, 16, generator=generator))[1]
    assert tokens.mean(dim=1).std() > 0.01


def test_it_has_about_a_million_weights_by_default():
    assert 0.9e6 < sum(p.numel() for p in SmallDeiT().parameters()) < 1.2e6


def test_positions_start_apart_from_each_other():
    positions = SmallDeiT(side=48).positions[0, 1:]
    apart = torch.cdist(positions, positions) + 1e3 * torch.eye(144)
    assert apart.min() > 1
    # neighbours are nearer than opposite corners
    assert apart[0, 1] < apart[0, 143]


def test_faces_of_another_size(backbone):
    with pytest.raises(BadFaces, match=r"16 x 16 pixels, found \(48, 48\)"):
        backbone(torch.zeros(1, 1, 48, 48))


@pytest.mark.parametrize("options", [{"side": 50}, {"heads": 5}, {"depth": 0}, {"width": 6, "heads": 3}])
def test_shapes_that_do_not_fit(options):
    with pytest.raises(BadRecipe, match="divide"):
        SmallDeiT(**options)
