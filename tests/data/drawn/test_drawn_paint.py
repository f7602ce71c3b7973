import math

import pytest
import torch

from facsight.data.drawn.paint import along, disc, inside, over, smooth
from oracles.drawing import distance_to_segment, slow_polygon_coverage

SQUARE = torch.tensor([[[2.0, 2.0], [6.0, 2.0], [6.0, 6.0], [2.0, 6.0]]])


def test_square_on_the_pixel_grid_covers_its_pixels_and_no_other():
    expected = torch.zeros(1, 8, 8)
    expected[:, 2:6, 2:6] = 1
    torch.testing.assert_close(inside(SQUARE, 8), expected)


def test_square_shifted_by_half_a_pixel_covers_its_border_by_half():
    coverage = inside(SQUARE + torch.tensor([0.5, 0.0]), 8)
    # column 2 has its centre on the left edge of the square
    assert coverage[0, 4].tolist() == pytest.approx([0, 0, 0.5, 1, 1, 1, 0.5, 0])


def test_over_mixes_by_coverage():
    picture = torch.full((1, 2, 2), 0.2)
    mixed = over(picture, torch.tensor([1.0]), torch.tensor([[[0.0, 0.25], [0.5, 1.0]]]))
    assert mixed.flatten().tolist() == pytest.approx([0.2, 0.4, 0.6, 1.0])


def test_disc_area_and_its_absence_at_radius_zero():
    discs = disc(torch.full((2, 2), 32.0), torch.tensor([20.0, 0.0]), 64)
    assert discs[0].sum().item() == pytest.approx(math.pi * 400, rel=0.01)
    assert discs[1].abs().max() == 0


def test_polygons_agree_with_winding_angles_and_dense_sampling():
    # a crooked quadrilateral and a concave arrow head
    shapes = [
        [(1.3, 2.1), (8.2, 1.2), (6.6, 8.4), (2.2, 6.9)],
        [(1.1, 1.2), (5.2, 8.9), (9.3, 1.4), (5.1, 4.2)],
    ]
    for edge in (1.0, 2.5):
        coverage = inside(torch.tensor(shapes), 10, edge=edge)
        for n, corners in enumerate(shapes):
            expected = [
                [slow_polygon_coverage((x + 0.5, y + 0.5), corners, edge) for x in range(10)]
                for y in range(10)
            ]
            torch.testing.assert_close(coverage[n], torch.tensor(expected), atol=2e-3, rtol=0)


def test_stroke_agrees_with_dense_sampling():
    line, radius, edge = [(1.2, 1.7), (5.5, 7.3), (8.9, 3.1)], 0.8, 1.5
    coverage = along(torch.tensor([line]), torch.full((1, 3), radius), 10, edge=edge)
    for y in range(10):
        for x in range(10):
            place = (x + 0.5, y + 0.5)
            distance = min(distance_to_segment(place, line[i], line[i + 1]) for i in range(2)) - radius
            assert coverage[0, y, x].item() == pytest.approx(min(1, max(0, 0.5 - distance / edge)), abs=2e-3)


def test_tapered_stroke_is_thicker_at_its_thick_end():
    line, radius = torch.tensor([[[4.0, 10.0], [16.0, 10.0]]]), torch.tensor([[0.5, 4.0]])
    columns = along(line, radius, 20).sum(dim=1)[0]
    assert columns[4].item() == pytest.approx(1, abs=0.6)
    assert columns[15].item() == pytest.approx(8, abs=1)


@pytest.mark.parametrize("far", [-100.0, 100.0])
def test_shapes_beyond_the_picture_cover_nothing(far):
    assert inside(SQUARE + far, 8).abs().max() == 0
    assert disc(torch.full((1, 2), far), torch.tensor([3.0]), 8).abs().max() == 0


def test_company_in_the_batch_changes_nothing(generator):
    shapes = 12 * torch.rand(5, 6, 2, generator=generator)
    alone = torch.cat([inside(shape[None], 12) for shape in shapes])
    torch.testing.assert_close(inside(shapes, 12), alone)


@pytest.mark.parametrize("closed", [False, True])
def test_smooth_lines_keep_their_vertices_and_do_not_care_about_direction(closed, generator):
    line = torch.rand(2, 5, 2, generator=generator)
    curve = smooth(line, closed=closed, steps=4)
    assert curve.shape[1] == (20 if closed else 17)
    torch.testing.assert_close(curve[:, ::4][:, :5], line)
    if not closed:
        torch.testing.assert_close(smooth(line.flip(1), steps=4).flip(1), curve)


def test_smooth_leaves_evenly_spaced_straight_lines_straight():
    line = torch.stack([torch.arange(4.0), 2 * torch.arange(4.0)], dim=1)[None]
    expected = torch.linspace(0, 3, 10)
    torch.testing.assert_close(smooth(line)[0], torch.stack([expected, 2 * expected], dim=1))
