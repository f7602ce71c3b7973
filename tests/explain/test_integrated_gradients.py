import numpy as np
import pytest
import torch
from torch import nn

from facsight.core.errors import BadFaces, BadRecipe, UnknownName
from facsight.explain.integrated_gradients import integrated_gradients
from facsight.probe.probe import Probe
from oracles.pixel_explainers import slow_integrated_gradients
from small_networks import CurvedCNN, faces, seeded


class Powers(nn.Module):
    """Two classes: the weighted sums of the pixels, and of their squares."""

    def __init__(self, weights: torch.Tensor):
        super().__init__()
        self.weights = weights

    def forward(self, pixels):
        return torch.stack([(self.weights * pixels**power).sum(dim=(1, 2, 3)) for power in (1, 2)], dim=1)


def smooth_network() -> nn.Module:
    """Without kinks, so that every rule finds the same integral; in double precision."""
    network = seeded(CurvedCNN).double()
    network.first_activation = network.activation = nn.Softplus()
    return network


def logits(network, pixels, about):
    return network(pixels).gather(1, about[:, None])[:, 0]


def test_a_linear_score_by_hand():
    # shares are weight * (pixel - baseline), summed over the two channels
    weights = torch.tensor([[[1.0, 2.0]], [[-1.0, 0.5]]])
    pixels = torch.tensor([[[[3.0, 1.0]], [[2.0, 4.0]]]])
    probe, about = Probe(Powers(weights)), torch.tensor([0])
    assert integrated_gradients(probe, pixels, about, steps=1).tolist() == [[[1.0, 4.0]]]
    # 1 * 2 - 1 * 1 = 1 and 2 * 0 + 0.5 * 3 = 1.5
    assert integrated_gradients(probe, pixels, about, baseline=1.0, steps=1).tolist() == [[[1.0, 1.5]]]


def test_a_square_is_exact_in_one_step():
    # the gradient 2 w x t is linear in t: one Gauss-Legendre node integrates it; w x^2 remains
    weights, pixels = torch.tensor([[[1.0, -2.0]]]), torch.tensor([[[[3.0, 0.5]]]])
    found = integrated_gradients(Probe(Powers(weights)), pixels, torch.tensor([1]), steps=1)
    assert found.tolist() == [[[9.0, -0.5]]]


def test_each_face_is_asked_about_its_own_class():
    weights, pixels = torch.ones(1, 2, 2), torch.full((2, 1, 2, 2), 3.0)
    found = integrated_gradients(Probe(Powers(weights)), pixels, torch.tensor([1, 0]))
    torch.testing.assert_close(found, torch.stack([torch.full((2, 2), 9.0), torch.full((2, 2), 3.0)]))


def test_equals_a_slow_riemann_sum():
    network, pixels = smooth_network(), faces(1, 4, 4).double()
    found = integrated_gradients(Probe(network), pixels, torch.tensor([2]), baseline=0.2, steps=16)

    def score(face: np.ndarray) -> float:
        with torch.no_grad():
            return float(network(torch.as_tensor(face)[None])[0, 2])

    face = pixels[0].numpy()
    # the middle rule's error falls with the square of the steps: 1 / 40^2 of the integral at most
    slow = slow_integrated_gradients(score, face, np.full_like(face, 0.2), steps=40)
    np.testing.assert_allclose(found[0].numpy(), slow, atol=2e-3 * np.abs(slow).max())


@pytest.mark.parametrize("of", ["logit", "log_probability", "probability"])
def test_is_complete(of):
    network, pixels, about = smooth_network(), faces(3).double(), torch.tensor([0, 3, 1])
    found = integrated_gradients(Probe(network), pixels, about, baseline=0.1, of=of)

    def score(pictures):
        scores = network(pictures)
        scores = scores if of == "logit" else scores.log_softmax(1) if "log" in of else scores.softmax(1)
        return scores.gather(1, about[:, None])[:, 0]

    difference = score(pixels) - score(torch.full_like(pixels, 0.1))
    torch.testing.assert_close(found.sum(dim=(1, 2)), difference, rtol=1e-6, atol=1e-8)


def test_a_pixel_at_the_baseline_gets_nothing():
    pixels = faces(2)
    pixels[:, :, 3, 5] = 0.0
    found = integrated_gradients(Probe(seeded(CurvedCNN)), pixels, torch.tensor([0, 1]))
    assert (found[:, 3, 5] == 0).all()
    assert (found != 0).float().mean() > 0.9


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_does_not_depend_on_how_many_pictures_run_together(at_once):
    probe, pixels, about = Probe(smooth_network()), faces(3).double(), torch.tensor([0, 3, 1])
    together = integrated_gradients(probe, pixels, about, steps=9, at_once=at_once)
    alone = [integrated_gradients(probe, pixels[i : i + 1], about[i : i + 1], steps=9) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_a_baseline_picture_is_taken():
    probe, pixels, about = Probe(smooth_network()), faces(2).double(), torch.tensor([0, 1])
    one = integrated_gradients(probe, pixels, about, baseline=torch.full((3, 1, 1), 0.3).double())
    torch.testing.assert_close(one, integrated_gradients(probe, pixels, about, baseline=0.3))


def test_leaves_no_gradient_behind():
    network, pixels = seeded(CurvedCNN), faces(2)
    integrated_gradients(Probe(network), pixels, torch.tensor([0, 1]), steps=2)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert pixels.grad is None
    assert not pixels.requires_grad


def test_equals_captum():
    captum = pytest.importorskip("captum.attr")
    network, pixels, about = smooth_network(), faces(2).double(), torch.tensor([3, 1])
    theirs = captum.IntegratedGradients(network).attribute(
        pixels, baselines=0.2, target=about, n_steps=12, method="gausslegendre"
    )
    ours = integrated_gradients(Probe(network), pixels, about, baseline=0.2, steps=12)
    torch.testing.assert_close(ours, theirs.sum(dim=1).to(ours), rtol=1e-5, atol=1e-7)


def test_refuses_what_makes_no_integral():
    probe, pixels, about = Probe(seeded(CurvedCNN)), faces(2), torch.tensor([0, 1])
    with pytest.raises(BadRecipe, match="steps=0"):
        integrated_gradients(probe, pixels, about, steps=0)
    with pytest.raises(BadFaces, match=r"broadcasts.*\(3, 5, 5\)"):
        integrated_gradients(probe, pixels, about, baseline=torch.zeros(3, 5, 5))


def test_a_network_without_gradient_is_sent_elsewhere():
    class Closed(CurvedCNN):
        def forward(self, pixels):
            with torch.no_grad():
                return super().forward(pixels)

    with pytest.raises(UnknownName, match="occlusion, rise"):
        integrated_gradients(Probe(seeded(Closed)), faces(1), torch.tensor([0]))


def test_another_score_is_refused(unchecked):
    with pytest.raises(UnknownName, match="did you mean 'logit'"):
        integrated_gradients(Probe(seeded(CurvedCNN)), faces(1), torch.tensor([0]), of="logits")  # pyright: ignore
