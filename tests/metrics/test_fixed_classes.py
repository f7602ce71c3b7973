"""F1 over fixed classes, its conventions by name, and where others compute something else."""

import math

import pytest
import sklearn.metrics
import torch

from facsight.core.errors import BadLabels
from facsight.metrics.classification import (
    accuracy_of,
    balanced_accuracy,
    class_f1,
    cohen_kappa,
    confusion_matrix,
    grouped_confusions,
    macro_f1,
    positive_f1,
    unit_confusions,
    weighted_f1,
)

#: Section 3.2 of the facts on ABAW.
TRUTH, ANSWERS = torch.tensor([0, 0, 1, 1, 4, 4]), torch.tensor([0, 1, 1, 1, 4, 0])


def some_answers(generator, count=500, classes=5):
    truth = torch.randint(classes, (count,), generator=generator)
    guess = torch.randint(classes, (count,), generator=generator)
    return torch.where(torch.rand(count, generator=generator) < 0.6, truth, guess), truth


def test_golden_vector():
    """F1 1/2, 4/5, 2/3 and five classes nobody has, each 0: a mean of eight, not of three."""
    confusion = confusion_matrix(ANSWERS, TRUTH, classes=8)
    expected = (1 / 2 + 4 / 5 + 2 / 3) / 8
    assert macro_f1(confusion).item() == pytest.approx(expected, abs=1e-12)
    assert expected == pytest.approx(0.24583, abs=5e-6)
    present = macro_f1(confusion, zero_division=math.nan).item()
    assert present == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3, abs=1e-12)
    assert present == pytest.approx(0.65556, abs=5e-6)


def test_where_scikit_learn_differs_and_where_it_agrees():
    """Without labels it averages over the classes that it happens to see."""
    confusion = confusion_matrix(ANSWERS, TRUTH, classes=8)
    labels = list(range(8))
    unnamed = sklearn.metrics.f1_score(TRUTH, ANSWERS, average="macro")
    assert unnamed == pytest.approx(macro_f1(confusion, zero_division=math.nan).item(), abs=1e-12)
    assert unnamed != pytest.approx(macro_f1(confusion).item(), abs=0.3)
    for convention in (0.0, 1.0, math.nan):
        told = sklearn.metrics.f1_score(
            TRUTH, ANSWERS, average="macro", labels=labels, zero_division=convention
        )
        assert macro_f1(confusion, zero_division=convention).item() == pytest.approx(told, abs=1e-12)


def test_binary_macro_is_not_the_score_of_a_unit(generator):
    """A rare unit: the mean with the F1 of its absence is far higher."""
    truth = (torch.rand(1000, generator=generator) < 0.05).long()
    answers = torch.where(torch.rand(1000, generator=generator) < 0.9, truth, 1 - truth)
    confusion = confusion_matrix(answers, truth, classes=2)
    told = sklearn.metrics.f1_score(truth, answers)
    assert positive_f1(confusion).item() == pytest.approx(told, abs=1e-12)
    assert macro_f1(confusion) > positive_f1(confusion) + 0.2
    assert positive_f1(torch.tensor([[7, 0], [0, 0]])) == 0
    assert positive_f1(torch.tensor([[7, 0], [0, 0]]), zero_division=math.nan).isnan()


def test_weighted_f1(generator):
    answers, truth = some_answers(generator)
    confusion = confusion_matrix(answers, truth, classes=7)
    told = sklearn.metrics.f1_score(truth, answers, average="weighted")
    assert weighted_f1(confusion).item() == pytest.approx(told, abs=1e-12)
    # truth and answers exchanged: class by class the same, weighted not
    assert class_f1(confusion.T).nan_to_num().tolist() == class_f1(confusion).nan_to_num().tolist()
    assert weighted_f1(confusion.T).item() != pytest.approx(told, abs=1e-6)


def test_balanced_accuracy_and_accuracy(generator):
    answers, truth = some_answers(generator)
    truth = torch.where(truth == 2, 0, truth)  # one class is answered, but never true
    confusion = confusion_matrix(answers, truth, classes=6)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        told = sklearn.metrics.balanced_accuracy_score(truth, answers)
    assert balanced_accuracy(confusion).item() == pytest.approx(told, abs=1e-12)
    assert accuracy_of(confusion).item() == pytest.approx((answers == truth).double().mean().item())


def test_bounds_and_the_order_of_classes(generator):
    answers, truth = some_answers(generator)
    names = torch.randperm(5, generator=generator)
    one = confusion_matrix(answers, truth, classes=5)
    other = confusion_matrix(names[answers], names[truth], classes=5)
    for score in (macro_f1, weighted_f1, accuracy_of, balanced_accuracy, cohen_kappa):
        assert score(one).item() == pytest.approx(score(other).item(), abs=1e-12)
        assert 0 < score(one) < 1
        assert score(torch.diag(torch.tensor([1, 2, 3]))).item() == pytest.approx(1)


def test_many_matrices_at_once(generator):
    answers, truth = some_answers(generator)
    group = torch.randint(3, (500,), generator=generator)
    together = grouped_confusions(answers, truth, group, groups=4, classes=5)
    for k in range(3):
        alone = confusion_matrix(answers[group == k], truth[group == k], classes=5)
        assert together[k].equal(alone)
        for score in (macro_f1, weighted_f1, accuracy_of, balanced_accuracy, cohen_kappa):
            assert score(together.double())[k].item() == pytest.approx(score(alone).item(), abs=1e-12)
    assert together.sum(dim=0).equal(confusion_matrix(answers, truth, classes=5))
    assert together[3].sum() == 0


@pytest.mark.parametrize("kind", [torch.int8, torch.int16, torch.int32])
def test_small_integers_do_not_overflow(kind, generator):
    answers, truth = some_answers(generator, classes=100)
    small = confusion_matrix(answers.to(kind), truth.to(kind), classes=100)
    assert small.equal(confusion_matrix(answers, truth, classes=100))


def test_units_and_unknown_cells():
    predicted = torch.tensor([[1, 0], [1, 1], [0, 1]])
    truth = torch.tensor([[1, 0], [0, 999], [999, 1]])
    found = unit_confusions(predicted, truth, mask=truth != 999)
    assert found.tolist() == [[[0, 1], [0, 1]], [[1, 0], [0, 1]]]
    with pytest.raises(BadLabels, match="true labels from 0 to 1, found 999"):
        unit_confusions(predicted, truth)
    assert unit_confusions(torch.zeros(3, 0).long(), torch.zeros(3, 0).long()).shape == (0, 2, 2)


def test_empty_matrices():
    none = torch.zeros(3, 3).long()
    assert macro_f1(none) == 0
    for score in (weighted_f1, accuracy_of, balanced_accuracy, cohen_kappa):
        assert score(none).isnan()
    assert macro_f1(none, zero_division=math.nan).isnan()
