import math

import numpy as np
import pytest
import torch
from scipy import stats

from facsight.core.errors import BadLabels
from facsight.metrics.personal_gain import personal_gain

BEFORE = {"anna": [0.5, 0.7], "ben": [0.6, 0.6], "cleo": [0.8, 0.8]}
AFTER = {"anna": [0.9, 0.9], "ben": [0.5, 0.5], "cleo": [0.8, 0.8]}
ORACLE = {"anna": [1.0, 1.0], "ben": [0.9, 0.9], "cleo": [0.9, 0.9]}


def gain(after=AFTER, before=BEFORE, bound=None, **options):
    return personal_gain(after, before, bound, generator=torch.Generator().manual_seed(0), **options)


def test_by_hand():
    """Anna gains 0.3, Ben loses 0.1, Cleo stays; the bound gains 0.4, 0.3 and 0.1."""
    found = gain(bound=ORACLE)
    assert found.score == pytest.approx((0.9 + 0.5 + 0.8) / 3)
    assert found.spread == pytest.approx(np.std([0.9, 0.5, 0.8], ddof=1))
    assert found.gain.estimate == pytest.approx(0.2 / 3)
    assert found.gained == (("anna", pytest.approx(0.3)),)
    assert found.lost == (("ben", pytest.approx(-0.1)),)
    assert found.made_worse == pytest.approx(1 / 3)
    assert found.recovered == pytest.approx(0.2 / 0.8)


def test_a_tolerance_forgives_small_losses():
    found = gain(tolerance=0.15)
    assert found.lost == ()
    assert found.made_worse == 0.0
    assert [name for name, _ in found.gained] == ["anna"]


def test_those_who_gain_and_lose_most_come_first():
    before = {name: [0.5] for name in "abcd"}
    found = gain({"a": [0.4], "b": [0.9], "c": [0.1], "d": [0.6]}, before)
    assert [name for name, _ in found.gained] == ["b", "d"]
    assert [name for name, _ in found.lost] == ["c", "a"]


def test_the_interval_is_that_of_scipy_over_people():
    generator = np.random.default_rng(0)
    before = {str(k): [float(v)] for k, v in enumerate(generator.uniform(0.3, 0.6, 25))}
    after = {k: [v[0] + d] for (k, v), d in zip(before.items(), generator.normal(0.1, 0.1, 25), strict=True)}
    found = gain(after, before, resamples=4000).gain
    differences = np.array([after[k][0] - before[k][0] for k in before])
    oracle = stats.bootstrap(
        (differences,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=0.005)


def test_of_one_person_there_is_no_spread_and_no_interval():
    found = gain({"anna": [0.9]}, {"anna": [0.5]})
    assert found.gain.estimate == pytest.approx(0.4)
    assert math.isnan(found.gain.low)
    assert math.isnan(found.spread)
    assert found.made_worse == 0.0


def test_a_bound_that_gains_nothing_leaves_no_share_to_recover():
    assert math.isnan(gain(bound=BEFORE).recovered)
    assert math.isnan(gain().recovered)


def test_people_and_seeds_that_do_not_pair_are_refused():
    with pytest.raises(BadLabels, match="expected the same people"):
        gain({"anna": [0.5]}, BEFORE)
    with pytest.raises(BadLabels, match=r"expected as many seeds of 'ben'.* found 1 and 2"):
        gain(AFTER | {"ben": [0.5]}, BEFORE)
    with pytest.raises(BadLabels, match="one or more"):
        gain({}, {})
