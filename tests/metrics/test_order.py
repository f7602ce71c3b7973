import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.metrics.classification import confusion_matrix
from facsight.metrics.order import (
    check_order,
    class_likeness,
    column_likeness,
    suspected_exchange,
    unit_likeness,
)

NAMES = ("Neutral", "Anger", "Disgust", "Fear")


def test_the_same_names_pass_whatever_their_spelling():
    check_order(NAMES, NAMES)
    check_order(["neutral", "angry", "Disgusted", "fearful"], NAMES)
    check_order(["AU01", "au 12"], ["AU1", "AU12"])
    check_order(["fearfully surprised"], ["Fearfully_Surprised"])


def test_another_order_says_which_columns_to_take():
    with pytest.raises(BadLabels, match=r"expected the order Neutral, Anger, .* take columns \[3, 0, 2, 1\]"):
        check_order(["Anger", "Fear", "Disgust", "Neutral"], NAMES)


def test_other_names_are_told():
    with pytest.raises(BadLabels, match="missing: Fear; unknown: Contempt"):
        check_order(["Neutral", "Anger", "Disgust", "Contempt"], NAMES)
    with pytest.raises(BadLabels, match="missing: Fear; unknown: none"):
        check_order(["Neutral", "Anger", "Disgust"], NAMES)
    with pytest.raises(BadLabels, match="expected"):
        check_order(["Neutral", "Neutral", "Disgust", "Fear"], NAMES)


def some_answers(generator, right=0.5, count=2000):
    truth = torch.randint(4, (count,), generator=generator)
    guess = torch.randint(4, (count,), generator=generator)
    return torch.where(torch.rand(count, generator=generator) < right, truth, guess), truth


def test_likeness_is_the_correlation_of_indicators(generator):
    answers, truth = some_answers(generator)
    found = class_likeness(confusion_matrix(answers, truth, classes=4))
    one, other = (torch.nn.functional.one_hot(v, 4).double() for v in (answers, truth))
    expected = torch.corrcoef(torch.cat([one, other], dim=1).T)[:4, 4:]
    assert torch.allclose(found, expected, atol=1e-12)
    assert torch.allclose(column_likeness(one, other), expected, atol=1e-12)
    for rows in (1, 300, 5000):
        assert torch.allclose(unit_likeness(one, other, rows_at_once=rows), expected, atol=1e-12)


def test_a_planted_exchange_is_told_and_by_name(generator):
    answers, truth = some_answers(generator)
    swapped = torch.tensor([0, 3, 2, 1])[answers]
    told = suspected_exchange(class_likeness(confusion_matrix(swapped, truth, classes=4)), NAMES)
    assert told is not None
    assert "Anger for Fear, Fear for Anger" in told
    assert "Neutral" not in told


@pytest.mark.parametrize("right", [0.0, 0.2, 0.9])
def test_good_poor_and_ignorant_readers_are_not_suspected(right, generator):
    answers, truth = some_answers(generator, right)
    likeness = class_likeness(confusion_matrix(answers, truth, classes=4))
    assert suspected_exchange(likeness, NAMES) is None


def test_one_answer_for_everything_is_not_suspected():
    truth = torch.tensor([0, 0, 0, 1])
    likeness = class_likeness(confusion_matrix(torch.ones(4).long(), truth, classes=4))
    assert suspected_exchange(likeness, NAMES) is None
