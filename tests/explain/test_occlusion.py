import numpy as np
import pytest
import torch
from torch import nn

from facsight.core.errors import BadFaces, BadRecipe
from facsight.explain.occlusion import occlusion
from facsight.probe.probe import Probe
from oracles.pixel_explainers import slow_occlusion
from small_networks import CurvedCNN, faces, seeded


class Weighted(nn.Module):
    """Two classes: the weighted sum of the pixels, and its opposite."""

    def __init__(self, weights: torch.Tensor):
        super().__init__()
        self.weights = weights

    def forward(self, pixels):
        score = (self.weights * pixels).sum(dim=(1, 2, 3))
        return torch.stack([score, -score], dim=1)


def test_a_linear_score_by_hand():
    # one row, patches {0 1} {1 2} {2 3}: each takes the weights it covers, 1 + 2, 2 + 4 and 4 + 8
    weights = torch.tensor([1.0, 2.0, 4.0, 8.0]).expand(1, 2, 4) / 2
    pixels, about = torch.ones(2, 1, 2, 4), torch.tensor([0, 1])
    found = occlusion(Probe(Weighted(weights)), pixels, about, patch=2, stride=1)
    expected = torch.tensor([3.0, 4.5, 9.0, 12.0]).expand(2, 4)
    torch.testing.assert_close(found, torch.stack([expected, -expected]))


def test_the_cover_by_hand():
    # covering with 3 raises each pixel of value 1 by 2: the score rises, the drop is negative
    found = occlusion(
        Probe(Weighted(torch.ones(1, 2, 2))), torch.ones(1, 1, 2, 2), torch.tensor([0]), patch=1, baseline=3.0
    )
    assert found.tolist() == [[[-2.0, -2.0], [-2.0, -2.0]]]


def test_the_last_patch_ends_at_the_edge():
    # patches of two in a row of three, two steps apart: {0 1}, and {1 2} instead of one that sticks out
    weights = torch.tensor([[[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]]])
    found = occlusion(Probe(Weighted(weights)), torch.ones(1, 1, 2, 3), torch.tensor([0]), patch=2, stride=2)
    assert found.tolist() == [[[3.0, 4.5, 6.0]] * 2]


@pytest.mark.parametrize(("side", "step"), [(3, 3), (4, 3), (2, 1), (7, 7)])
def test_equals_slow_patches(side, step):
    network, pixels, about = seeded(CurvedCNN).double(), faces(2, 9, 7).double(), torch.tensor([2, 0])
    found = occlusion(Probe(network), pixels, about, patch=side, stride=step, baseline=0.25)
    for face, told, label in zip(pixels.numpy(), found.numpy(), about.tolist(), strict=True):

        def score(picture: np.ndarray, label: int = label) -> float:
            with torch.no_grad():
                return float(network(torch.as_tensor(picture)[None])[0, label])

        np.testing.assert_allclose(told, slow_occlusion(score, face, side, step, 0.25), atol=1e-10)


def test_one_patch_over_all_tells_the_whole_difference():
    network, pixels = seeded(CurvedCNN), faces(1, 8, 8)
    found = occlusion(Probe(network), pixels, torch.tensor([1]), patch=8)
    with torch.no_grad():
        drop = network(pixels)[0, 1] - network(torch.zeros_like(pixels))[0, 1]
    torch.testing.assert_close(found, drop.expand(1, 8, 8))


@pytest.mark.parametrize("at_once", [1, 5, 1000])
def test_does_not_depend_on_how_many_pictures_run_together(at_once):
    probe, pixels, about = Probe(seeded(CurvedCNN).double()), faces(3).double(), torch.tensor([0, 3, 1])
    together = occlusion(probe, pixels, about, at_once=at_once)
    alone = [occlusion(probe, pixels[i : i + 1], about[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_many_runs_in_single_precision_tell_the_same():
    # enough runs that the network is traced: its fused scores may differ in the last digits
    network, pixels, about = seeded(CurvedCNN), faces(2), torch.tensor([0, 3])
    quick = occlusion(Probe(network), pixels, about, patch=2, at_once=2)
    exact = occlusion(Probe(network.double()), pixels.double(), about, patch=2)
    torch.testing.assert_close(quick.double(), exact, rtol=0, atol=1e-5)


def test_the_faces_are_as_before():
    pixels = faces(2)
    before = pixels.clone()
    occlusion(Probe(seeded(CurvedCNN)), pixels, torch.tensor([0, 1]), patch=4)
    assert torch.equal(pixels, before)


def test_equals_captum():
    captum = pytest.importorskip("captum.attr")
    network, pixels, about = seeded(CurvedCNN).double(), faces(2, 12, 12).double(), torch.tensor([3, 1])
    theirs = captum.Occlusion(network).attribute(
        pixels, sliding_window_shapes=(3, 4, 4), strides=(3, 2, 2), target=about, baselines=0.1
    )
    ours = occlusion(Probe(network), pixels, about, patch=4, stride=2, baseline=0.1)
    torch.testing.assert_close(ours, theirs[:, 0].to(ours), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours, theirs[:, 2].to(ours), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("patch", "stride"), [(17, None), (0, None), (4, 5), (4, 0)])
def test_a_patch_that_does_not_fit_or_leaves_gaps_is_refused(patch, stride):
    with pytest.raises(BadRecipe, match=f"patch={patch}"):
        occlusion(Probe(seeded(CurvedCNN)), faces(1), torch.tensor([0]), patch=patch, stride=stride)


def test_a_cover_of_another_shape_is_refused():
    with pytest.raises(BadFaces, match="broadcasts"):
        occlusion(Probe(seeded(CurvedCNN)), faces(1), torch.tensor([0]), baseline=torch.zeros(2, 1, 1))
