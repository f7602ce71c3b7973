import math

import pytest
import torch
from scipy.stats import kendalltau

from facsight.core.errors import BadFaces, BadLabels, UnknownName
from facsight.core.landmarks import MIRROR
from facsight.data.drawn import landmarks, paint, people, studio
from facsight.explain.causal_units import Drop, UnitEffects, audit_effects, rank_agreement, unit_effects
from facsight.facs.au_maps import render_au_maps

ONE = torch.zeros(1, dtype=torch.long)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def points():
    """The 68 points of three persons in pictures of 48 pixels."""
    return landmarks(studio(3, people=people([1, 2, 3])), 48)


@pytest.fixture(scope="module")
def pictures():
    return paint(studio(3, people=people([1, 2, 3]), action_units={12: 1.0}), size=48)[0] / 255


def against_nothing(pattern):
    """Two classes: the sum of the pixels under a pattern, and 0; the log odds are that sum."""
    return lambda pixels: torch.stack(
        [(pixels[:, 0] * pattern).sum(dim=(1, 2)), torch.zeros(len(pixels))], dim=1
    )


def peak_of(points, unit):
    """A pattern of one pixel: where the region of a unit is strongest, left in the picture."""
    maps = render_au_maps(points[:1], (48, 48), extent=(48, 48), action_units=(unit,)).maps[0, 0]
    left = maps * (torch.arange(48) < 24)
    return (left == left.max()).float()


def test_a_spot_under_a_unit_by_hand(points):
    # all is 1 but for one pixel of 3 in the middle of AU12's region, and the score is that pixel. Filling it
    # from its surroundings makes it 1, so the log odds fall from 3 to 1, and the probability from
    # 1 / (1 + exp(-3)) to 1 / (1 + exp(-1)). No other region reaches it, and no control should
    pattern = peak_of(points, 12)
    told = unit_effects(
        against_nothing(pattern),
        1 + 2 * pattern.expand(1, 1, 48, 48),
        points[:1],
        ONE,
        (1, 9, 12),
        generator=seeded(),
    )
    before, after = 1 / (1 + math.exp(-3)), 1 / (1 + math.exp(-1))
    torch.testing.assert_close(told.before, torch.tensor([before], dtype=torch.float64))
    expected = torch.tensor([[0.0, 0.0, 2.0]], dtype=torch.float64)
    # the soft edge of AU9's region still holds a little of the pixel
    torch.testing.assert_close(told.log_odds.removed, expected, atol=1e-3, rtol=0)
    torch.testing.assert_close(told.probability.removed, expected / 2 * (before - after), atol=1e-3, rtol=0)
    assert told.probability.control[0, 2] < 0.1 * (before - after)
    torch.testing.assert_close(told.shares, expected / 2, atol=0.15, rtol=0)


def test_both_sides_go_at_once():
    even = landmarks(studio(), 48)  # the average face is its own mirror image
    pattern = peak_of(even, 12)
    both = against_nothing(pattern + pattern.flip(1))
    pixels = (1 + 2 * (pattern + pattern.flip(1))).expand(1, 1, 48, 48)
    told = unit_effects(both, pixels, even, ONE, (12,), generator=seeded())
    torch.testing.assert_close(told.log_odds.removed, torch.tensor([[4.0]]).double(), atol=1e-4, rtol=0)


def test_removal_by_the_mean_is_exact_for_a_linear_score(points, generator):
    pixels, pattern = torch.rand(3, 1, 48, 48, generator=generator), torch.randn(48, 48, generator=generator)
    told = unit_effects(
        against_nothing(pattern), pixels, points, ONE.expand(3), (4, 12), removal="mean", generator=seeded()
    )
    maps = render_au_maps(points, (48, 48), extent=(48, 48), action_units=(4, 12)).maps
    gone = torch.where(maps < 0.25, 4 * maps, 1.0)
    for unit in range(2):
        stays = 1 - gone[:, unit]
        mean = (pixels[:, 0] * stays).sum(dim=(1, 2)) / stays.sum(dim=(1, 2))
        change = gone[:, unit] * (pixels[:, 0] - mean[:, None, None])
        expected = (pattern * change).sum(dim=(1, 2)).double()
        torch.testing.assert_close(told.log_odds.removed[:, unit], expected, atol=1e-3, rtol=0)


