import numpy as np
import pytest
import torch
from torch import nn

from facsight.core.people import People
from facsight.nn import split_network
from facsight.nn.source_moments import channel_moments, moments_of, source_moments
from facsight.nn.split_network import PooledHead, SplitNetwork
from planted_styles import plain_network, styled_people


def test_moments_are_those_of_numpy_over_rows_and_places(generator):
    maps = torch.randn(4, 3, 5, 6, generator=generator)
    mean, deviation = channel_moments(maps)
    np.testing.assert_allclose(mean, maps.numpy().mean(axis=(0, 2, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(deviation, maps.numpy().std(axis=(0, 2, 3)), rtol=1e-4)


@pytest.mark.parametrize("shape", [(7, 6), (7, 3, 4, 5)])
def test_moments_of_parts_are_those_at_once(shape, generator, monkeypatch):
    monkeypatch.setattr(split_network, "AT_ONCE", 3)
    inputs = 5 + torch.randn(*shape, generator=generator)
    found = moments_of(SplitNetwork(nn.Identity(), PooledHead(shape[1], classes=2)), inputs)
    torch.testing.assert_close(found, channel_moments(inputs))


def test_each_person_counts_once_however_many_rows_they_have():
    inputs = torch.tensor([[1.0], [3.0], [5.0], [20.0]]).expand(4, 6).contiguous()
    people = People(
        inputs, torch.tensor([0, 1, 1, 0]), torch.tensor([0, 0, 0, 1]), torch.arange(4), ("anna", "ben")
    )
    found = source_moments(plain_network(), people, classes=3)
    assert found.mean[0] == (3.0 + 20.0) / 2
    torch.testing.assert_close(found.deviation[0], torch.tensor((8 / 3) ** 0.5 / 2))
    assert found.classes[0, :2, 0].tolist() == [1.0, 4.0]
    assert found.classes[0, 2].isnan().all()
    assert found.classes[1, 0, 0] == 20.0


def test_many_inputs_are_encoded_in_parts_as_at_once():
    people, network = styled_people(20, seed=0), plain_network()
    assert torch.equal(network.encode_all(people.inputs), people.inputs)
    assert network.encode_all(people.inputs[:0]).shape == (0, 6)
