import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from facsight.functional.agreement import concordance, pearson
from oracles.similarity import slow_pearson


def some_series(generator, *shape):
    return torch.randn(shape, generator=generator, dtype=torch.float64), torch.randn(
        shape, generator=generator, dtype=torch.float64
    )


def slow_concordance(one, other):
    """By the definition: the expected squared distance over what it would be without correlation."""
    n = len(one)
    means = sum(one) / n, sum(other) / n
    spreads = [sum((x - m) ** 2 for x in s) / n for s, m in zip((one, other), means, strict=True)]
    distance = sum((x - y) ** 2 for x, y in zip(one, other, strict=True)) / n
    return 1 - distance / (sum(spreads) + (means[0] - means[1]) ** 2)


def test_by_hand():
    """Covariance 2/3, both variances 2/3, means 1 apart: 4/3 over 4/3 + 1. Correlation is full."""
    one, other = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0, 4.0])
    assert concordance(one, other).item() == pytest.approx(4 / 7)
    assert pearson(one, other).item() == pytest.approx(1)
    # twice the spread: covariance 4/3, variances 2/3 and 8/3, means 2 apart
    assert concordance(one, 2 * one).item() == pytest.approx((8 / 3) / (10 / 3 + 4))


def test_against_slow_versions_and_scipy(generator):
    one, other = some_series(generator, 50)
    other = 0.5 * one + other + 1
    assert pearson(one, other).item() == pytest.approx(slow_pearson(one.numpy(), other.numpy()))
    assert pearson(one, other).item() == pytest.approx(pearsonr(one.numpy(), other.numpy()).statistic)
    assert concordance(one, other).item() == pytest.approx(slow_concordance(one.tolist(), other.tolist()))


def test_variances_are_those_of_the_population(generator):
    one, other = some_series(generator, 5)
    covariance = np.cov(one, other, bias=True)
    expected = 2 * covariance[0, 1] / (np.trace(covariance) + (one.mean() - other.mean()).item() ** 2)
    assert concordance(one, other).item() == pytest.approx(expected)


def test_rows_of_a_batch_are_apart(generator):
    one, other = some_series(generator, 4, 3, 20)
    for function in (pearson, concordance):
        together = function(one, other)
        assert together.shape == (4, 3)
        assert together[2, 1].item() == pytest.approx(function(one[2, 1], other[2, 1]).item())


def test_properties(generator):
    one, other = some_series(generator, 100, 30)
    value = concordance(one, other)
    assert torch.allclose(value, concordance(other, one))
    assert bool((value.abs() <= pearson(one, other).abs() + 1e-12).all())
    assert torch.allclose(concordance(one, one), torch.ones(100, dtype=torch.float64))
    assert torch.allclose(
        concordance(one, -one + 2 * one.mean(dim=-1, keepdim=True)), -torch.ones(100).double()
    )
    assert torch.allclose(pearson(3 * one + 5, other), pearson(one, other))


@pytest.mark.parametrize("length", [3, 4, 1000])
def test_a_constant_series_agrees_with_nothing(length):
    flat, ramp = torch.full((length,), 0.1), torch.arange(float(length))
    for function in (pearson, concordance):
        assert function(flat, ramp).isnan()
        assert function(flat, flat).isnan()
