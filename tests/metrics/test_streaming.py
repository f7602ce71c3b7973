"""Every score that is added up: batches, parts and their order give what all rows at once give."""

import math

import pytest
import sklearn.metrics
import torch

from facsight.core.errors import BadLabels
from facsight.metrics import calibration, classification, ranking, streaming
from facsight.metrics.challenges import emotionet_score
from facsight.metrics.intensity import IntensityAgreement


def some_rows(generator, count=400, classes=5):
    logits = 2 * torch.randn(count, classes, generator=generator, dtype=torch.float64)
    truth = torch.multinomial(logits.softmax(dim=1), 1, generator=generator).squeeze(1)
    return logits, logits.softmax(dim=1), logits.argmax(dim=1), truth


def squared_error(predicted, truth):
    return (predicted.double() - truth.double()).square()


def cases(generator):
    """Name, accumulator, its rows, and what all rows at once give by another way."""
    logits, probabilities, answer, truth = some_rows(generator)
    units = torch.randint(2, (400, 3), generator=generator), torch.randint(2, (400, 3), generator=generator)
    present, sure = truth.eq(0).long(), probabilities[:, 0]
    labels = list(range(6))
    options = {"labels": labels, "zero_division": 0}

    def f1(average):
        return sklearn.metrics.f1_score(truth, answer, average=average, **options)

    confusions = {
        classification.macro_f1: f1("macro"),
        classification.weighted_f1: f1("weighted"),
        classification.accuracy_of: sklearn.metrics.accuracy_score(truth, answer),
        classification.balanced_accuracy: sklearn.metrics.balanced_accuracy_score(truth, answer),
        classification.cohen_kappa: sklearn.metrics.cohen_kappa_score(truth, answer),
    }
    for score, expected in confusions.items():
        yield streaming.confusion_score(score, classes=6), (answer, truth), expected
    yield (
        streaming.unit_score(emotionet_score, units=3),
        units,
        sum(
            sklearn.metrics.accuracy_score(units[1][:, k], units[0][:, k]) / 2
            + sklearn.metrics.f1_score(units[1][:, k], units[0][:, k]) / 2
            for k in range(3)
        )
        / 3,
    )
    rows = (probabilities, truth)
    ece = calibration.expected_calibration_error(*rows).item()
    yield streaming.calibration_score(), rows, ece
    classwise = calibration.classwise_calibration_error(*rows, bins=10).item()
    yield streaming.classwise_calibration_score(classes=5, bins=10), rows, classwise
    yield streaming.mean_score(calibration.brier_distance), rows, calibration.brier_score(*rows).item()
    loss = sklearn.metrics.log_loss(truth, probabilities, labels=list(range(5)))
    yield streaming.mean_score(calibration.surprise), (logits, truth), loss
    error = sklearn.metrics.mean_squared_error(truth, sure)
    yield streaming.mean_score(squared_error), (sure, truth), error
    area = ranking.threshold_average_precision(sure, present).item()
    yield streaming.threshold_score(), (sure, present), area
    precision = sklearn.metrics.average_precision_score(present, sure)
    yield ranking.Ranked(ranking.average_precision), (sure, present), precision
    auc = sklearn.metrics.roc_auc_score(present, sure)
    yield ranking.Ranked(ranking.roc_auc), (sure, present), auc


COUNT = len(list(cases(torch.Generator().manual_seed(0))))


def case(k):
    return list(cases(torch.Generator().manual_seed(0)))[k]


@pytest.mark.parametrize("k", range(COUNT))
@pytest.mark.parametrize("size", [1, 37, 400])
def test_batches_give_the_whole(k, size):
    accumulator, rows, expected = case(k)
    order = torch.randperm(400, generator=torch.Generator().manual_seed(size))
    for some in order.split(size):
        accumulator.update(*(values[some] for values in rows))
    assert accumulator.compute() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", range(COUNT))
