import pytest
import torch

from facsight.core.terms import Terms


def test_total_is_the_sum_and_keeps_the_graph():
    x = torch.tensor(2.0, requires_grad=True)
    Terms(square=x**2, line=3 * x).total.backward()
    assert x.grad == 2 * 2 + 3


def test_an_objective_without_terms_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        _ = Terms().total
