"""Regions against anatomy: where each action unit shows on a frontal face at rest."""

import math

import pytest
import torch

from facsight.core.errors import UnknownName
from facsight.core.landmarks import MIRROR, POINT_COUNT
from facsight.facs.action_units import ACTION_UNITS
from facsight.facs.regions import EYES_TO_MOUTH, REGIONS, SPOTS_PER_SIDE, face_unit, region_spots

LEFT_BROW_Y, EYE_Y, NOSE_TIP_Y, NOSE_BASE_Y, LIPS_TOP_Y, MOUTH_Y = -0.34, 0.0, 0.51, 0.69, 0.94, 1.07
LIPS_BOTTOM_Y, CHIN_Y, EYE_X, NOSE_WING_X, MOUTH_X = 1.20, 1.76, 0.5, 0.26, 0.38


@pytest.fixture
def where(frontal):
    """The middle of a unit's region on the picture's left half: how far out and how far down."""

    def middle(unit: int) -> tuple[float, float]:
        spots, _ = region_spots((unit,))
        x, y = (spots[0, :SPOTS_PER_SIDE] @ frontal).mean(dim=0).tolist()
        return -x, y

    return middle


@pytest.mark.parametrize("unit", REGIONS)
def test_anchors_move_with_the_face(unit):
    # weights that sum to 1 are carried along by any shift, turn, stretch and shear of the landmarks
    spots, _ = region_spots((unit,))
    torch.testing.assert_close(spots.sum(dim=-1), torch.ones(1, 2 * SPOTS_PER_SIDE, dtype=spots.dtype))


@pytest.mark.parametrize("unit", REGIONS)
def test_regions_are_mirror_symmetric(unit, frontal):
    # the mirror image of the face has point MIRROR[i] at i, with x turned round
    spots, _ = region_spots((unit,))
    mirrored = (frontal * torch.tensor([-1.0, 1.0]))[list(MIRROR)]
    there, here = spots[0] @ frontal, spots[0] @ mirrored
    torch.testing.assert_close(here, (there * torch.tensor([-1.0, 1.0])).roll(SPOTS_PER_SIDE, dims=0))


@pytest.mark.parametrize("unit", REGIONS)
def test_left_strokes_lie_on_the_left_within_the_face(unit, frontal):
    spots, radii = region_spots((unit,))
    x, y = (spots[0, :SPOTS_PER_SIDE] @ frontal).unbind(dim=1)
    assert (x <= 1e-9).all()
    assert (x >= -1.1).all()
    assert (y > -0.7).all()
    assert (y < CHIN_Y).all()
    assert 0.05 < radii.item() < 0.25


@pytest.mark.parametrize("unit", REGIONS)
def test_the_region_lies_where_the_table_says(unit, where):
    _, down = where(unit)
    bounds = {
        "brows": (-0.7, -0.2),
        "eyes": (-0.25, 0.2),
        "cheeks": (0.1, 0.95),
        "nose": (-0.1, 0.65),
        "lips": (0.6, 1.45),
        "mouth corners": (0.75, 1.4),
        "chin": (1.25, 1.7),
        "jaw": (1.05, 1.7),
    }
    low, high = bounds[ACTION_UNITS[unit].region]
    assert low < down < high, (unit, down)


def test_brows(where):
    inner, outer, lowerer = where(1), where(2), where(4)
    assert inner[1] < LEFT_BROW_Y, "inner raiser: on the forehead above the brow"
    assert inner[0] < EYE_X < outer[0], "inner and outer lie either side of the pupil"
    assert inner[1] < lowerer[1] < EYE_Y, "lowerer: below the inner raiser, above the eyes"
    assert lowerer[0] < EYE_X, "lowerer: towards the glabella"


def test_eyes_from_lid_to_lid(where):
    assert LEFT_BROW_Y < where(5)[1] < where(43)[1] < where(7)[1] < 0.3, "upper lid, opening, lower lid"
    assert where(43) == where(45) == where(46)


