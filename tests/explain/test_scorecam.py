import numpy as np
import pytest
import torch
from torch import Tensor, nn

from facsight.explain.scorecam import score_cam
from facsight.functional.maps import fuse
from facsight.probe.probe import Probe
from oracles.cams import maps_and_slopes, slow_score_cam
from small_networks import CurvedCNN, SmallCNN, faces, seeded, transformer

ABOUT = torch.tensor([0, 3, 1])


class SeesTopLeft(nn.Module):
    """Two maps, the picture and its negative; the score of the only class is the picture's corner."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Conv2d(1, 2, 1, bias=False)
        with torch.no_grad():
            self.maps.weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.maps(pixels)[:, 0, :1, 0] - 0 * self.maps(pixels)[:, 1, :1, 0]


def test_by_hand():
    pixels = torch.tensor([[[[1.0, 0.0], [0.0, 2.0]]]])
    # masks (.5 0; 0 1) and (.5 1; 1 0): the corner through each is 1 * .5, so the weights are equal, and
    # the maps' halves x/2 - x/2 cancel
    assert not score_cam(Probe(SeesTopLeft(), ["maps"]), pixels, torch.tensor([0])).any()
    # now the masks are (1 0; 0 .5) and (0 1; 1 .5), the corner 2 and 0: weights e^2 / (e^2 + 1) and the rest
    pixels = torch.tensor([[[[2.0, 0.0], [0.0, 1.0]]]])
    share = np.exp(2) / (np.exp(2) + 1)
    found = score_cam(Probe(SeesTopLeft(), ["maps"]), pixels, torch.tensor([0]))
    torch.testing.assert_close(found, pixels[:, 0] * (2 * share - 1))


def oracle(network: nn.Module, layer: nn.Module, pixels: Tensor) -> Tensor:
    maps = [
        slow_score_cam(network, maps_and_slopes(network, layer, face, label)[0], face, label)
        for face, label in zip(pixels, ABOUT.tolist(), strict=True)
    ]
    return torch.from_numpy(np.stack(maps)).float()


@pytest.mark.parametrize("chunk", [1, 2, 5, 32])
def test_is_the_oracles_whatever_the_chunk(chunk):
    network, pixels = seeded(CurvedCNN, inplace=True), faces(3, 12, 20)
    found = score_cam(Probe(network, ["activation"]), pixels, ABOUT, chunk=chunk)
    torch.testing.assert_close(found, oracle(network, network.activation, pixels), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("layer", ["first_activation", "second"])
def test_is_the_oracles_at_other_layers(layer):
    network, pixels = seeded(CurvedCNN), faces(3, 12, 20)
    found = score_cam(Probe(network, [layer]), pixels, ABOUT)
    torch.testing.assert_close(found, oracle(network, getattr(network, layer), pixels), atol=1e-5, rtol=1e-4)


def counted(network: nn.Module) -> list[int]:
    sizes: list[int] = []
    network.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    return sizes


def test_constant_channels_are_skipped_and_get_no_weight():
    network, pixels = seeded(SmallCNN), faces(3)
    with torch.no_grad():
        network.second.weight[:2] = 0  # two dead channels ...
        network.second.bias[:2] = torch.tensor([-1.0, 3.0])  # ... of zeros, and of threes
    expected = oracle(network, network.activation, pixels)
    sizes = counted(network)
    found = score_cam(Probe(network, ["activation"]), pixels, ABOUT)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert sizes == [3, 3 * 3]  # once as it is, then through three channels a face


def test_faces_without_any_telling_channel_are_zero():
    network = seeded(SmallCNN)
    with torch.no_grad():
        network.second.weight.zero_()
    assert not score_cam(Probe(network, ["activation"]), faces(3), ABOUT).any()


def test_an_unknown_face_spoils_no_other():
    network, pixels = seeded(CurvedCNN), faces(3)
    expected = score_cam(Probe(network, ["activation"]), pixels, ABOUT)
    pixels[1, 0, 3, 3] = torch.nan
    found = score_cam(Probe(network, ["activation"]), pixels, ABOUT)
    torch.testing.assert_close(found[[0, 2]], expected[[0, 2]])


def test_needs_no_gradients():
    network, pixels = seeded(CurvedCNN), faces(3)
    expected = score_cam(Probe(network, ["activation"]), pixels, ABOUT)
    inner = network.forward
    network.forward = lambda pixels: torch.no_grad()(inner)(pixels)
    torch.testing.assert_close(score_cam(Probe(network, ["activation"]), pixels, ABOUT), expected)


def test_several_layers_are_fused_and_transformers_are_read():
    network, pixels = seeded(CurvedCNN), faces(3)
    layers = ["first", "activation"]
    alone = [score_cam(Probe(network, [layer]), pixels, ABOUT) for layer in layers]
    torch.testing.assert_close(score_cam(Probe(network, layers), pixels, ABOUT), fuse(alone))
    found = score_cam(Probe(transformer("vit")), faces(2, 32, 32), ABOUT[:2])
    assert found.shape == (2, 4, 4)
    assert found.isfinite().all()
