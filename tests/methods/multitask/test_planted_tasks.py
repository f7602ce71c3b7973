"""What joint training, donors and time give on planted tasks, beyond chance over three seeds."""

from dataclasses import replace

import pytest

from planted_tasks import FEW, IN_TIME, MANY, NAMES, UNEQUAL, WRONG, Lessons, Silent, learnt, score, scores

SEEDS = range(3)


@pytest.mark.slow
def test_a_task_of_few_labels_gains_from_others_that_share_its_causes():
    gains = []
    for seed in SEEDS:
        plan = Lessons()
        together = scores(learnt(NAMES, seed, plan), ["affect"], seed, plan)
        gains.append(together["affect"] - score("affect", seed, plan))
    assert all(gain > 0 for gain in gains)


@pytest.mark.slow
def test_a_donor_of_many_labels_helps_a_task_of_few():
    plan = Lessons()
    gains = [
        score("affect", seed, plan, donors=[learnt(["units"], seed, plan)]) - score("affect", seed, plan)
        for seed in SEEDS
    ]
    assert sum(gains) > 0


@pytest.mark.slow
def test_time_helps_a_slow_target_and_not_one_that_is_new_in_every_step():
    slow, fast = (
        [score(task, seed, IN_TIME, temporal=True) - score(task, seed, IN_TIME) for seed in SEEDS]
        for task in ("affect", "units")
    )
    assert all(gain > 0.05 for gain in slow)
    assert sum(fast) / len(fast) < 0.02


@pytest.mark.slow
def test_a_small_dataset_gains_from_a_large_one_with_labels_of_another_task():
    pair = ("expression", "affect")
    for seed in SEEDS:
        together = scores(learnt(pair, seed, UNEQUAL), ["affect"], seed, UNEQUAL)
        assert together["affect"] > score("affect", seed, UNEQUAL)


@pytest.mark.slow
@pytest.mark.parametrize("width", [96, 384])
def test_where_there_is_little_a_strong_donor_helps_and_one_that_knows_nothing_does_not(width):
    """Both beside the two layers that come along, which are given nothing."""
    few, wrong, many = (replace(plan, width=width) for plan in (FEW, WRONG, MANY))
    strong, weak = [], []
    for seed in SEEDS:
        nothing = Silent(learnt(["units"], seed + 50, replace(few, steps=0)))
        silent = score("affect", seed, few, donors=[nothing])
        for gains, donor in (
            (strong, learnt(["units"], seed + 40, many)),
            (weak, learnt(["expression"], seed, wrong)),
        ):
            gains.append(score("affect", seed, few, donors=[donor]) - silent)
    assert all(gain > 0 for gain in strong)
    assert sum(weak) / len(weak) < 0.02 < sum(strong) / len(strong)
