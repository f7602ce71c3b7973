import math

import numpy as np
import pytest
import scipy.optimize
import sklearn.metrics
import torch

from facsight.core.errors import BadLabels
from facsight.metrics.calibration import (
    brier_score,
    classwise_calibration_error,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
)
from oracles.scores import slow_calibration_error


def some_logits(generator, count=400, classes=6, scale=3.0):
    """Logits scaled from ones whose probabilities are right by construction."""
    honest = 1.5 * torch.randn(count, classes, generator=generator, dtype=torch.float64)
    truth = torch.multinomial(honest.softmax(dim=1), 1, generator=generator).squeeze(1)
    return scale * honest, truth


def test_hand_computed():
    probabilities = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.45, 0.55], [0.25, 0.75]])
    truth = torch.tensor([0, 1, 1, 1])
    # five bins: 0.9 twice, right once, so 2/4 * |0.9 - 0.5|; 0.55 and 0.75 alone in theirs, both right
    expected = 0.5 * 0.4 + 0.25 * 0.45 + 0.25 * 0.25
    assert expected_calibration_error(probabilities.double(), truth, bins=5).item() == pytest.approx(expected)
    # squared distances: 2 * 0.1^2, 2 * 0.9^2, 2 * 0.45^2, 2 * 0.25^2
    assert brier_score(probabilities, truth).item() == pytest.approx((0.02 + 1.62 + 0.405 + 0.125) / 4)
    expected = -sum(math.log(p) for p in (0.9, 0.1, 0.55, 0.75)) / 4
    assert negative_log_likelihood(probabilities.log(), truth).item() == pytest.approx(expected, rel=1e-6)


def test_classwise_hand_computed():
    probabilities = torch.tensor([[0.8, 0.2], [0.6, 0.4]], dtype=torch.float64)
    # one bin: mean share of class 0 is 0.7, it is true half the time; class 1 the same the other way round
    error = classwise_calibration_error(probabilities, torch.tensor([0, 1]), bins=1)
    assert error.item() == pytest.approx(0.2)


def test_a_bin_has_its_upper_end_and_not_its_lower():
    # 0.5 belongs to the first of two bins: alone there, right, and half sure
    probabilities = torch.tensor([[0.5, 0.5], [0.75, 0.25]], dtype=torch.float64)
    error = expected_calibration_error(probabilities, torch.tensor([0, 1]), bins=2)
    assert error.item() == pytest.approx(0.5 * 0.5 + 0.5 * 0.75)


def test_sure_and_right_is_perfect_sure_and_wrong_is_worst():
    corners = torch.eye(3, dtype=torch.float64)
    right, wrong = torch.arange(3), (torch.arange(3) + 1) % 3
    assert expected_calibration_error(corners, right) == 0
    assert expected_calibration_error(corners, wrong) == 1
    assert brier_score(corners, wrong) == 2


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_slow_loop_agrees(bins, generator):
    logits, truth = some_logits(generator)
    probabilities = logits.softmax(dim=1)
    expected = slow_calibration_error(probabilities.numpy(), truth.numpy(), bins)
    assert expected_calibration_error(probabilities, truth, bins=bins).item() == pytest.approx(expected)


def test_scikit_learn_agrees_on_likelihood_and_brier_score(generator):
    logits, truth = some_logits(generator)
    probabilities = logits.softmax(dim=1)
    expected = sklearn.metrics.log_loss(truth, probabilities.numpy(), labels=list(range(6)))
    assert negative_log_likelihood(logits, truth).item() == pytest.approx(expected)
    expected = sum(sklearn.metrics.brier_score_loss(truth == k, probabilities[:, k]) for k in range(6))
    assert brier_score(probabilities, truth).item() == pytest.approx(expected)


def test_right_probabilities_have_a_small_error_and_sharper_ones_a_large_one(generator):
    logits, truth = some_logits(generator, count=20_000, scale=1.0)
    for error in (expected_calibration_error, classwise_calibration_error):
        assert error(logits.softmax(dim=1), truth) < 0.015
        assert error((3 * logits).softmax(dim=1), truth) > 3 * error(logits.softmax(dim=1), truth)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_temperature_undoes_a_known_scale(scale, generator):
    logits, truth = some_logits(generator, count=20_000, scale=scale)
    assert fit_temperature(logits, truth) == pytest.approx(scale, rel=0.03)


def test_temperature_is_the_optimum_that_scipy_finds(generator):
    logits, truth = some_logits(generator)

    def likelihood(temperature):
        return negative_log_likelihood(logits / temperature, truth).item()

    best = scipy.optimize.minimize_scalar(
        likelihood, bounds=(0.1, 19), method="bounded", options={"xatol": 1e-9}
    )
    temperature = fit_temperature(logits, truth)
    assert temperature == pytest.approx(best.x, rel=1e-5)
    assert likelihood(temperature) <= min(likelihood(0.99 * temperature), likelihood(1.01 * temperature))


def test_temperature_scales_with_the_logits_and_ignores_a_common_shift(generator):
    logits, truth = some_logits(generator)
    temperature = fit_temperature(logits, truth)
    assert fit_temperature(2 * logits, truth) == pytest.approx(2 * temperature)
    assert fit_temperature(logits + torch.arange(400.0).unsqueeze(1), truth) == pytest.approx(temperature)


def test_temperature_stops_at_its_bounds():
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    assert fit_temperature(logits, torch.tensor([0, 1])) == pytest.approx(0.05)
    assert fit_temperature(logits, torch.tensor([1, 0])) == pytest.approx(20.0)


def test_extreme_logits_stay_finite():
    logits = torch.tensor([[1e6, 0.0], [0.0, 1e6], [1e6, 0.0]])
    truth = torch.tensor([0, 1, 1])
    assert negative_log_likelihood(logits, truth).isfinite()
    assert np.isfinite(fit_temperature(logits, truth))


def test_no_faces_have_no_temperature():
    with pytest.raises(BadLabels, match="at least one"):
        fit_temperature(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64))
