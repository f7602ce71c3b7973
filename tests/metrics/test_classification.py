import math

import pytest
import sklearn.metrics
import torch

from facsight.core.errors import BadLabels
from facsight.metrics.classification import (
    accuracy,
    bootstrap,
    class_f1,
    class_recall,
    cohen_kappa,
    confusion_matrix,
    macro_f1,
    paired_difference,
)


def some_answers(generator, count=500, classes=5):
    truth = torch.randint(classes, (count,), generator=generator)
    guess = torch.randint(classes, (count,), generator=generator)
    return torch.where(torch.rand(count, generator=generator) < 0.6, truth, guess), truth


def test_hand_computed():
    # truth 0 0 0 1 1 2, answers 0 0 1 1 2 2
    predicted, truth = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([0, 0, 0, 1, 1, 2])
    confusion = confusion_matrix(predicted, truth, classes=3)
    assert confusion.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert accuracy(predicted, truth).item() == pytest.approx(4 / 6)
    # F1 = 2 TP / (row + column): 4 / (3 + 2), 2 / (2 + 2), 2 / (1 + 2)
    assert class_f1(confusion).tolist() == pytest.approx([4 / 5, 1 / 2, 2 / 3])
    assert class_recall(confusion).tolist() == pytest.approx([2 / 3, 1 / 2, 1])
    assert macro_f1(confusion).item() == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)


def test_a_class_nobody_has_and_nobody_answers_is_nan_alone_and_zero_in_the_macro():
    confusion = confusion_matrix(torch.tensor([0, 1]), torch.tensor([0, 1]), classes=4)
    assert class_f1(confusion).isnan().tolist() == [False, False, True, True]
    assert macro_f1(confusion).item() == pytest.approx(0.5)


def test_a_class_answered_but_never_true_is_zero():
    confusion = confusion_matrix(torch.tensor([0, 2]), torch.tensor([0, 1]), classes=3)
    assert class_f1(confusion).tolist() == [1, 0, 0]
    assert class_recall(confusion)[2].isnan()


@pytest.mark.parametrize("classes", [2, 5, 9])
def test_scikit_learn_agrees(classes, generator):
    # the last class of nine appears nowhere
    predicted, truth = some_answers(generator, classes=min(classes, 8))
    labels = list(range(classes))
    confusion = confusion_matrix(predicted, truth, classes=classes)
    expected = sklearn.metrics.confusion_matrix(truth, predicted, labels=labels)
    assert confusion.tolist() == expected.tolist()
    assert accuracy(predicted, truth).item() == sklearn.metrics.accuracy_score(truth, predicted)
    options = {"labels": labels, "zero_division": 0}
    assert macro_f1(confusion).item() == pytest.approx(
        sklearn.metrics.f1_score(truth, predicted, average="macro", **options)
    )
    assert class_f1(confusion).nan_to_num().tolist() == pytest.approx(
        sklearn.metrics.f1_score(truth, predicted, average=None, **options).tolist()
    )


def test_order_of_faces_does_not_matter_and_batches_add_up(generator):
    predicted, truth = some_answers(generator)
    mixed = torch.randperm(len(truth), generator=generator)
    whole = confusion_matrix(predicted, truth, classes=5)
    assert whole.equal(confusion_matrix(predicted[mixed], truth[mixed], classes=5))
    parts = [
        confusion_matrix(p, t, classes=5) for p, t in zip(predicted.split(77), truth.split(77), strict=True)
    ]
    assert whole.equal(torch.stack(parts).sum(dim=0))


def test_no_faces():
    none = torch.zeros(0, dtype=torch.int64)
    assert accuracy(none, none).isnan()
    assert confusion_matrix(none, none, classes=2).tolist() == [[0, 0], [0, 0]]


def test_labels_outside_the_space_are_refused():
    with pytest.raises(BadLabels, match="predicted labels from 0 to 1, found 2"):
        confusion_matrix(torch.tensor([2]), torch.tensor([0]), classes=2)
    with pytest.raises(BadLabels, match="true labels from 0 to 1, found -1"):
        confusion_matrix(torch.tensor([0]), torch.tensor([-1]), classes=2)


