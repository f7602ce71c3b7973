import pytest
import torch

from facsight.core.errors import BadFaces
from facsight.nn.pixels import grey, standardise


def test_luma_by_hand():
    red = torch.zeros(1, 3, 1, 1, dtype=torch.uint8)
    red[0, 0] = 100
    assert grey(red).item() == pytest.approx(29.9)


def test_exposure_and_contrast_drop_out_up_to_the_floor(generator):
    dark = torch.rand(1, 1, 48, 48, generator=generator) * 100
    torch.testing.assert_close(standardise(dark + 50), standardise(dark))
    assert (standardise(dark * 2) - standardise(dark)).abs().max() < 0.5


def test_a_flat_picture_stays_flat():
    assert standardise(torch.full((1, 1, 8, 8), 77, dtype=torch.uint8)).eq(0).all()


def test_nan_pixels_are_refused():
    with pytest.raises(BadFaces, match="finite"):
        standardise(torch.full((1, 1, 8, 8), torch.nan))


def test_two_channels_are_refused():
    with pytest.raises(BadFaces, match="2 channels"):
        grey(torch.zeros(1, 2, 4, 4))
