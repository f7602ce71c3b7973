import numpy as np
import pytest
import sklearn.metrics
import torch

from facsight.core.errors import BadLabels
from facsight.metrics.ranking import average_precision, roc_auc, threshold_average_precision


def some_scores(generator, count=500, ties=False):
    truth = (torch.rand(count, generator=generator) < 0.2).long()
    scores = (0.3 * truth + torch.rand(count, generator=generator, dtype=torch.float64)) / 1.3
    return (scores * 20).round() / 20 if ties else scores, truth


def slow_threshold_area(scores, truth):
    """The benchmark's loop, threshold by threshold, and scikit-learn's trapezoids."""
    precision, recall = [], []
    for k in range(1000):
        positive = scores >= k / 1000
        hits = np.sum(positive & (truth == 1))
        precision.append(hits / positive.sum() if positive.any() else 0.0)
        recall.append(hits / truth.sum())
    return sklearn.metrics.auc(recall, precision)


def test_by_hand():
    # hits at the first and third of three: precision 1 and 2/3, half of the recall each
    scores, truth = torch.tensor([0.9, 0.8, 0.7]), torch.tensor([1, 0, 1])
    assert average_precision(scores, truth).item() == pytest.approx((1 + 2 / 3) / 2)
    # of two pairs of positive and negative one is right
    assert roc_auc(scores, truth).item() == pytest.approx(0.5)
    # recall 1 at precision 2/3, recall 1/2 at precision 1/2 (from .7 on), then at precision 1 (from .8 on)
    # trapezoids from (1, 2/3) to (.5, .5); the step to precision 1 has no width, and nothing below .5 counts
    # until all are gone at .9: from (.5, 1) to (0, 0)
    expected = 0.5 * (2 / 3 + 1 / 2) / 2 + 0.5 * 1 / 2
    assert threshold_average_precision(scores.double(), truth).item() == pytest.approx(expected)


@pytest.mark.parametrize("ties", [False, True])
def test_scikit_learn_agrees(ties, generator):
    scores, truth = some_scores(generator, ties=ties)
    expected = sklearn.metrics.average_precision_score(truth, scores)
    assert average_precision(scores, truth).item() == pytest.approx(expected, abs=1e-12)
    expected = sklearn.metrics.roc_auc_score(truth, scores)
    assert roc_auc(scores, truth).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_the_loop_of_the_benchmark_agrees(ties, generator):
    scores, truth = some_scores(generator, ties=ties)
    expected = slow_threshold_area(scores.numpy(), truth.numpy())
    assert threshold_average_precision(scores, truth).item() == pytest.approx(expected, abs=1e-12)


def test_where_both_precisions_differ():
    """A reader that is sure of everything: the benchmark's curve has no width left, the common one has."""
    sure, truth = torch.ones(4), torch.tensor([1, 1, 0, 0])
    assert threshold_average_precision(sure, truth) == 0
    assert average_precision(sure, truth).item() == pytest.approx(0.5)
    assert sklearn.metrics.average_precision_score(truth, sure) == pytest.approx(0.5)


def test_only_the_order_matters_for_the_common_scores(generator):
    scores, truth = some_scores(generator)
    for function in (average_precision, roc_auc):
        assert function(scores.exp() - 7, truth).item() == pytest.approx(function(scores, truth).item())
    assert roc_auc(-scores, truth).item() == pytest.approx(1 - roc_auc(scores, truth).item())
    perfect = truth.double()
    assert average_precision(perfect, truth) == roc_auc(perfect, truth) == 1


def test_no_positives_or_negatives():
    scores = torch.tensor([0.1, 0.2])
    for function in (average_precision, threshold_average_precision, roc_auc):
        assert function(scores, torch.zeros(2).long()).isnan()
        assert function(torch.zeros(0), torch.zeros(0).long()).isnan()
    assert roc_auc(scores, torch.ones(2).long()).isnan()
    assert average_precision(scores, torch.ones(2).long()) == 1


def test_what_is_refused():
    truth = torch.tensor([0, 1])
    with pytest.raises(BadLabels, match=r"from 0 to 1, found 1\.5"):
        threshold_average_precision(torch.tensor([0.1, 1.5]), truth)
    with pytest.raises(BadLabels, match="from 0 to 1, found nan"):
        threshold_average_precision(torch.tensor([0.1, torch.nan]), truth)
    for function in (average_precision, roc_auc):
        with pytest.raises(BadLabels, match="found 1 that are NaN"):
            function(torch.tensor([0.1, torch.nan]), truth)
        with pytest.raises(BadLabels, match="labels 0 and 1, found 2"):
            function(torch.tensor([0.1, 0.2]), torch.tensor([1, 2]))
