import math

import pytest

from facsight.audit.verdicts import (
    decide,
    depends_on_weights,
    is_calibrated,
    is_faithful,
    points_at_units,
    rests_on_units,
    shares_agree,
    tells_classes_apart,
)
from facsight.metrics.classification import Interval

UP, DOWN, EVEN = Interval(0.2, 0.1, 0.3), Interval(-0.2, -0.3, -0.1), Interval(0.0, -0.1, 0.1)


@pytest.mark.parametrize(
    ("margin", "answer"), [(UP, "yes"), (DOWN, "no"), (EVEN, "undecided"), (None, "not examined")]
)
def test_an_answer_needs_the_whole_interval_on_one_side(margin, answer):
    assert decide(margin) == answer
    assert points_at_units(UP, margin, "constant", 9).answer == answer
    assert tells_classes_apart(UP, margin, "constant", 0.14).answer == answer
    assert rests_on_units(UP, UP, margin, 9).answer == answer
    assert shares_agree(margin, 9).answer == answer


def test_an_interval_that_touches_zero_decides_nothing():
    assert decide(Interval(0.1, 0.0, 0.2)) == "undecided"


def test_nan_is_not_examined():
    assert decide(Interval(math.nan, math.nan, math.nan)) == "not examined"


def test_what_is_not_available_is_said():
    assert "Not available" in points_at_units(None, None, "none", 0).because
    assert "Not available" in rests_on_units(None, None, None, 0).because


def test_faithfulness_needs_all_scores_to_agree():
    margins = {"deletion": (UP, "blob"), "insertion": (UP, "blob"), "road": (UP, "hull")}
    assert is_faithful(margins, 9).answer == "yes"
    assert is_faithful(margins | {"road": (EVEN, "hull")}, 9).answer == "undecided"
    assert is_faithful(dict.fromkeys(margins, (DOWN, "blob")), 9).answer == "no"


def test_numbers_and_floors_are_in_the_reason():
    because = points_at_units(UP, Interval(0.1, 0.05, 0.15), "mean class map", 40).because
    assert "0.200 (0.100 to 0.300)" in because
    assert "+0.100 (+0.050 to +0.150)" in because
    assert "mean class map" in because
    assert "40 faces" in because


def test_maps_that_survive_random_weights_are_unmasked():
    assert depends_on_weights(Interval(0.9, 0.85, 0.95)).answer == "no"
    assert depends_on_weights(Interval(0.1, 0.0, 0.2)).answer == "yes"
    assert depends_on_weights(Interval(0.5, 0.4, 0.6)).answer == "undecided"


def test_calibration_has_a_stated_limit():
    assert is_calibrated(0.02).answer == "yes"
    assert is_calibrated(0.2).answer == "no"