def test_bootstrap_of_a_mean_has_the_width_of_the_normal_approximation(generator):
    sample = torch.rand(400, generator=generator, dtype=torch.float64)
    interval = bootstrap(torch.mean, sample, generator=generator, resamples=4000)
    half = 1.96 * sample.std(correction=0).item() / math.sqrt(400)
    assert interval.estimate == sample.mean().item()
    assert interval.low == pytest.approx(interval.estimate - half, abs=0.1 * half)
    assert interval.high == pytest.approx(interval.estimate + half, abs=0.1 * half)


def test_interval_shrinks_with_confidence_and_leaves_out_what_is_undefined(generator):
    sample = torch.tensor([0.0, 1.0] * 20, dtype=torch.float64)
    wide, narrow = (
        bootstrap(torch.mean, sample, generator=torch.Generator().manual_seed(1), confidence=c)
        for c in (0.99, 0.5)
    )
    assert wide.low < narrow.low < narrow.high < wide.high

    def mean_of_the_first_kind(values, kind):
        return values[kind == 0].mean()

    lopsided = torch.tensor([0] + 3 * [1])
    interval = bootstrap(mean_of_the_first_kind, torch.arange(4.0), lopsided, generator=generator)
    assert (interval.low, interval.high) == (0, 0)


def test_paired_difference_of_a_reader_with_itself_is_zero_and_of_a_better_one_is_not(generator):
    predicted, truth = some_answers(generator)
    same = paired_difference(accuracy, predicted, predicted, truth, generator=generator, resamples=50)
    assert (same.estimate, same.low, same.high) == (0, 0, 0)
    better = torch.where(torch.arange(500) < 100, truth, predicted)
    interval = paired_difference(accuracy, better, predicted, truth, generator=generator, resamples=500)
    expected = accuracy(better, truth) - accuracy(predicted, truth)
    assert interval.estimate == pytest.approx(expected.item())
    assert 0 < interval.low < interval.estimate < interval.high


def test_pairing_narrows_the_interval(generator):
    predicted, truth = some_answers(generator)
    better = torch.where(torch.arange(500) < 20, truth, predicted)
    paired = paired_difference(accuracy, better, predicted, truth, generator=generator, resamples=500)
    alone = bootstrap(accuracy, better, truth, generator=generator, resamples=500)
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_bootstrap_is_repeatable_and_needs_faces(generator):
    sample = torch.rand(30, generator=generator)
    one, twin = (bootstrap(torch.mean, sample, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert one == twin
    with pytest.raises(BadLabels, match="same length"):
        bootstrap(torch.mean, torch.zeros(0), generator=generator)
    with pytest.raises(BadLabels, match=r"lengths \[2, 3\]"):
        bootstrap(accuracy, torch.zeros(2), torch.zeros(3), generator=generator)


def test_kappa_by_hand():
    # 35 of 50 agree; the raters' shares are .5/.5 and .6/.4, so chance gives .5 * .6 + .5 * .4 = .5
    assert cohen_kappa(torch.tensor([[20, 5], [10, 15]])).item() == pytest.approx((0.7 - 0.5) / 0.5)


def test_kappa_is_that_of_scikit_learn_whoever_comes_first(generator):
    one, other = some_answers(generator)
    expected = sklearn.metrics.cohen_kappa_score(one.numpy(), other.numpy())
    for first, second in ((one, other), (other, one)):
        assert cohen_kappa(confusion_matrix(first, second, classes=5)).item() == pytest.approx(expected)


def test_kappa_of_full_agreement_of_chance_and_of_one_class_alone():
    assert cohen_kappa(torch.diag(torch.tensor([3, 4, 5]))).item() == pytest.approx(1)
    assert cohen_kappa(torch.tensor([[6, 4], [6, 4]])).item() == pytest.approx(0)
    assert cohen_kappa(torch.tensor([[7, 0], [0, 0]])).isnan()
    assert cohen_kappa(torch.zeros(2, 2, dtype=torch.int64)).isnan()
