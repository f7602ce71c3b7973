import math

import numpy as np
import pytest
import torch
from torch import nn

from facsight.explain.layercam import layer_cam
from facsight.probe.probe import Probe
from oracles.cams import each_face, slow_layer_cam, slow_resize
from small_networks import CurvedCNN, faces, seeded

ABOUT = torch.tensor([0, 3, 1])


def test_by_hand():
    network = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(8, 1, bias=False))
    with torch.no_grad():
        network[2].weight.copy_(torch.tensor([[1.0, -1.0, 2.0, 0.0, 1.0, 1.0, 1.0, 1.0]]))  # pyright: ignore
    pixels = torch.tensor([[[[1.0, 5.0], [2.0, 3.0]], [[0.0, 1.0], [-7.0, 0.5]]]])
    # 1*1 + 0, 0 + 1*1, 2*2 - 7, 0 + 0.5
    assert layer_cam(Probe(network, ["0"]), pixels, torch.tensor([0])).tolist() == [[[1.0, 1.0], [0.0, 0.5]]]


@pytest.mark.parametrize("layer", ["first_activation", "second", "activation"])
def test_is_the_oracles(layer):
    network, pixels = seeded(CurvedCNN), faces(3, 12, 20)
    expected = each_face(slow_layer_cam, network, getattr(network, layer), pixels, ABOUT.tolist())
    torch.testing.assert_close(
        layer_cam(Probe(network, [layer]), pixels, ABOUT), expected, atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_several_layers_are_scaled_by_tanh_and_the_larger_counts(gain):
    network, pixels = seeded(CurvedCNN), faces(3, 12, 20)
    layers = ["activation", "first_activation"]
    alone = [
        each_face(slow_layer_cam, network, getattr(network, layer), pixels, ABOUT.tolist()).numpy()
        for layer in layers
    ]
    expected = []
    for deep, fine in zip(*alone, strict=True):
        enlarged = slow_resize(np.tanh(gain * deep / deep.max()), fine.shape)
        expected.append(np.maximum(enlarged, np.tanh(gain * fine / fine.max())))
    found = layer_cam(Probe(network, layers), pixels, ABOUT, gain=gain)
    np.testing.assert_allclose(found.numpy(), np.stack(expected), atol=1e-5)
    assert float(found.max()) == pytest.approx(math.tanh(gain))


def test_layers_without_any_support_stay_zero():
    network = seeded(CurvedCNN)
    with torch.no_grad():
        network.head.weight.zero_()
    assert not layer_cam(Probe(network, ["first", "activation"]), faces(3), ABOUT).any()
