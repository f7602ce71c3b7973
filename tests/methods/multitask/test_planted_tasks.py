"""What joint training, donors and time give on planted tasks, beyond chance over three seeds."""

import pytest

from planted_tasks import IN_TIME, NAMES, Lessons, learnt, score, scores

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
