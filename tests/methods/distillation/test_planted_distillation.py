"""A clean voice that only the teacher hears must help a student of the noisy face, where labels are few."""

from dataclasses import replace

import pytest
import torch

from planted_distillation import STUDENTS, Lessons, lessons, score, taught, teacher
from planted_fusion import interval

PLAN = Lessons()
SMALL = Lessons(recordings=24, tested=12, steps=80)


def scores(name, seeds, plan=PLAN):
    return [score(taught(STUDENTS[name], seed, plan), seed, plan) for seed in seeds]


def gain(name, other, seeds):
    """How much better one student is than another, seed by seed: the mean, and where it lies with 95 %."""
    pairs = zip(scores(name, seeds), scores(other, seeds), strict=True)
    return interval([one - two for one, two in pairs])


def test_few_have_labels_and_nobody_is_in_two_sets():
    train, test = lessons(0, SMALL)
    known = train.truth["simulated_affect"].isfinite().all(dim=(1, 2))
    assert known.tolist() == [True] + [False] * 23
    assert test.truth["simulated_affect"].isfinite().all()
    assert not any(
        torch.equal(one, other)
        for one in train.sequences.streams["face"]
        for other in test.sequences.streams["face"]
    )


def test_a_short_lesson_already_helps():
    known = score(teacher(0, SMALL), 0, SMALL)
    (without,), (with_teacher,) = (scores(name, [0], SMALL) for name in ("no teacher", "PKDOT, tuned"))
    assert known > without + 0.1  # or there is nothing to be learnt from the teacher
    assert with_teacher > without


def test_the_voice_is_nowhere_in_what_the_student_says():
    network = taught(STUDENTS["PKDOT"], 0, replace(SMALL, steps=2))
    seen = lessons(0, SMALL)[1].sequences
    with torch.no_grad():
        said, alone = network(seen), network(seen.only(["face"]))
    assert torch.equal(said.outputs["simulated_affect"], alone.outputs["simulated_affect"])


@pytest.mark.slow
def test_transport_helps_and_at_the_published_weight_a_useless_teacher_does_no_harm():
    seeds = range(5)
    assert gain("PKDOT, tuned", "no teacher", seeds)[1] > 0
    assert gain("PKDOT, random teacher", "no teacher", seeds)[2] > 0  # not worse within the spread over seeds


@pytest.mark.slow
@pytest.mark.parametrize("other", ["logits", "similarity"])
def test_transport_is_no_worse_than_simpler_ways_of_distilling(other):
    assert gain("PKDOT, tuned", other, range(5))[2] > 0
