import numpy as np
import torch
from torch import nn

from facsight.explain.gradcam_plus_plus import grad_cam_plus_plus
from facsight.probe.probe import Probe
from oracles.cams import slow_grad_cam_plus_plus
from small_networks import CurvedCNN, SmallCNN, faces, seeded

ABOUT = torch.tensor([0, 3])


def one_map(weights: list[float]) -> nn.Module:
    network = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        network[2].weight.copy_(torch.tensor([weights]))  # pyright: ignore
    return network


def test_by_hand():
    # sum of the map 4, slopes 1, -1, 2, 0: weight 1/(2 + 4) + 2/(2 + 8) = 11/30
    pixels = torch.tensor([[[[1.0, 0.0], [0.0, 3.0]]]])
    found = grad_cam_plus_plus(Probe(one_map([1, -1, 2, 0]), ["0"]), pixels, torch.tensor([0]))
    torch.testing.assert_close(found, torch.tensor([[[11 / 30, 0.0], [0.0, 11 / 10]]]))


def test_is_the_oracles_with_true_second_and_third_derivatives():
    network, pixels = seeded(SmallCNN, stride=3).double(), faces(2, 20, 29).double()
    maps = [
        slow_grad_cam_plus_plus(network, network.activation, face, label)
        for face, label in zip(pixels, ABOUT.tolist(), strict=True)
    ]
    found = grad_cam_plus_plus(Probe(network, ["activation"]), pixels, ABOUT)
    np.testing.assert_allclose(found.numpy(), np.stack(maps), atol=1e-10)


def test_maps_without_any_value_and_classes_without_support_stay_zero():
    pixels = torch.zeros(1, 1, 2, 2)
    assert not grad_cam_plus_plus(Probe(one_map([1, 1, 1, 1]), ["0"]), pixels, torch.tensor([0])).any()
    against = one_map([-1, -1, -1, -1])
    assert not grad_cam_plus_plus(Probe(against, ["0"]), pixels + 1, torch.tensor([0])).any()


def test_a_denominator_of_zero_gives_no_weight():
    # sum of the map -2, slope 1: 2 - 2 = 0 at the first place; elsewhere the slope is 0
    pixels = torch.tensor([[[[-3.0, 1.0], [0.0, 0.0]]]])
    assert not grad_cam_plus_plus(Probe(one_map([1, 0, 0, 0]), ["0"]), pixels, torch.tensor([0])).any()


def test_small_slopes_do_not_underflow():
    pixels = torch.tensor([[[[1.0, 0.0], [0.0, 3.0]]]])
    found = grad_cam_plus_plus(Probe(one_map([1e-20] * 4), ["0"]), pixels, torch.tensor([0]))
    # the square of 1e-20 is no single-precision number; the weight is 4 * 1e-20 / 2
    torch.testing.assert_close(found / 2e-20, pixels[:, 0])


def test_curved_heads_are_read_by_the_closed_form():
    network, pixels = seeded(CurvedCNN), faces(2)
    seen = Probe(network, ["activation"]).record(pixels)
    maps, slopes = seen.maps[0], seen.gradients(ABOUT)[0]
    square, cube = slopes**2, slopes**3
    share = square / (2 * square + maps.sum(dim=(2, 3), keepdim=True) * cube)
    weights = (share.nan_to_num() * slopes.relu()).sum(dim=(2, 3), keepdim=True)
    expected = (maps * weights).sum(dim=1).relu()
    torch.testing.assert_close(grad_cam_plus_plus(Probe(network, ["activation"]), pixels, ABOUT), expected)
