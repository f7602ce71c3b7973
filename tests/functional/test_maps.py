import numpy as np
import torch

from facsight.functional.maps import finest, fuse, resize
from oracles.cams import slow_resize


def test_enlarged_by_hand():
    # centres of four cells lie at 1/4 and 3/4 of each old cell: -0.25 -> 0, 0.25, 0.75, 1.25 -> 1
    assert resize(torch.tensor([[[0.0, 4.0]]]), (1, 4)).tolist() == [[[0.0, 1.0, 3.0, 4.0]]]


def test_the_same_size_is_the_same_map():
    maps = torch.rand(2, 3, 4)
    assert resize(maps, (3, 4)) is maps


def test_enlarges_as_plain_loops_do():
    maps = torch.rand(2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = np.stack([slow_resize(m, (11, 13)) for m in maps.numpy()])
    np.testing.assert_allclose(resize(maps, (11, 13)).numpy(), expected, atol=1e-12)


def test_no_map_can_be_resized():
    assert resize(torch.zeros(0, 3, 4), (6, 8)).shape == (0, 6, 8)


def test_the_finest_has_the_most_places():
    assert finest([torch.zeros(1, 2, 3), torch.zeros(1, 4, 2), torch.zeros(1, 1, 7)]) == (4, 2)


def test_fused_by_hand():
    coarse = torch.tensor([[[2.0]]])  # scaled to 1 everywhere
    fine = torch.tensor([[[0.0, -8.0], [4.0, 2.0]]])  # scaled by 8
    assert fuse([coarse, fine]).tolist() == [[[0.5, 0.0], [0.75, 0.625]]]


def test_one_map_is_left_as_it_is():
    maps = torch.rand(2, 3, 3) * 9
    assert fuse([maps]) is maps


def test_maps_of_zeros_stay_zero_and_take_half():
    zeros, ones = torch.zeros(1, 2, 2), torch.ones(1, 2, 2)
    assert fuse([zeros, zeros]).tolist() == zeros.tolist()
    assert fuse([zeros, 3 * ones]).tolist() == (0.5 * ones).tolist()


def test_an_unknown_map_spoils_no_other_face():
    maps = torch.ones(2, 2, 2)
    spoilt = maps.clone()
    spoilt[0] = torch.nan
    fused = fuse([maps, spoilt])
    assert fused[0].isnan().all()
    assert fused[1].tolist() == maps[1].tolist()
