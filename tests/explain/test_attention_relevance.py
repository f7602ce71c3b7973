import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facsight.core.errors import UnknownName
from facsight.explain.attention_relevance import attention_relevance
from facsight.probe.probe import Probe
from oracles.pixel_explainers import slow_relevance
from small_networks import CurvedCNN, faces, seeded, transformer


class Mixed(nn.Module):
    """A class token beside patches of two pixels, whose values are their means; attention is known."""

    def __init__(self, heads):
        super().__init__()
        self.heads = torch.tensor(heads)

    def forward(self, pixels):
        patches = F.avg_pool2d(pixels, 2).flatten(2).unsqueeze(3)
        values = F.pad(patches, (0, 0, 1, 0)).expand(-1, len(self.heads), -1, -1)
        same = torch.zeros_like(values)
        mixed = F.scaled_dot_product_attention(same, same, values, attn_mask=self.heads.log())
        score = mixed[:, :, 0, 0].sum(dim=1)
        return torch.stack([score, -score], dim=1)


ROW = [[0.5, 0.2, 0.3], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
OTHER = [[0.2, 0.6, 0.2], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def pair(left: float, right: float) -> torch.Tensor:
    pixels = torch.full((1, 1, 2, 4), left)
    pixels[..., 2:] = right
    return pixels


def test_one_block_by_hand():
    # the score is sum_j A_0j v_j: its gradient by A_0j is the patch's value, 3 and -1.
    # For the class: .2 * 3; against it: .3 * 1
    probe = Probe(Mixed([ROW]))
    found = attention_relevance(probe, pair(3.0, -1.0), torch.tensor([0]))
    torch.testing.assert_close(found, torch.tensor([[[0.6, 0.0]]]))
    against = attention_relevance(probe, pair(3.0, -1.0), torch.tensor([1]))
    torch.testing.assert_close(against, torch.tensor([[[0.0, 0.3]]]))


def test_heads_are_averaged_after_the_cut_by_hand():
    # the patch gets .6 from one head and 1.8 from the other
    found = attention_relevance(Probe(Mixed([ROW, OTHER])), pair(3.0, -1.0), torch.tensor([0]))
    torch.testing.assert_close(found, torch.tensor([[[1.2, 0.0]]]))


@pytest.mark.parametrize(("kind", "extra"), [("vit", 1), ("deit", 2), ("dinov2_with_registers", 5)])
def test_equals_slow_sums(kind, extra):
    network, pixels, about = transformer(kind), faces(2, 32, 32), torch.tensor([1, 3])
    found = attention_relevance(Probe(network), pixels, about)
    network.set_attn_implementation("eager")
    said = network(pixels, output_attentions=True)
    slopes = torch.autograd.grad(said.logits.gather(1, about[:, None]).sum(), said.attentions)
    for face in range(2):
        slow = slow_relevance(
            [block[face].detach().numpy() for block in said.attentions], [s[face].numpy() for s in slopes]
        )
        expected = torch.tensor(slow[0][extra:]).view(4, 4)
        torch.testing.assert_close(found[face], expected, rtol=1e-3, atol=1e-4 * float(expected.max()))


def test_depends_on_the_class_and_not_on_the_faces_beside_it():
    probe, pixels = Probe(transformer("vit")), faces(3, 32, 32)
    together = attention_relevance(probe, pixels, torch.tensor([0, 1, 2]))
    assert (together >= 0).all()
    for face in range(3):
        alone = attention_relevance(probe, pixels[face : face + 1], torch.tensor([face]))[0]
        torch.testing.assert_close(together[face], alone, rtol=1e-3, atol=1e-5)
    assert not torch.allclose(together[0], attention_relevance(probe, pixels, torch.tensor([3, 1, 2]))[0])


def test_works_for_weights_that_are_frozen():
    free, frozen = transformer("vit"), transformer("vit").requires_grad_(False)
    pixels, about = faces(1, 32, 32), torch.tensor([2])
    torch.testing.assert_close(
        attention_relevance(Probe(free), pixels, about), attention_relevance(Probe(frozen), pixels, about)
    )


def test_a_network_without_attention_is_sent_elsewhere():
    with pytest.raises(UnknownName, match="none in CurvedCNN"):
        attention_relevance(Probe(seeded(CurvedCNN)), faces(1), torch.tensor([0]))
