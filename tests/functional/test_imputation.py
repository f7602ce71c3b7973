import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from facsight.core.errors import UnknownName
from facsight.functional.imputation import gaussian_blur, remove

RADIUS = torch.tensor([2.0])


def hole(size=12):
    opacity = torch.zeros(1, size, size)
    opacity[:, 4:7, 3:8] = 1
    return opacity


def test_mean_by_hand():
    # what stays: 1, 3 and half of 8, so the mean is (1 + 3 + 4) / 2.5 = 3.2
    pictures = torch.tensor([[[[1.0, 3.0], [8.0, 100.0]]]])
    told = remove(pictures, torch.tensor([[[0.0, 0.0], [0.5, 1.0]]]), "mean", radius=RADIUS)
    torch.testing.assert_close(told, torch.tensor([[[[1.0, 3.0], [5.6, 3.2]]]]))


def test_surroundings_by_hand():
    # one pixel is filled from two neighbours at the same distance: their mean, whatever the kernel
    told = remove(
        torch.tensor([[[[2.0, 77.0, 6.0]]]]),
        torch.tensor([[[0.0, 1.0, 0.0]]]),
        "surroundings",
        radius=RADIUS,
    )
    torch.testing.assert_close(told, torch.tensor([[[[2.0, 4.0, 6.0]]]]))


@pytest.mark.parametrize("removal", ["surroundings", "mean"])
def test_nothing_of_what_is_wholly_covered_shows(removal, generator):
    pictures = torch.rand(1, 2, 12, 12, generator=generator)
    other = torch.where(hole().bool().unsqueeze(1), 50.0, pictures)
    told, same = (remove(p, hole(), removal, radius=RADIUS) for p in (pictures, other))
    torch.testing.assert_close(told, same)
    torch.testing.assert_close(told * (1 - hole()), pictures * (1 - hole()))


@pytest.mark.parametrize("removal", ["surroundings", "blur", "mean"])
def test_an_even_picture_stays_even(removal):
    even = torch.full((1, 1, 12, 12), 3.0)
    torch.testing.assert_close(remove(even, hole(), removal, radius=RADIUS), even)


def test_fillings_stay_within_what_surrounds_them(generator):
    pictures = torch.rand(1, 1, 12, 12, generator=generator)
    told = remove(pictures, hole(), "surroundings", radius=RADIUS)
    assert pictures.min() <= told.min() <= told.max() <= pictures.max()


def test_a_picture_that_goes_entirely_but_for_a_corner_becomes_that_corner():
    pictures, opacity = torch.zeros(1, 1, 48, 48), torch.ones(1, 48, 48)
    pictures[..., 0, 0], opacity[:, 0, 0] = 2.0, 0.0
    told = remove(pictures, opacity, "surroundings", radius=torch.tensor([1.0]))
    torch.testing.assert_close(told, torch.full_like(told, 2.0))


def test_blur_is_scipys_away_from_the_edges(generator):
    pictures = torch.rand(2, 1, 40, 44, generator=generator, dtype=torch.float64)
    radius = torch.tensor([1.5, 2.0], dtype=torch.float64)
    told = gaussian_blur(pictures, radius)
    for row in range(2):
        truth = pictures[row, 0].numpy()
        for axis in (0, 1):
            truth = gaussian_filter1d(truth, float(radius[row]), axis=axis, truncate=6)
        np.testing.assert_allclose(told[row, 0, 13:-13, 13:-13], truth[13:-13, 13:-13], atol=1e-7)


def test_an_unknown_removal_is_refused(unchecked):
    with pytest.raises(UnknownName, match="did you mean 'blur'"):
        remove(torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2), "blurr", radius=RADIUS)