def test_a_score_that_ignores_the_picture_loses_nothing(points, pictures):
    told = unit_effects(
        lambda pixels: torch.tensor([[2.0, 1.0, 0.0]]).expand(len(pixels), 3),
        pictures,
        points,
        torch.tensor([0, 1, 2]),
        (6, 12, 25),
        generator=seeded(),
    )
    for drop in (told.probability, told.log_odds):
        assert (drop.removed == 0).all()
        assert (drop.control == 0).all()
        assert (drop.spread == 0).all()
    assert told.shares.isnan().all()
    assert told.valid.all()
    expected = torch.tensor([2.0, 1.0, 0.0]).double().softmax(dim=0)
    torch.testing.assert_close(told.before, expected)


def test_no_landmarks_is_not_available_and_never_zero(points, pictures):
    some = points.clone()
    some[0] = torch.nan
    some[1, 48:] = torch.nan
    arguments = against_nothing(torch.ones(48, 48)), pictures, some, ONE.expand(3), (1, 12)
    told = unit_effects(*arguments, generator=seeded())
    assert told.valid.tolist() == [[False, False], [True, False], [True, True]]
    for drop in (told.probability, told.log_odds):
        for values in (drop.removed, drop.control, drop.spread, drop.beyond):
            assert values.isnan().equal(~told.valid)
    assert told.before.isfinite().all()
    assert told.overlap.isfinite().sum(dim=(1, 2)).tolist() == [0, 1, 4]
    audit = audit_effects(*arguments, generator=seeded())
    assert audit.valid.tolist() == [False, True, True]
    for values in (audit.units.removed, audit.units.control, audit.rest, audit.area):
        assert values.isnan().equal(~audit.valid)


