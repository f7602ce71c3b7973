"""Choosing the best of many: the planted best is found, and what the choice is worth is told honestly."""

from itertools import product

import pytest
import torch

from facsight.core.errors import BadFolds
from facsight.metrics.clusters import mean_tally
from facsight.sequence_experiment.choosing import Strategy, choose, deal, exhaustive, greedy

OTHERS = ("expression", "units")
WAYS = pytest.mark.parametrize("way", [exhaustive, greedy])
PEOPLE = 20


def evaluated(worth, noise, seed=0):
    """A mean over people, whose values are a strategy's worth and noise of their own."""
    kept = {}

    def evaluate(strategy):
        if strategy not in kept:
            own = seed * 1000 + sum(map(ord, str(strategy))) % 997
            draw = torch.Generator().manual_seed(own)
            values = worth(strategy) + noise * torch.randn(PEOPLE, generator=draw)
            kept[strategy] = mean_tally(values, torch.arange(PEOPLE))
        return kept[strategy]

    return evaluate, kept


def additive(strategy):
    """Units give good features and expression bad ones, expression is good company, time helps a little."""
    return (
        0.3 * ("units" in strategy.donors)
        - 0.2 * ("expression" in strategy.donors)
        + 0.2 * ("expression" in strategy.beside)
        - 0.1 * ("units" in strategy.beside)
        + 0.05 * strategy.temporal
    )


@WAYS
def test_the_planted_best_is_found(way):
    evaluate, _ = evaluated(additive, noise=0.001)
    found = choose(evaluate, way(OTHERS, temporal=True))
    best = Strategy(("units",), ("expression",), True)
    assert found.best == best
    assert found.by_part == (best,) * 5
    assert found.apparent == pytest.approx(0.55, abs=0.002)
    assert found.optimism == pytest.approx(0.0, abs=1e-9)  # all chose the same


def test_every_strategy_is_tried_once_and_greedy_tries_fewer():
    evaluate, every = evaluated(additive, noise=0.0)
    choose(evaluate, exhaustive(OTHERS, temporal=True))
    assert len(every) == 4 * 4 * 2
    evaluate, some = evaluated(additive, noise=0.0)
    choose(evaluate, greedy(OTHERS, temporal=True))
    # alone, then 5 that have one thing more, 4 beside the first, 3 beside the second, 2 beside the third
    assert len(some) == 1 + 5 + 4 + 3 + 2


def test_without_a_course_of_time_it_is_not_tried():
    evaluate, every = evaluated(additive, noise=0.0)
    choose(evaluate, exhaustive(OTHERS, temporal=False))
    assert len(every) == 16
    assert not any(one.temporal for one in every)


def test_greedy_misses_what_only_helps_together():
    def worth(strategy):
        return 1.0 if set(strategy.donors) == set(OTHERS) else -0.1 * len(strategy.donors)

    evaluate, _ = evaluated(worth, noise=0.0)
    assert choose(evaluate, greedy(OTHERS, temporal=False)).best == Strategy()
    assert choose(evaluate, exhaustive(OTHERS, temporal=False)).best.donors == OTHERS


def test_of_equals_the_simplest_is_taken():
    evaluate, _ = evaluated(lambda strategy: 0.0, noise=0.0)
    for way in (exhaustive, greedy):
        assert choose(evaluate, way(OTHERS, temporal=True)).best == Strategy()


def test_cross_fitting_against_a_slow_loop():
    evaluate, every = evaluated(additive, noise=0.5)
    found = choose(evaluate, exhaustive(OTHERS, temporal=True), parts=4, seed=3)
    part = deal(PEOPLE, 4, seed=3)
    total = 0.0
    for k in range(4):
        others = {one: tally.sums[part != k, 0].mean() for one, tally in every.items()}
        chosen = max(others, key=lambda one: float(others[one]))
        assert found.by_part[k] == chosen
        total += float(every[chosen].sums[part == k, 0].sum())
    assert found.crossfitted.estimate == pytest.approx(total / PEOPLE)
    assert found.optimism == pytest.approx(max(t.estimate for t in every.values()) - total / PEOPLE)


def test_the_best_of_equals_looks_better_than_it_is_and_cross_fitting_does_not():
    """32 ways worth 0: the best of them shows about 2.07 standard errors (the mean of the largest of 32)."""
    apparent, honest = [], []
    for seed in range(60):
        evaluate, _ = evaluated(lambda strategy: 0.0, noise=1.0, seed=seed)
        found = choose(evaluate, exhaustive(OTHERS, temporal=True))
        apparent.append(found.apparent)
        honest.append(found.crossfitted.estimate)
    error = 1 / PEOPLE**0.5
    assert sum(apparent) / 60 == pytest.approx(2.07 * error, rel=0.15)
    assert abs(sum(honest) / 60) < 4 * error / 60**0.5


def test_parts_are_as_large_as_each_other():
    sizes = deal(23, 5).bincount()
    assert sorted(sizes.tolist()) == [4, 4, 5, 5, 5]


@pytest.mark.parametrize(("people", "parts"), [(1, 2), (3, 5), (5, 1)])
def test_too_few_people_are_told(people, parts):
    with pytest.raises(BadFolds, match="somebody in each"):
        deal(people, parts)


def test_names_are_of_one_folder_each():
    every = [
        Strategy(donors, beside, time)
        for donors, beside, time in product([(), ("a",), ("a", "b")], [(), ("b",)], [False, True])
    ]
    assert len({one.folder for one in every}) == len(every)
    assert all(set(one.folder) <= set("abcdefghijklmnopqrstuvwxyz_+-") for one in every)
