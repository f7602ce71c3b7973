import math

import torch

from facsight.core.prediction import Prediction, UnitPrediction


def prediction(logits):
    n, k = logits.shape
    return Prediction(logits, torch.zeros(n, 2, 2), torch.zeros(n, k, 2, 2))


def test_uncertainty_is_one_for_no_idea_and_zero_for_certainty():
    sure_and_not = prediction(torch.tensor([[0.0, 0, 0, 0], [1000.0, 0, 0, 0]]))
    torch.testing.assert_close(sure_and_not.uncertainty, torch.tensor([1.0, 0.0]))


def test_uncertainty_of_a_coin_among_four_is_one_half():
    # two equal halves: log 2 / log 4
    logits = torch.tensor([[0.0, 0.0, -1e4, -1e4]])
    torch.testing.assert_close(prediction(logits).uncertainty, torch.tensor([0.5]))


def test_units_are_decided_one_by_one():
    # sigmoid(0) = 1/2, sigmoid(log 3) = 3/4: they need not sum to 1
    said = UnitPrediction(torch.tensor([[0.0, math.log(3)]]), torch.zeros(1, 2, 2, 2))
    torch.testing.assert_close(said.probabilities, torch.tensor([[0.5, 0.75]]))
    assert said.edges is None
