import pytest
import torch
from torch import nn

from facsight.nn.fixed import evaluated, fixed


def test_weights_get_no_gradient_and_inputs_do_by_hand():
    layer, inputs = nn.Linear(2, 1), torch.tensor([[1.0, 2.0]], requires_grad=True)
    fixed(layer, inputs).sum().backward()
    assert layer.weight.grad is None
    assert layer.bias.grad is None
    torch.testing.assert_close(inputs.grad, layer.weight.detach())
    torch.testing.assert_close(fixed(layer, inputs), layer(inputs))


def test_nothing_is_dropped_while_it_is_fixed():
    network, inputs = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.9)), torch.ones(2, 3)
    torch.testing.assert_close(fixed(network.train(), inputs), network[0](inputs))


def test_each_part_goes_back_to_its_own_mode():
    network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(3)).train()
    network[1].eval()
    with evaluated(network):
        assert not any(part.training for part in network.modules())
    assert [part.training for part in network.modules()] == [True, True, False]


def test_it_goes_back_after_an_error_too():
    network = nn.Linear(2, 1).train()
    with pytest.raises(RuntimeError):
        fixed(network, torch.ones(1, 3))
    assert network.training
