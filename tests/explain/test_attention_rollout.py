import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facsight.core.errors import UnknownName
from facsight.explain.attention_rollout import attention_rollout
from facsight.probe.probe import Probe
from oracles.pixel_explainers import slow_rollout
from small_networks import CurvedCNN, faces, seeded, transformer


class Known(nn.Module):
    """Blocks `(head, token, token)` of known attention, whatever the picture."""

    def __init__(self, *blocks):
        super().__init__()
        self.blocks = [torch.tensor(block) for block in blocks]

    def forward(self, pixels):
        tokens = torch.ones(len(pixels), 1, self.blocks[0].shape[-1], 2)
        for block in self.blocks:
            same = torch.zeros_like(tokens).expand(-1, len(block), -1, -1)
            tokens = F.scaled_dot_product_attention(same, same, tokens, attn_mask=block.log())
        return tokens.mean(dim=(1, 2))


FIRST = [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.2, 0.2, 0.6]]
SECOND = [[0.2, 0.4, 0.4], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]
ABOUT = torch.tensor([0])


def pair() -> torch.Tensor:
    """A picture of two square patches beside each other."""
    return torch.zeros(1, 1, 2, 4)


def test_two_blocks_of_one_head_by_hand():
    # half the way around: the class token's row of the second is .6 .2 .2, the first's rows are
    # .75 .125 .125 / 0 1 0 / .1 .1 .8, so the patches get
    # .6 * .125 + .2 * 1 + .2 * .1 = .295 and .6 * .125 + 0 + .2 * .8 = .235
    found = attention_rollout(Probe(Known([FIRST], [SECOND])), pair(), ABOUT)
    torch.testing.assert_close(found, torch.tensor([[[0.295, 0.235]]]))


def test_heads_are_fused_by_hand():
    # the class token's rows .5 .25 .25 and .2 .4 .4: their mean, .35 .325 .325
    probe = Probe(Known([FIRST, SECOND]))
    # as means, largest (.5 .4 .4, of 1.3) and smallest (.2 .25 .25, of .7) weights; half goes around
    expected = {"mean": 0.1625, "max": 0.2 / 1.3, "min": 0.125 / 0.7}
    for heads, value in expected.items():
        found = attention_rollout(probe, pair(), ABOUT, heads=heads)
        torch.testing.assert_close(found, torch.full((1, 1, 2), value))


def test_attention_to_itself_alone_moves_nothing():
    found = attention_rollout(Probe(Known([torch.eye(3).tolist()])), pair(), ABOUT)
    assert found.tolist() == [[[0.0, 0.0]]]


def test_without_class_token_the_mean_over_patches_is_read():
    # .5 .5 for both, half around: rows .75 .25 and .25 .75
    first, second = [[0.9, 0.1], [0.6, 0.4]], [[0.5, 0.5], [0.5, 0.5]]
    found = attention_rollout(Probe(Known([first], [second])), pair(), ABOUT)
    # columns of the product's mean row .5 .5 times the first: (.95 + .3) / 2 and (.05 + .7) / 2
    torch.testing.assert_close(found, torch.tensor([[[0.625, 0.375]]]))


@pytest.mark.parametrize(("kind", "extra"), [("vit", 1), ("dinov2_with_registers", 5)])
def test_equals_slow_products(kind, extra):
    network, pixels = transformer(kind), faces(2, 32, 32)
    found = attention_rollout(Probe(network), pixels, torch.tensor([0, 1]))
    network.set_attn_implementation("eager")
    with torch.no_grad():
        blocks = network(pixels, output_attentions=True).attentions
    for face in range(2):
        slow = slow_rollout([block[face].numpy() for block in blocks])
        torch.testing.assert_close(
            found[face], torch.tensor(slow[0][extra:]).view(4, 4), rtol=1e-4, atol=1e-6
        )


def test_shares_sum_to_what_is_not_left_in_other_tokens():
    found = attention_rollout(Probe(transformer("vit")), faces(3, 32, 32), torch.tensor([0, 1, 2]))
    assert (found >= 0).all()
    total = found.sum(dim=(1, 2))
    # the class token keeps at least a half of itself in each of three blocks
    assert ((total > 0) & (total <= 1 - 0.5**3 + 1e-6)).all()


def test_the_class_changes_nothing():
    probe, pixels = Probe(transformer("deit")), faces(2, 32, 32)
    one, other = (attention_rollout(probe, pixels, torch.tensor(about)) for about in ([0, 1], [3, 2]))
    assert torch.equal(one, other)


def test_another_way_to_fuse_heads_is_refused(unchecked):
    with pytest.raises(UnknownName, match="did you mean 'mean'"):
        attention_rollout(Probe(Known([FIRST])), pair(), ABOUT, heads="meen")  # pyright: ignore


def test_a_network_without_attention_is_sent_elsewhere():
    with pytest.raises(UnknownName, match="none in CurvedCNN"):
        attention_rollout(Probe(seeded(CurvedCNN)), faces(1), ABOUT)
