"""What a batch costs and moves when labels are missing, worked out by hand, whatever weighs the tasks."""

import math

import pytest
import torch

from facsight import catalog
from planted_batches import AFFECT, CLASSES, SPACES, UNITS, Told, batch_of

WAYS = ("supervised_sequences", "uncertainty_weights", "gradient_norm")  # all weigh 1 at the beginning
EVERY = pytest.mark.parametrize("name", WAYS)


def found(name, truth, affect=(0.5, -0.5, 0.25)):
    """The terms of a batch of three steps, and their gradients on the answers."""
    network = Told(
        mood=torch.zeros(1, 3, 2), units=torch.zeros(1, 3, 2), affect=torch.tensor(affect).reshape(1, 3, 1)
    )
    method = catalog.load("sequence_methods", name)(network, spaces=SPACES)
    terms = method.objective(batch_of(truth, 3), 0.0)
    terms.total.backward()
    gradients = {space: network.answers[space].grad[0] for space in ("mood", "units", "affect")}
    return {key: terms[key].item() for key in gradients}, gradients, method


@EVERY
def test_one_row_of_all_tasks(name):
    terms, gradients, _ = found(
        name, {"mood": {0: [1.0, 0.0]}, "units": {0: [1.0, 0.0]}, "affect": {0: [0.3]}}
    )
    # cross entropy of (0, 0) with (1, 0): log 2, and softmax - label = (-1/2, 1/2)
    assert terms["mood"] == pytest.approx(math.log(2))
    torch.testing.assert_close(gradients["mood"], torch.tensor([[-0.5, 0.5], [0, 0], [0, 0]]))
    # the mean over two units of log 2, and (sigmoid - label) / 2
    assert terms["units"] == pytest.approx(math.log(2))
    torch.testing.assert_close(gradients["units"], torch.tensor([[-0.25, 0.25], [0, 0], [0, 0]]))
    # one value has nothing to agree with
    assert terms["affect"] == 0
    assert gradients["affect"].eq(0).all()


@EVERY
def test_the_row_that_is_valid_may_be_any(name):
    for row in range(3):
        terms, gradients, _ = found(name, {"units": {row: [0.0, 0.0]}})
        assert terms["units"] == pytest.approx(math.log(2))
        expected = torch.zeros(3, 2)
        expected[row] = 0.25
        torch.testing.assert_close(gradients["units"], expected)


@EVERY
def test_no_row_at_all(name):
    terms, gradients, method = found(name, {})
    assert terms == {"mood": 0, "units": 0, "affect": 0}
    assert all(gradient.eq(0).all() for gradient in gradients.values())
    own = [p.grad for key, p in method.named_parameters() if not key.startswith("network")]
    assert all(gradient.eq(0).all() for gradient in own)


@EVERY
def test_rows_of_one_task_only(name):
    """Valence (1/2, -1/2) of (1, -1): means 0, variances 1/4 and 1, covariance 1/2: CCC 1 / 1.25 = 4/5."""
    terms, gradients, _ = found(name, {"affect": {0: [1.0], 1: [-1.0]}})
    assert terms == {"mood": 0, "units": 0, "affect": pytest.approx(0.2)}
    # with x = (a, b): cov = (a - b) / 2, var = (a - b)^2 / 4, mean^2 = (a + b)^2 / 4, so that
    # CCC = 2 cov / (1 + var + mean^2) = (a - b) / (1 + (a^2 + b^2) / 2); at (1/2, -1/2) the derivative in a
    # is 1 / (5/4) - 1 * (1/2) / (25/16) = 0.8 - 0.32 = 0.48, in b -0.8 + 0.32; the third is not labelled
    torch.testing.assert_close(gradients["affect"].flatten(), torch.tensor([-0.48, 0.48, 0.0]))
    assert gradients["mood"].eq(0).all()
    assert gradients["units"].eq(0).all()


@EVERY
def test_a_unit_that_is_not_known_leaves_the_other_its_full_cost(name):
    terms, gradients, _ = found(name, {"units": {1: [1.0, math.nan]}})
    assert terms["units"] == pytest.approx(math.log(2))
    torch.testing.assert_close(gradients["units"], torch.tensor([[0, 0], [-0.5, 0], [0, 0]]))


@EVERY
def test_where_tasks_are_labelled_in_different_rows_each_costs_as_if_alone(name):
    both = {"mood": {0: [0.0, 1.0]}, "units": {2: [1.0, 1.0]}}
    terms, gradients, _ = found(name, both)
    for space in (CLASSES, UNITS, AFFECT):
        alone = {space.name: both[space.name]} if space.name in both else {}
        own, own_gradients, _ = found(name, alone)
        assert terms[space.name] == own[space.name]
        assert torch.equal(gradients[space.name], own_gradients[space.name])
