import math

import pytest
import torch

from facsight.core.errors import BadCodebook, BadRecipe
from facsight.nn.heads.relation_graph import PRIOR, RelationGraph


class Narrow:
    """A backbone of three channels."""

    channels = (3,)

    def __call__(self, pixels):
        return [pixels]


def head(units=(1, 4, 12), **options):
    torch.manual_seed(0)
    return RelationGraph(Narrow(), action_units=units, unit_width=4, **options).eval()


def maps(count=2):
    return [torch.randn(count, 3, 4, 5, generator=torch.Generator().manual_seed(1))]


@torch.no_grad()
def test_two_units_by_hand():
    """One place and channel; all layers zero but those that carry 2 from the second unit to the first."""
    graph = RelationGraph(Narrow(), action_units=(6, 12), unit_width=1).eval()
    for parameter in graph.parameters():
        parameter.zero_()
    graph.pooled.bias.copy_(torch.tensor([[3.0], [2.0]]))
    graph.message.weight.copy_(torch.tensor([[[0.0]], [[1.0]]]))
    graph.sought.fill_(1.0)
    graph.scale.fill_(1.0)
    units = torch.tensor([[[3.0], [2.0]]])
    parts = graph.messages(units)
    # the only other unit has the whole gate: 2 goes to the first unit, nothing to the second
    assert parts[..., 0].tolist() == [[[0.0, 2.0], [0.0, 0.0]]]
    said = graph.read([torch.zeros(1, 3, 1, 1)])
    # h = 3 + 2 and 2 + 0: of one dimension, so cosines are 1 whoever is heard
    torch.testing.assert_close(said.logits, torch.ones(1, 2))
    torch.testing.assert_close(said.edges, torch.zeros(1, 2, 2))


@torch.no_grad()
def test_an_edge_is_the_logit_less_that_without_the_message():
    """In two dimensions: the unit is (1, 0), hears (0, 1), and is sought at (0, 1)."""
    graph = RelationGraph(Narrow(), action_units=(6, 12), unit_width=2).eval()
    for parameter in graph.parameters():
        parameter.zero_()
    graph.pooled.bias.copy_(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    graph.message.bias.copy_(torch.tensor([[0.0, 0.0], [0.0, 1.0]]))
    graph.sought.copy_(torch.tensor([[0.0, 1.0], [0.0, 1.0]]))
    graph.scale.fill_(2.0)
    said = graph.read([torch.zeros(1, 3, 1, 1)])
    # cos((1, 1), (0, 1)) = 1 / sqrt 2; without the message cos((1, 0), (0, 1)) = 0
    torch.testing.assert_close(said.logits, torch.tensor([[math.sqrt(2), 0.0]]))
    torch.testing.assert_close(said.edges, torch.tensor([[[0.0, math.sqrt(2)], [0.0, 0.0]]]))


@torch.no_grad()
def test_reading_against_a_slow_loop():
    graph = head(prior="facsight")
    features = maps()[0]
    said = graph.read([features])
    for face in range(2):
        pooled = []
        for i in range(3):
            score = (features[face] * graph.attend.weight[i, :, 0, 0, None, None]).sum(0)
            share = score.exp() / score.exp().sum()
            torch.testing.assert_close(said.maps[face, i], share)
            place = (features[face] * share).sum(dim=(1, 2))
            pooled.append((graph.pooled.weight[i] @ place + graph.pooled.bias[i]).clamp(min=0))
        for i in range(3):
            logit, without = slow_decision(graph, pooled, i)
            torch.testing.assert_close(said.logits[face, i], logit)
            torch.testing.assert_close(said.edges[face, i], torch.stack([logit - w for w in without]))


def slow_decision(graph, pooled, i):
    """The logit of a unit, and those with each other unit's message left out, from the formula."""
    gates = {}
    for j in range(3):
        if j != i:
            pair = graph.receiving(pooled[i]) + graph.sending(pooled[j]) + graph.both(pooled[i] * pooled[j])
            gates[j] = 1 / (1 + (-(pair + PRIOR * graph.prior[i, j])).exp())
    total = sum(gates.values())
    sent = {
        j: gate / total * (graph.message.weight[j] @ pooled[j] + graph.message.bias[j])
        for j, gate in gates.items()
    }

    def logit(left_out):
        heard = sum((m for j, m in sent.items() if j != left_out), torch.zeros(4))
        known = pooled[i] + (graph.own(pooled[i]) + heard).clamp(min=0)
        cosine = known @ graph.sought[i] / (known.norm() * graph.sought[i].norm()).clamp(min=1e-8)
        return graph.scale[i] * cosine + graph.bias[i]

    return logit(None), [logit(j) for j in range(3)]


@torch.no_grad()
def test_maps_sum_to_one_and_no_unit_sends_itself_anything():
    said = head().read(maps())
    torch.testing.assert_close(said.maps.sum(dim=(2, 3)), torch.ones(2, 3))
    torch.testing.assert_close(said.edges.diagonal(dim1=1, dim2=2), torch.zeros(2, 3))
    assert said.edges.abs().sum() > 0


@torch.no_grad()
def test_units_in_another_order_are_decided_on_alike():
    graph, turned = head(), head()
    order = torch.tensor([2, 0, 1])
    for name, tensor in graph.state_dict().items():
        by_unit = tensor.ndim > 0 and len(tensor) == 3 and not name.startswith(("prior", "rec", "send"))
        turned.state_dict()[name].copy_(tensor[order] if by_unit else tensor)
    one, other = graph.read(maps()), turned.read(maps())
    torch.testing.assert_close(one.logits[:, order], other.logits)
    torch.testing.assert_close(one.edges[:, order][:, :, order], other.edges)


@torch.no_grad()
def test_a_face_is_read_alike_in_any_batch():
    graph = head()
    torch.testing.assert_close(graph.read(maps()).logits[:1], graph.read([maps()[0][:1]]).logits)


def test_every_weight_has_a_gradient():
    graph = head().train()
    graph.read(maps(8)).logits.square().sum().backward()
    still = [name for name, weight in graph.named_parameters() if not weight.grad.abs().sum() > 0]
    assert not still


def test_gradients_of_messages():
    graph = head().double()
    units = torch.rand(2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(graph.messages, (units,))


def test_priors():
    assert not head().prior.any()
    presence = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, torch.nan], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    from_labels = head(prior="labels")
    from_labels.learn_prior(presence)
    assert from_labels.prior[0, 1] == 1  # always together
    from_book = head((6, 12, 4), prior="facsight")
    assert from_book.prior[0, 1] > 0 > from_book.prior[1, 2]  # smiles; no expression frowns and smiles
    kept = from_book.prior.clone()
    from_book.learn_prior(presence)
    assert torch.equal(from_book.prior, kept)


def test_bad_options():
    with pytest.raises(BadRecipe, match="two action units or more"):
        head((6,))
    with pytest.raises(BadCodebook, match="no codebook is called 'labls'"):
        head(prior="labls")
