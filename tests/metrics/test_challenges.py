import math

import pytest
import sklearn.metrics
import torch

from facsight.core.errors import BadLabels
from facsight.metrics.challenges import bah_score, emotionet_score, mer_multi_score
from facsight.metrics.classification import confusion_matrix, unit_confusions
from facsight.metrics.open_vocabulary import OpenVocabulary, mean_over_groupings
from facsight.metrics.ranking import threshold_average_precision, threshold_counts
from oracles.agreement import slow_set_score


def test_emotionet_by_hand():
    """One unit: 1 hit, 1 missed, 1 false, 7 rightly absent: (.8 + .5) / 2. The other never: (1 + 0) / 2."""
    truth = torch.tensor([[1, 0], [1, 0], [0, 0], *[[0, 0]] * 7])
    predicted = torch.tensor([[1, 0], [0, 0], [1, 0], *[[0, 0]] * 7])
    found = emotionet_score(unit_confusions(predicted, truth)).item()
    assert found == pytest.approx(((0.8 + 0.5) / 2 + 0.5) / 2)


def test_mer_by_hand():
    # weighted F1 of 3 and 1 faces: 4/5 and 0 -> 3/4 * 4/5 + 1/4 * 0; here 2 of 3 right, the other taken for 0
    confusion = confusion_matrix(torch.tensor([0, 0, 1, 0]), torch.tensor([0, 0, 0, 1]), classes=2)
    f1 = 3 / 4 * (4 / 6)
    assert mer_multi_score(confusion, torch.tensor(0.8).double()).item() == pytest.approx(f1 - 0.2, abs=1e-7)
    perfect = torch.diag(torch.tensor([3, 1]))
    assert mer_multi_score(perfect, torch.tensor(0.0)).item() == 1
    assert mer_multi_score(confusion, torch.tensor(100.0)) < 0


def test_bah(generator):
    truth = (torch.rand(400, generator=generator) < 0.2).long()
    sure = ((0.4 * truth + torch.rand(400, generator=generator)) / 1.4).double()
    answers = (sure >= 0.5).long()
    found = bah_score(
        confusion_matrix(answers, truth, classes=2), threshold_counts(sure, truth, thresholds=1000)
    )
    f1 = sklearn.metrics.f1_score(truth, answers, average=None)
    assert (found.f1_absent, found.f1_present) == (pytest.approx(f1[0]), pytest.approx(f1[1]))
    assert found.macro_f1 == pytest.approx(f1.mean(), abs=1e-12)
    assert found.weighted_f1 == pytest.approx(sklearn.metrics.f1_score(truth, answers, average="weighted"))
    assert found.average_precision == threshold_average_precision(sure, truth).item()
    share = truth.double().mean().item()
    assert found.prevalence == pytest.approx(share)
    # always absent: F1 of absence 2 (1 - p) / (2 - p), of presence 0
    assert found.always_absent == pytest.approx((1 - share) / (2 - share))
    assert found.always_present == pytest.approx(share / (1 + share))


def test_words_by_hand():
    """Groups joy and anger; "calm" is in none. Precision 1/2 and 1, recall 1 and 1/2."""
    groups = {"Happy": "joy", "joyful": "joy", "angry": "anger", "furious": "anger"}
    score = OpenVocabulary(groups)
    score.update(["happy", " Calm"], ["joyful", "HAPPY"])
    score.update(["furious"], ["angry", "tired"])
    found = score.compute()
    assert (found.precision, found.recall, found.samples) == (0.75, 0.75, 2)
    assert (found.average, found.f1) == (0.75, 0.75)
    dropping = OpenVocabulary(groups, unknown="drop")
    dropping.update(["happy", "calm"], ["joyful", "happy"])
    dropping.update(["furious"], ["angry", "tired"])
    assert (dropping.compute().precision, dropping.compute().recall) == (1, 1)


def test_words_that_are_the_name_of_their_group():
    score = OpenVocabulary({"happy": "joy"})
    score.update(["happy"], ["joy"])
    assert score.compute().f1 == 1


def test_samples_without_words():
    score = OpenVocabulary({"happy": "joy"}, unknown="drop")
    score.update([], ["happy"])
    score.update(["happy"], ["unheard of"])
    found = score.compute()
    assert (found.precision, found.recall, found.f1) == (0, 0, 0)
    assert (found.samples, found.empty_truth) == (1, 1)
    assert math.isnan(OpenVocabulary({}).compute().f1)


def test_words_in_parts_against_a_slow_version(generator):
    words = "abcdefgh"
    samples = []
    for _ in range(50):
        sizes = torch.randint(1, 5, (2,), generator=generator).tolist()
        sets = [{words[i] for i in torch.randint(8, (size,), generator=generator).tolist()} for size in sizes]
        samples.append((sets[0], sets[1]))
    whole, one, other = (OpenVocabulary({}) for _ in range(3))
    for k, (predicted, truth) in enumerate(samples):
        whole.update(predicted, truth)
        (one if k % 3 else other).update(sorted(predicted), sorted(truth))
    one.merge(other)
    precision, recall = slow_set_score(samples)
    for found in (whole.compute(), one.compute()):
        assert (found.precision, found.recall) == (pytest.approx(precision), pytest.approx(recall))
        # of the averages, not the average of the samples' own
        assert found.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_grouping_only_ever_helps_and_its_mean(generator):
    fine, coarse = OpenVocabulary({}), OpenVocabulary({"happy": "joy", "glad": "joy", "mad": "anger"})
    for score in (fine, coarse):
        score.update(["happy", "mad"], ["glad", "anger"])
    assert fine.compute().f1 == 0
    assert coarse.compute().f1 == 1
    found = mean_over_groupings([fine.compute(), coarse.compute()])
    assert (found.precision, found.recall, found.f1, found.samples) == (0.5, 0.5, 0.5, 1)
    with pytest.raises(BadLabels, match="at least one grouping"):
        mean_over_groupings([])


def test_words_that_are_refused():
    score = OpenVocabulary({"happy": "joy"})
    with pytest.raises(BadLabels, match="split it into a list"):
        score.update("happy", ["happy"])
    with pytest.raises(BadLabels, match="group words alike"):
        score.merge(OpenVocabulary({"happy": "delight"}))
