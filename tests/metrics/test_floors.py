import math

import numpy as np
import pytest
import torch
from scipy.spatial import Delaunay

from facsight.metrics.floors import face_hull, floor_maps, hull_corners, random_smooth_maps


def points(*places):
    return torch.tensor([places])


def test_floors_are_what_they_are_called(generator):
    maps = torch.tensor([[[[1.0, 0.0, 0.0]], [[0.0, 0.5, 0.0]], [[9.0, 9.0, 9.0]]]])
    hull = torch.tensor([[[0.0, 1.0, 0.0]]])
    floors = floor_maps(maps, torch.tensor([[True, True, False]]), generator=generator, hull=hull)
    assert floors["constant"].tolist() == [[[1, 1, 1]]]
    assert floors["all_units"].tolist() == [[[1, 0.5, 0]]]
    assert floors["mean_class_map"].tolist() == [[[0.5, 0.25, 0]]]
    assert floors["face_hull"].tolist() == [[[0, 1, 0]]]
    # a third of the side from the middle is 4/3 standard deviations
    edge = math.exp(-0.5 * (4 / 3) ** 2)
    assert floors["centred_blob"].flatten().tolist() == pytest.approx([edge, 1, edge])
    assert floors["random_smooth"].shape == (1, 1, 3)


def test_without_an_outline_the_hull_is_nan(generator):
    floors = floor_maps(torch.ones(2, 1, 3, 4), torch.ones(2, 1, dtype=torch.bool), generator=generator)
    assert floors["face_hull"].isnan().all()


def test_hull_of_a_triangle_by_hand():
    corner = points([0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [1.0, 1.0])
    # centres with x + y < 4, and those on the side itself
    assert face_hull(corner, (4, 4), extent=(4, 4))[0].tolist() == [
        [1, 1, 1, 1],
        [1, 1, 1, 0],
        [1, 1, 0, 0],
        [1, 0, 0, 0],
    ]


def test_hull_is_drawn_at_any_size_of_map():
    square = points([12.0, 24.0], [36.0, 24.0], [36.0, 48.0], [12.0, 48.0])
    hull = face_hull(square, (4, 8), extent=(48, 48))[0]
    expected = torch.zeros(4, 8)
    expected[2:, 2:6] = 1
    assert torch.equal(hull, expected)


@pytest.mark.parametrize("kind", ["scattered", "on a grid"])
def test_scipy_agrees_which_places_are_inside(kind, generator):
    """Grids have many points on one line, and many that coincide."""
    landmarks = 40 * torch.rand(60, 68, 2, generator=generator) - 5
    if kind == "on a grid":
        landmarks = 4 * torch.randint(-1, 11, (60, 68, 2), generator=generator).float() + 0.3
    maps = face_hull(landmarks, (9, 11), extent=(33, 44))
    y, x = np.meshgrid((np.arange(9) + 0.5) * 33 / 9, (np.arange(11) + 0.5) * 4, indexing="ij")
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    for face in range(60):
        inside = Delaunay(landmarks[face].double().numpy()).find_simplex(places) >= 0
        assert np.array_equal(maps[face].numpy().ravel() > 0, inside)


def test_corners_of_rows_that_close_after_different_turns():
    triangle = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [1.0, 1.0], [1.0, 1.0]]
    pentagon = [[2.0, 0.0], [4.0, 1.5], [3.0, 4.0], [1.0, 4.0], [0.0, 1.5]]
    corners = hull_corners(torch.tensor([triangle, pentagon]).double())
    for row, expected in zip(corners.tolist(), (triangle[:3], pentagon), strict=True):
        assert {tuple(corner) for corner in row} == {tuple(corner) for corner in expected}


def test_a_face_without_its_points_has_no_hull_and_leaves_others_alone():
    square = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]]
    line = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    missing = [[math.nan, math.nan], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]]
    hull = face_hull(torch.tensor([square, line, missing]), (2, 2), extent=(4, 4))
    assert hull[0].eq(1).all()
    assert hull[1:].isnan().all()


def test_random_maps_are_alike_everywhere_smooth_and_repeatable(generator):
    maps = random_smooth_maps(4000, (6, 8), generator=generator)
    spread = maps.std(dim=0)
    # the standard error of a standard deviation from 4,000 is 1.1 %
    assert ((spread / spread.mean() - 1).abs() < 0.06).all()

    def correlation(cells):
        return (maps[:, :, 0] * maps[:, :, cells]).mean().item() / maps.square().mean().item()

    # noise smoothed with a Gaussian of deviation 1 correlates over a distance d as exp(-d^2 / 4)
    assert correlation(1) == pytest.approx(math.exp(-1 / 4), abs=0.05)
    assert correlation(3) == pytest.approx(math.exp(-9 / 4), abs=0.05)
    again = random_smooth_maps(5, (6, 8), generator=torch.Generator().manual_seed(3))
    assert torch.equal(again, random_smooth_maps(5, (6, 8), generator=torch.Generator().manual_seed(3)))
