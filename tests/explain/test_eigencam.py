import numpy as np
import pytest
import torch
from torch import nn

from facsight.explain.eigencam import eigen_cam
from facsight.probe.probe import Probe
from oracles.cams import each_face, slow_eigen_cam
from small_networks import CurvedCNN, faces, seeded

ABOUT = torch.tensor([0, 3, 1])


class Pooled(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_by_hand():
    # channels (3, 0, 0, 0) and (4, 0, 0, 0): one direction, of length 5 at the first place
    pixels = torch.zeros(1, 2, 2, 2)
    pixels[0, :, 0, 0] = torch.tensor([3.0, 4.0])
    found = eigen_cam(Probe(Pooled(), ["0"]), pixels, torch.tensor([0]))
    torch.testing.assert_close(found, torch.tensor([[[5.0, 0.0], [0.0, 0.0]]]))


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("layer", ["first_activation", "second", "activation"])
def test_is_the_oracles_with_more_places_than_channels(layer, centred):
    network, pixels = seeded(CurvedCNN), faces(3, 12, 20)
    expected = each_face(
        lambda maps, _slopes: slow_eigen_cam(maps, centred=centred),
        network, getattr(network, layer), pixels, ABOUT.tolist(),
    )  # fmt: skip
    found = eigen_cam(Probe(network, [layer]), pixels, ABOUT, centred=centred)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("centred", [False, True])
def test_is_the_oracles_with_more_channels_than_places(centred):
    network, pixels = seeded(CurvedCNN, channels=40), faces(3)
    expected = each_face(
        lambda maps, _slopes: slow_eigen_cam(maps, centred=centred),
        network, network.activation, pixels, ABOUT.tolist(),
    )  # fmt: skip
    found = eigen_cam(Probe(network, ["activation"]), pixels, ABOUT, centred=centred)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_never_negative_after_a_relu_and_the_same_for_every_class():
    probe = Probe(seeded(CurvedCNN), ["activation"])
    found = eigen_cam(probe, faces(3), ABOUT)
    assert float(found.min()) >= -1e-6
    assert torch.equal(found, eigen_cam(probe, faces(3), ABOUT.flip(0)))


def test_the_sign_follows_the_size_of_the_features():
    pixels = -faces(3).abs()  # features that are large where they are most negative
    found = eigen_cam(Probe(Pooled(), ["0"]), pixels, ABOUT)
    size = pixels.abs().sum(dim=1)
    assert all(np.corrcoef(m.flatten(), s.flatten())[0, 1] > 0 for m, s in zip(found, size, strict=True))


def test_zeros_stay_zero_and_an_unknown_face_spoils_no_other():
    pixels = faces(3)
    expected = eigen_cam(Probe(Pooled(), ["0"]), pixels, ABOUT)
    pixels[0], pixels[1] = 0.0, torch.nan
    found = eigen_cam(Probe(Pooled(), ["0"]), pixels, ABOUT)
    assert not found[0].any()
    torch.testing.assert_close(found[2], expected[2])
