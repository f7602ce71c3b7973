import numpy as np
import pytest
import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.explain.smoothgrad import smooth_grad
from facsight.probe.probe import Probe
from oracles.pixel_explainers import slow_slope
from small_networks import CurvedCNN, faces, seeded


class Squares(nn.Module):
    """One class: the weighted sum of the pixels' squares, whose gradient is 2 w x."""

    def __init__(self, weights: torch.Tensor):
        super().__init__()
        self.weights = weights

    def forward(self, pixels):
        return (self.weights * pixels.square()).sum(dim=(1, 2, 3)).unsqueeze(1)


def test_without_noise_it_is_the_gradient_by_hand():
    weights = torch.tensor([[[1.0, 2.0]], [[-1.0, 0.5]]])
    pixels = torch.tensor([[[[3.0, 1.0]], [[2.0, 4.0]]]])
    probe, about = Probe(Squares(weights)), torch.tensor([0])
    # 2 w x: 6, 4 in one channel and -4, 4 in the other
    assert smooth_grad(probe, pixels, about, noise=0.0, samples=2).tolist() == [[[10.0, 8.0]]]
    assert smooth_grad(probe, pixels, about, noise=0.0, samples=2, signed=True).tolist() == [[[2.0, 8.0]]]


def test_noise_is_a_share_of_each_faces_range():
    # the mean gradient is 2 w (x + mean noise): its spread over pixels of value x is 2 sigma / sqrt(samples)
    pixels = torch.zeros(2, 1, 64, 64)
    pixels[0, 0, 0, 0], pixels[1, 0, 0, 0] = 10.0, 40.0
    found = smooth_grad(
        Probe(Squares(torch.ones(1, 1, 1))), pixels, torch.zeros(2).long(), noise=0.2, samples=16, signed=True
    )
    spread = found[:, 1:].flatten(1).std(dim=1)
    # 2 * 0.2 * range / 4; 4032 draws know a deviation to about 1.1 %
    torch.testing.assert_close(spread, torch.tensor([1.0, 4.0]), rtol=0.05, atol=0.0)


def test_equals_slow_differences_on_the_same_noisy_copies():
    network, pixels = seeded(CurvedCNN).double(), faces(1, 4, 4).double()
    found = smooth_grad(
        Probe(network),
        pixels,
        torch.tensor([1]),
        noise=0.1,
        samples=3,
        generator=torch.Generator().manual_seed(5),
    )

    def score(face: np.ndarray) -> float:
        with torch.no_grad():
            return float(network(torch.as_tensor(face)[None])[0, 1])

    face, source = pixels[0].numpy(), torch.Generator().manual_seed(5)
    total = np.zeros_like(face)
    for _ in range(3):
        noise = 0.1 * (face.max() - face.min()) * torch.randn(face.shape, generator=source).numpy()
        total += slow_slope(score, face + noise)
    np.testing.assert_allclose(found[0].numpy(), np.abs(total / 3).sum(axis=0), rtol=1e-4, atol=1e-7)


def test_the_seed_decides_and_the_global_state_is_untouched():
    probe, pixels, about = Probe(seeded(CurvedCNN)), faces(2), torch.tensor([0, 1])
    before = torch.random.get_rng_state()
    one, same = (smooth_grad(probe, pixels, about, samples=4, seed=3) for _ in range(2))
    assert torch.equal(one, same)
    assert not torch.equal(one, smooth_grad(probe, pixels, about, samples=4, seed=4))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("at_once", [1, 5, 1000])
def test_a_faces_map_does_not_depend_on_the_faces_beside_it(at_once):
    probe, pixels, about = Probe(seeded(CurvedCNN).double()), faces(3).double(), torch.tensor([0, 3, 1])
    together = smooth_grad(probe, pixels, about, samples=5, at_once=at_once)
    alone = [smooth_grad(probe, pixels[i : i + 1], about[i : i + 1], samples=5) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone))
    assert (together >= 0).all()


def test_equals_captum_without_noise():
    captum = pytest.importorskip("captum.attr")
    network, pixels, about = seeded(CurvedCNN).double(), faces(2).double(), torch.tensor([3, 1])
    theirs = captum.NoiseTunnel(captum.Saliency(network)).attribute(
        pixels, nt_type="smoothgrad", nt_samples=2, stdevs=0.0, target=about, abs=False
    )
    ours = smooth_grad(Probe(network), pixels, about, noise=0.0, samples=2)
    torch.testing.assert_close(ours, theirs.abs().sum(dim=1))


@pytest.mark.parametrize(
    ("options", "told"), [({"samples": 0}, "samples=0"), ({"noise": -0.1}, "noise=-0.1")]
)
def test_refuses_what_is_no_average(options, told):
    with pytest.raises(BadRecipe, match=told):
        smooth_grad(Probe(seeded(CurvedCNN)), faces(1), torch.tensor([0]), **options)
