import pytest
import torch

from facsight.core.errors import BadPeople
from facsight.nn.split_perceptron import split_perceptron
from facsight.nn.split_resnet import split_resnet


def test_features_are_maps_and_evidence_stays_exact(generator):
    """Under average pooling a logit is the mean of its class map, whatever is done to channels before."""
    network = split_resnet((1, 24, 24), classes=3, widths=(4, 6, 8), stem=4).eval()
    maps = network.encode(torch.randn(2, 1, 24, 24, generator=generator)) * 1.7 - 0.3
    assert (maps.ndim, maps.shape[1], network.channels) == (4, 8, 8)
    by_place = torch.stack(
        [
            network.decide(maps[:, :, y : y + 1, x : x + 1])
            for y in range(maps.shape[2])
            for x in range(maps.shape[3])
        ]
    )
    torch.testing.assert_close(network.decide(maps), by_place.mean(dim=0))


def test_inputs_of_another_kind_are_told_which_network_they_take():
    with pytest.raises(BadPeople, match=r"network\.name=split_perceptron"):
        split_resnet((7,), classes=3)
    with pytest.raises(BadPeople, match=r"network\.name=split_resnet"):
        split_perceptron((1, 24, 24), classes=3)