def test_units_without_weight_are_left_out(points, pictures):
    score = against_nothing(torch.rand(48, 48, generator=seeded(3)))
    weights = torch.tensor([[1.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    told = unit_effects(
        score, pictures, points, ONE.expand(3), (4, 6, 12), weights=weights, generator=seeded()
    )
    assert told.valid.equal(weights > 0)
    alone = unit_effects(score, pictures[2:], points[2:], ONE, (6,), generator=seeded())
    torch.testing.assert_close(told.probability.control[2, 1], alone.probability.control[0, 0])
    audit = audit_effects(
        score, pictures, points, ONE.expand(3), (4, 6, 12), weights=weights, generator=seeded()
    )
    assert audit.valid.tolist() == [True, False, True]


@pytest.mark.parametrize("measure", [unit_effects, audit_effects])
def test_a_face_has_the_same_effects_whichever_faces_come_with_it(points, pictures, measure):
    score = against_nothing(torch.randn(48, 48, generator=seeded(3)) / 10)
    arguments = {"action_units": (1, 6, 12), "controls": 3}
    together = measure(score, pictures, points, ONE.expand(3), **arguments, generator=seeded(), chunk=1000)
    one = measure(score, pictures[1:2], points[1:2], ONE, **arguments, generator=seeded(), chunk=2)
    drops = ("probability", "log_odds") if measure is unit_effects else ("units",)
    for name in drops:
        for part in ("removed", "control", "spread"):
            whole = getattr(getattr(together, name), part)
            torch.testing.assert_close(whole[1:2], getattr(getattr(one, name), part), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("measure", [unit_effects, audit_effects])
def test_a_mirrored_face_has_the_same_effects_for_the_mirrored_score(points, pictures, measure):
    pattern = torch.randn(48, 48, generator=seeded(3)) / 10
    turned = torch.stack([48 - points[..., 0], points[..., 1]], dim=-1)[:, list(MIRROR)]
    straight = measure(against_nothing(pattern), pictures, points, ONE.expand(3), (6, 12), generator=seeded())
    flipped = measure(
        against_nothing(pattern.flip(1)), pictures.flip(3), turned, ONE.expand(3), (6, 12), generator=seeded()
    )
    for one, other in (
        (straight.units, flipped.units)
        if measure is audit_effects
        else (straight.log_odds, flipped.log_odds),
    ):
        torch.testing.assert_close(one.removed, other.removed, atol=1e-3, rtol=0)
        torch.testing.assert_close(one.control, other.control, atol=1e-2, rtol=0)


def test_units_of_one_region_have_one_effect_and_are_told_to_be_inseparable(points, pictures):
    score = against_nothing(torch.randn(48, 48, generator=seeded(3)) / 10)
    told = unit_effects(score, pictures, points, ONE.expand(3), (12, 43, 45, 23, 24), generator=seeded())
    for drop in (told.probability, told.log_odds):
        assert drop.removed[:, 1].equal(drop.removed[:, 2])
        assert drop.control[:, 1].equal(drop.control[:, 2])
    overlap = told.overlap[0]
    torch.testing.assert_close(overlap.diagonal(), torch.ones(5).double())
    assert overlap[1, 2] == overlap[2, 1] == 1
    assert overlap[0, 1] < 0.01
    assert told.inseparable(0) == ((23, 24), (43, 45))


def test_groups_follow_the_smaller_of_the_two_shares():
    # 1 and 2 share half of each, 2 and 4 as well, so the three go together; 5 lies in 7, but 7 is larger
    overlap = torch.eye(5).double()
    overlap[0, 1] = overlap[1, 0] = overlap[1, 2] = overlap[2, 1] = 0.5
    overlap[3, 4], overlap[4, 3] = 1.0, 0.4
    nothing = torch.zeros(1, 5).double()
    drop = Drop(nothing, nothing, nothing)
    told = UnitEffects((1, 2, 4, 5, 7), nothing == 0, nothing[:, 0], drop, drop, overlap[None])
    assert told.inseparable(0) == ((1, 2, 4),)


def test_shares_by_hand():
    # beyond the controls: 0.3, -0.1 and 0.1, so 3/4, 0 and 1/4
    removed = torch.tensor([[0.35, 0.0, 0.2, torch.nan]]).double()
    control = torch.tensor([[0.05, 0.1, 0.1, torch.nan]]).double()
    drop = Drop(removed, control, control)
    told = UnitEffects(
        (1, 2, 4, 5), removed == removed, removed[:, 0], drop, drop, torch.zeros(1, 4, 4).double()
    )
    expected = torch.tensor([[0.75, 0.0, 0.25, torch.nan]]).double()
    torch.testing.assert_close(told.shares, expected, equal_nan=True)


def test_a_single_control_has_no_spread(points, pictures):
    score = against_nothing(torch.ones(48, 48) / 100)
    told = unit_effects(score, pictures, points, ONE.expand(3), (12,), controls=1, generator=seeded())
    assert told.probability.spread.isnan().all()
    assert told.probability.control.isfinite().all()


def test_the_audit_finds_where_a_decision_rests(points):
    inside, forehead = peak_of(points, 12), torch.zeros(48, 48)
    forehead[3:9, 16:32] = 1 / 96
    for pattern, units, rest in ((inside, 2.0, 0.0), (forehead, 0.0, 2.0)):
        pixels = (1 + 2 * (pattern > 0).float()).expand(1, 1, 48, 48)
        told = audit_effects(
            against_nothing(pattern), pixels, points[:1], ONE, (6, 12, 25), controls=8, generator=seeded()
        )
        fall = 1 / (1 + math.exp(-3)) - 1 / (1 + math.exp(-1))
        torch.testing.assert_close(told.units.removed.item(), units / 2 * fall, atol=1e-3, rtol=0)
        torch.testing.assert_close(told.rest.item(), rest / 2 * fall, atol=1e-3, rtol=0)
        assert (told.units.control.item() > 0.01 * fall) == (pattern is forehead)


def test_every_pixel_goes_with_the_units_or_with_the_rest(points):
    seen = []

    def score(pixels):
        seen.append(pixels)
        return torch.zeros(len(pixels), 2)

    pixels = torch.rand(3, 1, 48, 48, generator=seeded())
    units = (1, 2, 4, 5, 20, 25, 26, 27)  # fear: most of the face
    told = audit_effects(score, pixels, points, ONE.expand(3), units, controls=2, generator=seeded())
    before, after = seen
    assert before.equal(pixels)
    gone = (after.unflatten(0, (3, 4)) != pixels.unsqueeze(1)).squeeze(2)
    assert (gone[:, 0] | gone[:, 3]).all()
    # as much goes in controls as with the units: they have to leave room, less than half of the picture
    assert (told.area < 0.5).all()
    assert told.valid.all()


def test_rank_agreement_is_scipys(generator):
    one = torch.randint(4, (40, 7), generator=generator).double()
    other = torch.randint(4, (40, 7), generator=generator).double()
    other[torch.rand(40, 7, generator=generator) < 0.2] = torch.nan
    told = rank_agreement(one, other)
    for row in range(40):
        known = other[row].isfinite()
        expected = kendalltau(one[row][known], other[row][known]).statistic
        assert told[row].item() == pytest.approx(expected, nan_ok=True)


def test_rank_agreement_needs_three_units_and_an_order():
    nan = torch.nan
    told = rank_agreement(
        torch.tensor([[1.0, 2.0, nan], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]),
        torch.tensor([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [0.1, 0.2, 0.9], [0.1, 0.2, 0.9]]),
    )
    torch.testing.assert_close(told, torch.tensor([nan, nan, 1.0, -1.0]).double(), equal_nan=True)


def test_no_face_has_no_effects():
    nobody = torch.zeros(0, 1, 48, 48), torch.zeros(0, 68, 2), ONE[:0], (6, 12)
    score = against_nothing(torch.ones(48, 48))
    assert unit_effects(score, *nobody, generator=seeded()).probability.removed.shape == (0, 2)
    assert audit_effects(score, *nobody, generator=seeded()).rest.shape == (0,)


def test_colour_and_other_shapes(points):
    pixels = torch.rand(2, 3, 48, 60, generator=seeded())
    told = unit_effects(
        lambda faces: faces.mean(dim=(2, 3)), pixels, points[:2], ONE.expand(2), (12,), generator=seeded()
    )
    assert told.valid.all()
    assert told.probability.removed.isfinite().all()


def test_a_decision_that_is_not_finite_is_not_available(points, pictures):
    told = unit_effects(
        lambda faces: torch.full((len(faces), 2), torch.nan),
        pictures,
        points,
        ONE.expand(3),
        (12,),
        generator=seeded(),
    )
    assert not told.valid.any()
    assert told.probability.removed.isnan().all()


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"about": torch.tensor([0, 2, 1])}, BadLabels, "from 0 to 1"),
        ({"about": torch.tensor([0, -1, 1])}, BadLabels, "from 0 to 1"),
        ({"about": torch.tensor([0, 1])}, BadFaces, "3, 3 and 2"),
        ({"score": lambda faces: faces.mean(dim=(1, 2, 3)).unsqueeze(1)}, BadLabels, "at least two classes"),
        ({"action_units": (12, 99)}, UnknownName, "99"),
        ({"removal": "blurr"}, UnknownName, "did you mean 'blur'"),
        ({"controls": 0}, BadFaces, "at least one control"),
        ({"controls": 1000}, BadFaces, "at most 96"),
        ({"weights": torch.ones(3, 2)}, BadFaces, "each face and unit"),
    ],
)
def test_what_does_not_fit_is_told(points, pictures, unchecked, change, error, match):
    arguments = {
        "score": against_nothing(torch.ones(48, 48)),
        "pixels": pictures,
        "landmarks": points,
        "about": ONE.expand(3),
        "action_units": (12,),
        "generator": seeded(),
    }
    with pytest.raises(error, match=match):
        unit_effects(**(arguments | change))
