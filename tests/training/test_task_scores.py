"""The one score of a task against scores that are computed in one go, and its sums against slow loops."""

import pytest
import torch

from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.functional.agreement import concordance
from facsight.training.sequence_scoring import Said
from facsight.training.task_scores import task_tally

MOOD = LabelSpace("mood", ("low", "middle", "high"))
UNITS = LabelSpace("units", ("AU01", "AU12"), kind="units")
AFFECT = LabelSpace("affect", ("valence", "arousal"), kind="values", low=-1.0, high=1.0)


def made(space, said, truth, people):
    known = torch.ones(len(said[0]), dtype=torch.bool)
    recordings = [
        Recording(f"{k}", who, {"face": torch.zeros(len(known), 1)}, {"face": known}, {space.name: labels})
        for k, (who, labels) in enumerate(zip(people, truth, strict=True))
    ]
    answers = [Said({space.name: output}, None) for output in said]
    return task_tally(answers, SequenceSet("made", 0.25, (space,), tuple(recordings)), space)


def drawn(columns, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(20, columns, generator=draw) for _ in range(4)]


def test_hand_values():
    # one of two low, the high one right, none in the middle: F1 of 2/3, 0 and 2/3, mean 4/9
    said = torch.eye(3)[[0, 2, 2]]
    truth = torch.eye(3)[[0, 0, 2]]
    assert made(MOOD, [said], [truth], ["a"]).estimate == pytest.approx(4 / 9)
    # AU01 shown twice, once rightly, of one that is there: 2 / 3; AU12 never there and never shown: 0
    said = torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    truth = torch.tensor([[1.0, 0.0], [0.0, torch.nan]])
    assert made(UNITS, [said], [truth], ["a"]).estimate == pytest.approx(1 / 3)
    # valence 1, 2, 3 of 2, 3, 4: 4/7; arousal the very truth: 1
    said = torch.tensor([[1.0, 0.0], [2.0, 0.5], [3.0, 1.0]])
    truth = torch.tensor([[2.0, 0.0], [3.0, 0.5], [4.0, 1.0]])
    assert made(AFFECT, [said], [truth], ["a"]).estimate == pytest.approx((4 / 7 + 1) / 2)


def test_concordance_is_that_of_all_rows_whoever_they_are_of():
    said, truth = drawn(2), [one + 0.5 for one in drawn(2, 1)]
    truth[2][5:9] = torch.nan
    found = made(AFFECT, said, truth, ["a", "a", "b", "c"])
    rows, labels = torch.cat(said).double(), torch.cat(truth).double()
    known = labels[:, 0].isfinite()
    whole = concordance(rows[known].T, labels[known].T).mean()
    assert found.estimate == pytest.approx(float(whole), abs=1e-9)
    assert found.sums.shape == (3, 12)


@pytest.mark.parametrize("space", [MOOD, UNITS, AFFECT], ids=lambda space: space.name)
def test_sums_of_people_are_those_of_their_rows_alone(space):
    said = drawn(len(space))
    truth = drawn(len(space), 1)
    if space.kind == "classes":
        truth = [torch.eye(3)[one.argmax(dim=1)] for one in truth]
    if space.kind == "units":
        truth = [(one > 0).float() for one in truth]
    whole = made(space, said, truth, ["b", "a", "b", "c"])
    for place, own in enumerate(([1], [0, 2], [3])):  # sorted by name: a, b, c
        alone = made(space, [said[k] for k in own], [truth[k] for k in own], ["x"] * len(own))
        torch.testing.assert_close(whole.sums[place], alone.sums[0])
        torch.testing.assert_close(whole.truth[place], alone.truth[0])


@pytest.mark.parametrize("space", [UNITS, AFFECT], ids=lambda space: space.name)
def test_what_is_constant_or_not_there_counts_nothing(space):
    zeros = [torch.zeros(5, 2) - 1]
    assert made(space, zeros, [torch.zeros(5, 2)], ["a"]).estimate == 0
    assert made(space, zeros, [torch.full((5, 2), torch.nan)], ["a"]).estimate == 0