def test_parts_merge_in_any_order_and_masks_leave_out(k):
    (one, rows, expected), (other, *_), (third, *_) = case(k), case(k), case(k)
    for part, some in ((one, slice(0, 10)), (other, slice(10, 300)), (third, slice(300, 400))):
        part.update(*(values[some] for values in rows))
    other.merge(third)
    other.merge(one)
    assert other.compute() == pytest.approx(expected, abs=1e-12)
    masked, half = case(k)[0], case(k)[0]
    mask = torch.arange(400) % 2 == 0
    masked.update(*rows, mask=mask)
    half.update(*(values[mask] for values in rows))
    assert masked.compute() == half.compute() != pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", range(COUNT))
def test_nothing_is_no_score(k):
    """NaN, but for scores in which a class that nobody has counts 0."""
    value = case(k)[0].compute()
    assert value == 0 if k == 0 else math.isnan(value)


def test_sums_take_constant_memory():
    for k in range(COUNT):
        accumulator, rows, _ = case(k)
        if isinstance(accumulator, streaming.Summed):
            shape = accumulator.total.shape
            accumulator.update(*rows)
            assert accumulator.total.shape == shape


def test_what_is_refused(unchecked):
    score = streaming.mean_score(squared_error)
    with pytest.raises(BadLabels, match="as many predictions as labels, found"):
        score.update(torch.zeros(3), torch.zeros(2))
    with pytest.raises(BadLabels, match="NaN or infinity"):
        score.update(torch.tensor([math.nan]), torch.zeros(1))
    assert math.isnan(score.compute())
    with pytest.raises(BadLabels, match=r"\[2\] and \[3, 3\]"):
        score.merge(streaming.confusion_score(classification.macro_f1, classes=3))
    ranked = ranking.Ranked(ranking.roc_auc)
    with pytest.raises(BadLabels, match="found 1 and 2"):
        ranked.update(torch.zeros(1), torch.zeros(2).long())
    with pytest.raises(BadLabels, match="labels 0 and 1, found 7"):
        ranked.update(torch.zeros(1), torch.tensor([7]))


def test_unknown_cells_of_units_are_left_out():
    """Unit 1: hit and rightly absent, so 1. Unit 2: one hit, one false: accuracy 1/2, F1 2/3."""
    score = streaming.unit_score(emotionet_score, units=2, unknown=999)
    score.update(torch.tensor([[1, 1], [1, 1]]), torch.tensor([[1, 0], [999, 1]]))
    score.update(torch.tensor([[0, 0]]), torch.tensor([[0, 999]]))
    assert score.compute() == pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 2)


def test_intensities_by_hand_and_in_parts(generator):
    """Squares 14/3 and 8, products 6 about means 4/3 and 2."""
    agreement = IntensityAgreement()
    agreement.update(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 2.0]))
    rest = IntensityAgreement()
    rest.update(torch.tensor([3.0, math.nan]), torch.tensor([4.0, 1.0]), mask=torch.tensor([True, False]))
    agreement.merge(rest)
    found = agreement.compute()
    assert found.pearson == pytest.approx(6 / (14 / 3 * 8) ** 0.5, abs=1e-12)
    assert found.icc == pytest.approx(12 / (14 / 3 + 8), abs=1e-12)
    assert found.concordance == pytest.approx(12 / (14 / 3 + 8 + 3 * (2 / 3) ** 2), abs=1e-12)
    assert (found.mae, found.mse, found.frames) == (pytest.approx(2 / 3), pytest.approx(2 / 3), 3)
    assert found.rmse == pytest.approx((2 / 3) ** 0.5)


def test_constant_intensities_have_errors_but_no_correlation():
    agreement = IntensityAgreement()
    agreement.update(torch.zeros(3), torch.tensor([0.0, 1.0, 2.0]))
    found = agreement.compute()
    assert all(math.isnan(v) for v in (found.pearson, found.icc, found.concordance))
    assert (found.mae, found.mse) == (pytest.approx(1), pytest.approx(5 / 3))
    assert math.isnan(IntensityAgreement().compute().mae)
    with pytest.raises(BadLabels, match="finite predictions"):
        agreement.update(torch.tensor([math.nan]), torch.zeros(1))
