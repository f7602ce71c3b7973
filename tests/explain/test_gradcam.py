import pytest
import torch
from torch import nn

from facsight.explain.gradcam import grad_cam
from facsight.functional.maps import fuse
from facsight.probe.probe import Probe
from oracles.cams import each_face, slow_grad_cam
from small_networks import CurvedCNN, SmallCNN, faces, seeded

ABOUT = torch.tensor([0, 3, 1])


def test_by_hand():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Flatten(), nn.Linear(8, 1, bias=False))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))  # pyright: ignore
        network[0].bias.copy_(torch.tensor([0.0, 4.0]))  # pyright: ignore
        network[2].weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 6.0, -1.0, -1.0, 0.0, -2.0]]))  # pyright: ignore
    # maps x and 4 - x; mean slopes 3 and -1: 3x - (4 - x) = 4x - 4, cut off below zero
    pixels = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    assert grad_cam(Probe(network, ["0"]), pixels, torch.tensor([0])).tolist() == [[[0.0, 0.0], [4.0, 8.0]]]


@pytest.mark.parametrize("layer", ["first_activation", "second", "activation"])
def test_is_the_oracles(layer):
    network, pixels = seeded(CurvedCNN), faces(3, 12, 20)
    expected = each_face(slow_grad_cam, network, getattr(network, layer), pixels, ABOUT.tolist())
    torch.testing.assert_close(
        grad_cam(Probe(network, [layer]), pixels, ABOUT), expected, atol=1e-5, rtol=1e-5
    )


def test_is_the_class_activation_map_where_the_head_is_linear():
    network, pixels = seeded(SmallCNN), faces(3)
    found = grad_cam(Probe(network), pixels, ABOUT)
    expected = torch.einsum("bd,bdhw->bhw", network.head.weight[ABOUT], network.features(pixels)).relu()
    places = network.features(pixels)[0, 0].numel()
    torch.testing.assert_close(found * places, expected.detach())


def test_several_layers_are_fused():
    network, pixels = seeded(CurvedCNN), faces(3)
    layers = ["first_activation", "activation"]
    alone = [grad_cam(Probe(network, [layer]), pixels, ABOUT) for layer in layers]
    torch.testing.assert_close(grad_cam(Probe(network, layers), pixels, ABOUT), fuse(alone))