def test_midface(where, frontal):
    cheek, nose, furrow = where(6), where(9), where(11)
    assert cheek[0] > EYE_X, "cheek raiser: to the side of the pupil"
    assert where(7)[1] < cheek[1] < NOSE_BASE_Y, "cheek raiser: below the lower lid, above the nose's base"
    assert nose[0] < NOSE_WING_X, "nose wrinkler: on the side of the nose"
    assert EYE_Y < nose[1] < NOSE_TIP_Y
    assert NOSE_WING_X < furrow[0] < 0.6, "nasolabial: beside the nose's wing and the mouth"
    assert NOSE_BASE_Y < furrow[1] < MOUTH_Y, "nasolabial: the middle of the furrow"


def test_the_mouth_corner_is_pulled_in_five_directions(where):
    puller, sharp, dimpler, depressor, stretcher = (where(unit) for unit in (12, 13, 14, 15, 20))
    assert puller[1] < MOUTH_Y - 0.1, "12: up"
    assert puller[0] > MOUTH_X + 0.05, "12: and out, along zygomaticus major"
    assert sharp[1] < MOUTH_Y - 0.1, "13: up"
    assert abs(sharp[0] - MOUTH_X) < 0.08, "13: straight up, along levator anguli oris"
    assert dimpler[0] > MOUTH_X, "14: out"
    assert abs(dimpler[1] - MOUTH_Y) < 0.05, "14: level"
    assert depressor[1] > MOUTH_Y + 0.1, "15: down"
    assert stretcher[0] > MOUTH_X, "20: out"
    assert MOUTH_Y < stretcher[1] < depressor[1], "20: a little down"


def test_lips_and_chin(where):
    assert NOSE_TIP_Y < where(10)[1] < LIPS_TOP_Y, "10: between the nose and the lip"
    assert all(LIPS_TOP_Y < where(unit)[1] < LIPS_BOTTOM_Y for unit in (18, 22, 23, 24, 25))
    assert where(18)[0] < where(22)[0] < where(23)[0] + 0.05, "18 narrows the mouth"
    assert LIPS_BOTTOM_Y < where(16)[1] < where(17)[1] < CHIN_Y, "16 below the lip, 17 on the chin boss"
    assert where(16)[0] > where(17)[0]
    assert MOUTH_Y < where(26)[1] < CHIN_Y
    assert where(27)[0] > where(26)[0], "27 stretches the cheeks too"


def test_unit_of_length_from_the_front_and_the_side(frontal):
    # from the front the eyes' distance, by definition 1; turned by 90 degrees it has no width, and the eyes'
    # distance from the mouth, 1.068 in this face, decides; nodded by 60 degrees heights halve
    side, nodded = frontal * torch.tensor([0.0, 1.0]), frontal * torch.tensor([1.0, 0.5])
    mouth = (frontal[48, 1] + frontal[54, 1]).item() / 2
    expected = torch.tensor([1.0, mouth / EYES_TO_MOUTH, 1.0], dtype=frontal.dtype)
    measured = face_unit(torch.stack([frontal, side, nodded]))
    torch.testing.assert_close(measured, expected, atol=2e-3, rtol=0)


@pytest.mark.parametrize("degrees", range(0, 91, 15))
def test_unit_of_length_does_not_collapse_in_profile(frontal, degrees):
    turned = frontal * torch.tensor([math.cos(math.radians(degrees)), 1.0])
    assert 0.9 < face_unit(turned[None]).item() < 1.1


def test_unit_of_length_without_mouth_and_without_eyes(frontal):
    mask, blindfold = frontal.clone(), frontal.clone()
    mask[48:] = torch.nan
    blindfold[36:48] = torch.nan
    unit = face_unit(torch.stack([mask, blindfold]))
    assert unit[0].item() == pytest.approx(1.0, abs=2e-3)
    assert unit[1].isnan()


def test_spots_of_several_units_come_in_their_order():
    both, radii = region_spots((12, 6))
    assert both.shape == (2, 2 * SPOTS_PER_SIDE, POINT_COUNT)
    torch.testing.assert_close(both[1], region_spots((6,))[0][0])
    assert radii[0].item() == pytest.approx(REGIONS[12].radius)


@pytest.mark.parametrize(
    ("unit", "name"), [(54, "Head Down"), (21, "Neck Tightener"), (3, "FACS does not have")]
)
def test_a_unit_without_region_is_refused_by_name(unit, name):
    with pytest.raises(UnknownName, match=name):
        region_spots((12, unit))
