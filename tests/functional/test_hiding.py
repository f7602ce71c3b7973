"""Which patches are hidden."""

import pytest
import torch

from facsight.functional.hiding import hide_any, patches_of_regions


@pytest.mark.parametrize(("share", "hidden"), [(0.75, 12), (0.5, 8), (0.01, 1), (0.99, 15)])
def test_as_many_patches_of_each_face(share, hidden):
    assert (hide_any(7, 16, share).sum(dim=1) == hidden).all()


def test_every_patch_is_hidden_as_often():
    torch.manual_seed(0)
    often = torch.stack([hide_any(50, 16, 0.75) for _ in range(40)]).double().mean(dim=(0, 1))
    assert often.sub(0.75).abs().max() < 4 * (0.75 * 0.25 / 2000) ** 0.5


def test_those_of_regions_are_hidden_first():
    first = torch.zeros(20, 16, dtype=torch.bool)
    first[:, [1, 5, 9]] = True
    hidden = hide_any(20, 16, 0.5, first=first)
    assert hidden[:, [1, 5, 9]].all()
    assert (hidden.sum(dim=1) == 8).all()
    assert hide_any(20, 16, 0.125, first=first)[first].sum() == 40  # two of the three, and no other


def test_points_that_are_missing_or_outside_are_in_no_patch():
    points = torch.tensor([[[float("nan"), 1.0], [-0.5, 1.0], [8.0, 1.0], [7.9, 7.9]]])
    found = patches_of_regions(points, [(0, 1, 2), (3,)], patch=4, cells=2)
    assert not found[0, 0].any()
    assert found[0, 1].tolist() == [False, False, False, True]
