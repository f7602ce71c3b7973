import math

import pytest
import torch

from facsight.methods.multitask.uncertainty import UncertaintyWeights
from planted_batches import SPACES, Told, batch_of

TRUTH = {"mood": {0: [1.0, 0.0]}, "units": {0: [1.0, 0.0]}, "affect": {0: [1.0], 1: [-1.0]}}


def made():
    affect = torch.tensor([0.5, -0.5]).reshape(1, 2, 1)
    network = Told(mood=torch.zeros(1, 2, 2), units=torch.zeros(1, 2, 2), affect=affect)
    return UncertaintyWeights(network, spaces=SPACES)


def test_hand_values():
    """Costs of log 2, log 2 and 1/5 at log variances of log 2, 0 and -log 3."""
    method = made()
    with torch.no_grad():
        method.log_variance.copy_(torch.tensor([math.log(2), 0.0, -math.log(3)]))
    terms = method.objective(batch_of(TRUTH, 2), 0.0)
    assert terms["mood"].item() == pytest.approx(math.log(2) / 2)
    assert terms["units"].item() == pytest.approx(math.log(2))
    assert terms["affect"].item() == pytest.approx(0.2 * 3)
    assert terms["uncertainty"].item() == pytest.approx((math.log(2) - math.log(3)) / 2)
    terms.total.backward()
    # d/ds (e^-s L + s/2) = 1/2 - e^-s L
    wanted = [0.5 - math.log(2) / 2, 0.5 - math.log(2), 0.5 - 0.6]
    torch.testing.assert_close(method.log_variance.grad, torch.tensor(wanted))
    torch.testing.assert_close(method.network.answers["mood"].grad[0, 0], torch.tensor([-0.25, 0.25]))


def test_a_task_settles_at_half_the_inverse_of_its_cost():
    method = made()
    optimizer = torch.optim.SGD([method.log_variance], lr=0.5)
    for _ in range(200):
        method.update(batch_of(TRUTH, 2), optimizer, 0.0)
    wanted = torch.tensor([1 / (2 * math.log(2)), 1 / (2 * math.log(2)), 1 / (2 * 0.2)])
    torch.testing.assert_close((-method.log_variance).exp().detach(), wanted, rtol=1e-4, atol=0)


def test_a_task_without_labels_is_not_weighed():
    method = made()
    method.objective(batch_of({"units": TRUTH["units"], "affect": {1: [0.5]}}, 2), 0.0).total.backward()
    gradient = method.log_variance.grad
    assert gradient[0] == 0
    assert float(gradient[1]) == pytest.approx(0.5 - math.log(2))
    assert gradient[2] == 0  # a single value has no CCC
