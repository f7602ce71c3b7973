import pytest
import torch
from torch import nn

from facsight.explain.gradcam import grad_cam
from facsight.explain.xgradcam import xgrad_cam
from facsight.probe.probe import Probe
from oracles.cams import each_face, slow_xgrad_cam
from small_networks import CurvedCNN, SmallCNN, faces, seeded

ABOUT = torch.tensor([0, 3, 1])


def one_map(weights: list[float]) -> nn.Module:
    network = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        network[2].weight.copy_(torch.tensor([weights]))  # pyright: ignore
    return network


def test_by_hand():
    # weight (1 * 1 + 3 * 0 + 0 + 0) / 4 = 1/4
    pixels = torch.tensor([[[[1.0, 0.0], [0.0, 3.0]]]])
    found = xgrad_cam(Probe(one_map([1, 7, 7, 0]), ["0"]), pixels, torch.tensor([0]))
    assert found.tolist() == [[[0.25, 0.0], [0.0, 0.75]]]


@pytest.mark.parametrize("layer", ["first_activation", "second", "activation"])
def test_is_the_oracles(layer):
    network, pixels = seeded(CurvedCNN), faces(3, 12, 20)
    expected = each_face(slow_xgrad_cam, network, getattr(network, layer), pixels, ABOUT.tolist())
    found = xgrad_cam(Probe(network, [layer]), pixels, ABOUT)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_is_grad_cam_where_slopes_are_even():
    network, pixels = seeded(SmallCNN), faces(3)
    probe = Probe(network)
    torch.testing.assert_close(xgrad_cam(probe, pixels, ABOUT), grad_cam(probe, pixels, ABOUT))


def test_the_whole_map_is_the_score_where_the_score_is_linear_and_all_for_it():
    # conservation: without bias, mean(maps) W adds up to the score
    network, pixels = seeded(SmallCNN), faces(3)
    with torch.no_grad():
        network.head.bias.zero_()
        network.head.weight.abs_()
    found = xgrad_cam(Probe(network), pixels, ABOUT)
    torch.testing.assert_close(
        found.sum(dim=(1, 2)), network(pixels).gather(1, ABOUT[:, None])[:, 0].detach()
    )


def test_a_map_that_adds_up_to_zero_has_no_weight():
    pixels = torch.tensor([[[[1.0, -1.0], [0.0, 0.0]]]])
    assert not xgrad_cam(Probe(one_map([1, 2, 3, 4]), ["0"]), pixels, torch.tensor([0])).any()
    assert not xgrad_cam(
        Probe(one_map([1, 2, 3, 4]), ["0"]), torch.zeros(1, 1, 2, 2), torch.tensor([0])
    ).any()
