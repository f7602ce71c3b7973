import math

import torch
from torch import nn

from facsight.core.people import People
from facsight.methods.adaptation.supervised_people import SupervisedPeople
from facsight.nn.split_network import PooledHead, SplitNetwork


def one_row(label):
    number = torch.tensor([0])
    return People(torch.tensor([[1.0, -1.0]]), torch.tensor([label]), number, number, ("anna",))


def told(bias):
    """A network that says these logits of anybody."""
    head = PooledHead(2, classes=2)
    nn.init.zeros_(head.linear.weight)
    head.linear.bias.data = torch.tensor(bias)
    return SplitNetwork(nn.Identity(), head)


def test_cross_entropy_by_hand():
    terms = SupervisedPeople(told([math.log(3.0), 0.0])).objective(one_row(0), 0.0)
    torch.testing.assert_close(terms["expression"], torch.tensor(-math.log(0.75)))


def test_smoothing_by_hand():
    terms = SupervisedPeople(told([math.log(3.0), 0.0]), smoothing=0.5).objective(one_row(0), 0.0)
    torch.testing.assert_close(
        terms["expression"], torch.tensor(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    )


def test_the_whole_network_learns():
    network = SplitNetwork(nn.Linear(2, 3), PooledHead(3, classes=2))
    SupervisedPeople(network).objective(one_row(1), 0.0).total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
