import math

import pytest
import torch

from facsight.functional import geometry


def rotation(degrees, scale=1.0, shift=(0.0, 0.0)):
    a = math.radians(degrees)
    return torch.tensor(
        [
            [
                [scale * math.cos(a), -scale * math.sin(a), shift[0]],
                [scale * math.sin(a), scale * math.cos(a), shift[1]],
            ]
        ]
    )


def test_fit_by_hand():
    # a unit step right and one down becomes two steps: scale 2, no turn, shifted by (10, 20)
    points = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    template = torch.tensor([[10.0, 20.0], [12.0, 20.0], [10.0, 22.0]])
    torch.testing.assert_close(
        geometry.fit_similarity(points, template), torch.tensor([[[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]]])
    )


@pytest.mark.parametrize("degrees", [-170, -30, 0, 12, 90])
def test_fit_finds_any_similarity(degrees, generator):
    points = torch.rand(1, 9, 2, generator=generator) * 50
    truth = rotation(degrees, scale=0.7, shift=(3.0, -8.0))
    template = geometry.apply(truth, points)[0]
    torch.testing.assert_close(geometry.fit_similarity(points, template), truth, atol=1e-4, rtol=1e-4)


def test_fit_agrees_with_least_squares(generator):
    # independent oracle: the same four unknowns by numpy's linear least squares
    points, template = torch.rand(1, 7, 2, generator=generator), torch.rand(7, 2, generator=generator)
    x, y = points[0].double().T
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    system = torch.cat([torch.stack([x, -y, one, zero], 1), torch.stack([y, x, zero, one], 1)])
    a, b, tx, ty = torch.linalg.lstsq(system, torch.cat(list(template.double().T))).solution
    expected = torch.stack([torch.stack([a, -b, tx]), torch.stack([b, a, ty])]).float()
    torch.testing.assert_close(geometry.fit_similarity(points, template)[0], expected, atol=1e-5, rtol=1e-4)


def test_missing_points_give_missing_transforms():
    points = torch.full((1, 3, 2), torch.nan)
    assert geometry.fit_similarity(points, torch.rand(3, 2)).isnan().all()


def test_inverse_and_composition(generator):
    points = torch.rand(1, 5, 2, generator=generator)
    first, second = rotation(20, 2.0, (1, 2)), rotation(-50, 0.5, (0, 7))
    both = geometry.compose(second, first)
    torch.testing.assert_close(
        geometry.apply(both, points), geometry.apply(second, geometry.apply(first, points))
    )
    torch.testing.assert_close(geometry.apply(geometry.invert(both), geometry.apply(both, points)), points)


def test_warp_by_identity_is_exact(generator):
    picture = torch.rand(2, 1, 6, 9, generator=generator)
    torch.testing.assert_close(geometry.warp(picture, rotation(0).expand(2, 2, 3), (6, 9)), picture)


def test_warp_moves_a_pixel_to_where_its_centre_goes():
    picture = torch.zeros(1, 1, 8, 8)
    picture[0, 0, 2, 3] = 1.0  # centre at x = 3.5, y = 2.5
    moved = geometry.warp(picture, rotation(0, shift=(2.0, 4.0)), (8, 8), padding="zeros")
    assert moved[0, 0].nonzero().tolist() == [[6, 5]]


def test_warp_doubles_around_the_corner_of_the_picture():
    # doubling spreads each pixel over 2 x 2: means are kept exactly where the neighbours are equal
    picture = torch.ones(1, 1, 4, 4)
    assert geometry.warp(picture, rotation(0, scale=2.0), (8, 8)).eq(1).all()
