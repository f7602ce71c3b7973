import numpy as np
import pytest
import torch

from facsight.functional.neighbour_fill import neighbour_mean_fill
from oracles.faithfulness import slow_neighbour_fill


def some_pictures(generator, *shape):
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_single_pixels_by_hand():
    picture = torch.arange(9.0).view(1, 1, 3, 3)
    middle, corner = torch.zeros(2, 1, 3, 3, dtype=torch.bool)
    middle[0, 1, 1], corner[0, 0, 0] = True, True
    # the middle: all weights sum to 12, the ramp's mean is 4
    assert neighbour_mean_fill(picture, middle)[0, 0, 1, 1].item() == pytest.approx(4)
    # the corner: 1 and 3 weigh 2 each, 4 weighs 1
    assert neighbour_mean_fill(picture, corner)[0, 0, 0, 0].item() == pytest.approx((2 + 6 + 4) / 5)


def test_a_ramp_closes_without_a_trace_inside_the_picture(generator):
    y, x = torch.meshgrid(torch.arange(12.0), torch.arange(10.0), indexing="ij")
    ramps = torch.stack([2 * x - y, 0.5 * y])[:, None].double()
    missing = torch.zeros(2, 12, 10, dtype=torch.bool)
    missing[:, 1:-1, 1:-1] = torch.rand(2, 10, 8, generator=generator) < 0.7
    filled = neighbour_mean_fill(ramps, missing, tolerance=1e-10)
    torch.testing.assert_close(filled, ramps)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_dense_solver_agrees(share, generator):
    pictures = some_pictures(generator, 5, 2, 9, 7)
    missing = torch.rand(5, 9, 7, generator=generator) < share
    missing[:, 4, 3] = False
    found = neighbour_mean_fill(pictures, missing, tolerance=1e-10)
    for n in range(5):
        for channel in range(2):
            expected = slow_neighbour_fill(pictures[n, channel].numpy(), missing[n].numpy())
            assert np.abs(found[n, channel].numpy() - expected).max() < 1e-6


def test_the_usual_tolerance_is_fine_enough(generator):
    pictures = some_pictures(generator, 20, 1, 24, 24).float()
    missing = torch.rand(20, 24, 24, generator=generator) < 0.8
    rough = neighbour_mean_fill(pictures, missing)
    exact = neighbour_mean_fill(pictures.double(), missing, tolerance=1e-9)
    assert (rough - exact).square().mean().sqrt() < 2e-3


def test_what_is_there_stays_and_values_stay_within_range(generator):
    pictures = some_pictures(generator, 6, 1, 8, 8)
    missing = torch.rand(6, 8, 8, generator=generator) < 0.6
    filled = neighbour_mean_fill(pictures, missing, tolerance=1e-9)
    assert torch.equal(filled[~missing.unsqueeze(1)], pictures[~missing.unsqueeze(1)])
    for n in range(6):
        known = pictures[n, 0][~missing[n]]
        assert known.min() - 1e-6 <= filled[n].min()
        assert filled[n].max() <= known.max() + 1e-6


def test_an_empty_picture_is_nan_and_leaves_others_alone(generator):
    pictures = some_pictures(generator, 2, 1, 5, 5)
    missing = torch.ones(2, 5, 5, dtype=torch.bool)
    missing[1, 2] = False
    filled = neighbour_mean_fill(pictures, missing, tolerance=1e-8)
    assert filled[0].isnan().all()
    torch.testing.assert_close(filled[1:], neighbour_mean_fill(pictures[1:], missing[1:], tolerance=1e-8))
