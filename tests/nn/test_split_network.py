import copy

import torch
from torch import nn

from facsight.nn.split_network import PooledHead, SplitNetwork, split
from facsight.nn.weights import build_network


def test_forward_is_encode_then_decide(generator):
    network = SplitNetwork(nn.Linear(3, 4), PooledHead(4, classes=2))
    inputs = torch.randn(5, 3, generator=generator)
    assert torch.equal(network(inputs), network.decide(network.encode(inputs)))


def test_a_pooled_head_is_the_mean_of_its_class_maps(generator):
    head = PooledHead(4, classes=2)
    maps = torch.randn(3, 4, 5, 6, generator=generator)
    by_place = torch.stack([head(maps[:, :, y, x]) for y in range(5) for x in range(6)])
    torch.testing.assert_close(head(maps), by_place.mean(dim=0))


def test_a_classifier_that_is_split_says_the_same(generator):
    whole = build_network(3, widths=(4, 6, 8), blocks=(1, 1, 1), stem=4).eval()
    pixels = torch.randn(2, 1, 24, 24, generator=generator)
    parted = split(whole).eval()
    assert parted.encode(pixels).shape[:2] == (2, 8)
    torch.testing.assert_close(parted(pixels), whole(pixels).logits)
    assert {id(p) for p in parted.parameters()} == {id(p) for p in whole.parameters()}


def test_a_copy_of_a_split_classifier_has_weights_of_its_own(generator):
    network = split(build_network(3, widths=(4, 6, 8), blocks=(1, 1, 1), stem=4)).eval()
    pixels, other = torch.randn(2, 1, 24, 24, generator=generator), copy.deepcopy(network)
    said = network(pixels)
    for parameter in other.parameters():
        parameter.data.zero_()
    assert torch.equal(network(pixels), said)
    assert other(pixels).abs().sum() == 0
