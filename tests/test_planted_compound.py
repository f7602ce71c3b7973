"""What two expressions a drawn face shows is found more often than by lot, and than by the two likeliest."""

from statistics import mean

import pytest

from facsight.core.labels import label_space
from planted_compound import planted, unions

pytestmark = pytest.mark.slow


def test_a_drawn_compound_shows_the_units_of_both():
    assert unions(label_space("cexpr7"))["sadly angry"] == {
        **{1: 0.9, 4: 1.0, 5: 0.3, 7: 0.8, 15: 1.0, 17: 0.5, 23: 0.5, 24: 0.6}
    }


def test_published_rules_are_above_chance_and_above_the_two_likeliest_classes(tmp_path):
    found = [planted(seed, tmp_path / str(seed), faces=2000, epochs=6)["cexpr7"] for seed in (0, 1)]
    for rule in ("masked_sum", "weighted_sum"):
        scores = [one[rule] for one in found]
        assert mean(scores) > 2 * found[0]["chance"] - 0.05
        assert mean(scores) > mean(max(one["top2_all"], one["top2_basic"]) for one in found)
