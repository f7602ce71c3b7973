import pytest
import torch

from facsight.facs.au_maps import render_au_maps
from facsight.facs.unit_alignment import unit_misalignment
from planted_batch import face_points

UNITS = (1, 12, 21)  # the last has no region


@pytest.fixture
def points():
    return face_points()[None]


def regions(points):
    return render_au_maps(points, (12, 12), extent=(48, 48), action_units=UNITS[:2]).maps


def test_maps_equal_to_their_regions_cost_nothing(points):
    maps = torch.cat([3 * regions(points), torch.rand(1, 1, 12, 12)], dim=1)
    assert unit_misalignment(maps, points, UNITS, extent=(48, 48)).item() == pytest.approx(0, abs=1e-6)


def test_each_map_is_held_against_its_own_region(points):
    own = regions(points)
    maps = torch.cat([own.flip(1), own[:, :1]], dim=1)
    crossed = torch.nn.functional.cosine_similarity(own[0, 0].flatten(), own[0, 1].flatten(), dim=0)
    found = unit_misalignment(maps, points, UNITS, extent=(48, 48))
    torch.testing.assert_close(found, 1 - crossed)


def test_nothing_to_compare_costs_nothing_and_moves_nothing():
    maps = torch.rand(2, 3, 4, 4, requires_grad=True)
    cost = unit_misalignment(maps, torch.full((2, 68, 2), torch.nan), UNITS, extent=(48, 48))
    cost.backward()
    assert cost.item() == 0
    assert maps.grad is not None
    assert (maps.grad == 0).all()


def test_gradcheck(points):
    maps = torch.rand(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda m: unit_misalignment(m.double(), points.double(), UNITS[:2], extent=(48, 48)),
        (maps,),
        eps=1e-3,
        atol=1e-2,
    )
