import math

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from facsight.metrics.localisation import (
    area_under_curve,
    energy_inside,
    intersection_over_union,
    pointing_game,
    region_of,
)
from oracles.scores import slow_localisation

ALL = {
    "auc": area_under_curve,
    "energy": energy_inside,
    "pointing": pointing_game,
    "iou": intersection_over_union,
}


def one(score, maps, region):
    return score(torch.tensor([maps]), torch.tensor([region], dtype=torch.bool)).item()


def some_maps(generator, count=80):
    """Maps with ties, and regions from one place to all but one."""
    maps = torch.randint(5, (count, 4, 5), generator=generator).double()
    region = torch.rand(count, 4, 5, generator=generator) < torch.rand(count, 1, 1, generator=generator)
    region[:, 0, 0], region[:, 3, 4] = True, False
    return maps, region


def test_hand_computed():
    maps, region = [[4.0, 3.0, 2.0], [1.0, 0.0, 0.0]], [[1, 0, 1], [0, 0, 0]]
    # inside 4 and 2 against outside 3, 1, 0, 0: 4 + 3 of 8 pairs
    assert one(area_under_curve, maps, region) == pytest.approx(7 / 8)
    assert one(energy_inside, maps, region) == pytest.approx(6 / 10)
    assert one(pointing_game, maps, region) == 1
    # the two largest are 4 (inside) and 3 (outside): one in common of three
    assert one(intersection_over_union, maps, region) == pytest.approx(1 / 3)


def test_ties_are_shared():
    maps, region = [[2.0, 2.0, 2.0, 1.0]], [[1, 0, 1, 0]]
    # pairs: 2 against 2 half, 2 against 1 one, twice
    assert one(area_under_curve, maps, region) == pytest.approx(3 / 4)
    assert one(pointing_game, maps, region) == pytest.approx(2 / 3)
    # two of three tied places are taken, 4/3 of them inside: (4/3) / (4 - 4/3)
    assert one(intersection_over_union, maps, region) == pytest.approx(1 / 2)


def test_rounding_is_a_tie():
    maps = [[1.0, 1.0 + 1e-8, 0.0, 0.0]]
    assert one(pointing_game, maps, [[1, 0, 0, 0]]) == 0.5
    assert one(intersection_over_union, maps, [[1, 0, 0, 0]]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("value", [0.1, 7.0])
def test_a_constant_map_scores_the_share_of_the_region(value):
    maps, region = [[value] * 10], [[1] * 3 + [0] * 7]
    assert one(area_under_curve, maps, region) == 0.5
    assert one(energy_inside, maps, region) == pytest.approx(0.3)
    assert one(pointing_game, maps, region) == pytest.approx(0.3)
    assert one(intersection_over_union, maps, region) == pytest.approx(3 / 17)


def test_negative_values_are_shifted_up_for_the_energy():
    assert one(energy_inside, [[-1.0, 0.0, 1.0]], [[0, 0, 1]]) == pytest.approx(2 / 3)


def test_not_defined_is_nan_never_zero():
    ones, nothing, everything = [[1.0, 2.0]], [[0, 0]], [[1, 1]]
    assert math.isnan(one(area_under_curve, ones, everything))
    assert math.isnan(one(energy_inside, [[0.0, 0.0]], [[1, 0]]))
    for name, score in ALL.items():
        assert math.isnan(one(score, ones, nothing)), name
        assert math.isnan(one(score, [[math.nan, 1.0]], [[1, 0]])), name
        assert math.isnan(one(score, [[math.inf, 1.0]], [[1, 0]])), name


def test_scikit_learn_and_slow_loops_agree(generator):
    maps, region = some_maps(generator)
    found = {name: score(maps, region) for name, score in ALL.items()}
    for n in range(len(maps)):
        slow = slow_localisation(maps[n].numpy(), region[n].numpy())
        slow["auc"] = roc_auc_score(region[n].numpy().ravel(), maps[n].numpy().ravel())
        for name, value in slow.items():
            assert found[name][n].item() == pytest.approx(value), name


def test_a_map_of_the_region_is_perfect(generator):
    _, region = some_maps(generator)
    for score in ALL.values():
        torch.testing.assert_close(
            score(region.double(), region), torch.ones(len(region), dtype=torch.float64)
        )


def test_scale_does_not_matter_and_a_shift_only_for_the_energy(generator):
    maps, region = some_maps(generator)
    for name, score in ALL.items():
        torch.testing.assert_close(score(1e-6 * maps, region), score(maps, region), equal_nan=True)
        if name != "energy":
            torch.testing.assert_close(score(maps - 3, region), score(maps, region))


def test_noise_scores_as_chance_has_it(generator):
    maps = torch.rand(4000, 5, 6, generator=generator)
    region = torch.zeros(4000, 5, 6, dtype=torch.bool)
    region[:, :2, :3] = True
    for score, chance in ((area_under_curve, 0.5), (energy_inside, 0.2), (pointing_game, 0.2)):
        # four standard errors of a share of 4,000
        assert score(maps, region).mean().item() == pytest.approx(chance, abs=0.026)


def test_region_is_where_the_map_reaches_half_its_peak():
    maps = torch.tensor([[[0.1, 0.2, 0.4]], [[0.0, 0.0, 0.0]]])
    assert region_of(maps).tolist() == [[[False, True, True]], [[False, False, False]]]
    assert np.array_equal(region_of(3 * maps).numpy(), region_of(maps).numpy())
