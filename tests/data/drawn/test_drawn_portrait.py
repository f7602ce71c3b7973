import pytest
import torch

from facsight.core.landmarks import MIRROR
from facsight.data.drawn import ACTION_UNITS, Conditions, as_bytes, paint, people, studio
from facsight.data.drawn.conditions import draw_scene
from facsight.facs.au_maps import render_au_maps

#: Boxes in units of the distance between the eyes, from the point between them: left, top, right, bottom.
BROWS = (-1.1, -1.05, 1.1, 0.0)
EYES = (-1.1, -0.6, 1.1, 0.4)
CHEEKS_AND_EYES = (-1.15, -0.5, 1.15, 1.0)
MIDDLE = (-0.9, -0.6, 0.9, 1.35)
MOUTH = (-1.0, 0.25, 1.0, 1.5)
CHEEKS_AND_MOUTH = (-1.0, 0.1, 1.0, 1.35)
LOWER_FACE = (-1.1, 0.45, 1.1, 2.1)
REGIONS = {
    **{1: BROWS, 2: BROWS, 4: BROWS, 5: EYES, 6: CHEEKS_AND_EYES, 7: EYES, 9: MIDDLE, 10: MIDDLE, 11: MIDDLE},
    **{
        12: CHEEKS_AND_MOUTH,
        14: MOUTH,
        15: MOUTH,
        16: MOUTH,
        17: LOWER_FACE,
        18: MOUTH,
        20: MOUTH,
        22: MOUTH,
        23: MOUTH,
    },
    **{24: MOUTH, 25: MOUTH, 26: LOWER_FACE, 27: LOWER_FACE, 28: MOUTH, 43: EYES, 45: EYES},
}


def in_the_wild(count, generator, difficulty=0.7):
    intensities = torch.rand(count, len(ACTION_UNITS), generator=generator)
    intensities = intensities * (torch.rand(intensities.shape, generator=generator) < 0.2)
    return draw_scene(people(range(count)), intensities, Conditions.at(difficulty), generator)


def pixel_box(box, size):
    left, top, right, bottom = box
    centre, unit = torch.tensor([0.5, 0.4]) * size, 0.265 * size
    columns = slice(int(centre[0] + unit * left), int(centre[0] + unit * right) + 1)
    rows = slice(int(centre[1] + unit * top), int(centre[1] + unit * bottom) + 1)
    return rows, columns


def test_every_drawn_unit_has_a_region_here():
    assert set(REGIONS) == set(ACTION_UNITS)


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_an_action_unit_is_seen_in_its_region_and_nowhere_else(unit):
    plain, raised = (paint(studio(action_units=units), size=64)[0][0, 0] for units in ({}, {unit: 1.0}))
    change = (raised - plain).abs()
    rows, columns = pixel_box(REGIONS[unit], 64)
    assert change[rows, columns].max() > 25
    change[rows, columns] = 0
    assert change.max() == 0


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_a_stronger_unit_changes_more(unit):
    plain, half, full = (paint(studio(action_units={unit: i}), size=64)[0] for i in (0.0, 0.5, 1.0))
    assert (full - plain).square().sum() > (half - plain).square().sum() > 0


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_what_a_unit_changes_lies_in_its_action_unit_map(unit):
    plain, raised = (paint(studio(action_units=units), size=64) for units in ({}, {unit: 1.0}))
    change = (raised[0] - plain[0]).abs()[0, 0]
    region = render_au_maps(raised[1], (64, 64), extent=(64, 64), action_units=(unit,)).maps[0, 0] > 0.25
    density = change[region].mean() / change.mean()
    assert density > 5


def test_landmarks_lie_on_what_is_drawn():
    pictures, points = paint(studio(action_units={27: 1.0}), size=160)

    def grey_at(place):
        return pictures[0, 0, int(place[1]), int(place[0])].item()

    cheek = grey_at((points[0, 2] + points[0, 31]) / 2)
    assert all(grey_at(points[0, point]) < 0.6 * cheek for point in (18, 19, 20, 23, 24, 25))
    assert all(grey_at(points[0, point]) < 0.6 * cheek for point in (37, 38, 43, 44))
    mouth = (points[0, 62] + 2 * points[0, 66]) / 3
    assert grey_at(mouth) < 0.2 * cheek
    chin = points[0, 8]
    assert grey_at(chin - torch.tensor([0.0, 4.0])) > 1.15 * grey_at(chin + torch.tensor([0.0, 4.0]))


def test_mirrored_scene_is_mirrored_picture(generator):
    scene = in_the_wild(20, generator)
    scene.mark[:, :] = torch.tensor([0.5, -0.8, 0.13, 1.0])
    pictures, points = paint(scene)
    mirrored, mirrored_points = paint(scene.mirrored())
    torch.testing.assert_close(mirrored, pictures.flip(-1), atol=0.25, rtol=0)
    expected = points[:, list(MIRROR)] * torch.tensor([-1.0, 1.0]) + torch.tensor([48.0, 0.0])
    torch.testing.assert_close(mirrored_points, expected, atol=1e-3, rtol=0)


def test_company_in_the_batch_changes_nothing(generator):
    scene = in_the_wild(70, generator)
    together, points = paint(scene, size=40)
    for row in (0, 63, 64, 69):
        alone, own_points = paint(scene.rows(slice(row, row + 1)), size=40)
        torch.testing.assert_close(together[row], alone[0], atol=0.05, rtol=0)
        torch.testing.assert_close(points[row], own_points[0])


def test_the_same_person_looks_the_same_and_another_does_not():
    pictures = paint(studio(3, people=people([3, 4, 3])))[0]
    torch.testing.assert_close(pictures[0], pictures[2])
    assert (pictures[0] - pictures[1]).abs().mean() > 2


def test_sizes_show_the_same_face():
    small, points = paint(studio(), size=48)
    large, large_points = paint(studio(), size=96)
    torch.testing.assert_close(large_points, 2 * points)
    halved = torch.nn.functional.avg_pool2d(large, 2)
    assert torch.corrcoef(torch.stack([small.flatten(), halved.flatten()]))[0, 1] > 0.97


def test_grey_levels_stay_in_range_and_nothing_is_something(generator):
    pictures, _ = paint(in_the_wild(40, generator, difficulty=1.0))
    assert pictures.min() >= 0
    assert pictures.max() <= 255
    assert paint(studio(0), size=32)[0].shape == (0, 1, 32, 32)


def test_bytes_are_rounded_and_clipped():
    greys = torch.tensor([-3.0, 0.4, 0.6, 254.7, 300.0]).view(1, 1, 1, 5)
    assert as_bytes(greys).flatten().tolist() == [0, 0, 1, 255, 255]
