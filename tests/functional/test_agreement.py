import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from facsight.functional.agreement import (
    concordance,
    mean_absolute_error,
    pearson,
    root_mean_square_error,
    sign_agreement,
)
from oracles.agreement import exact_concordance
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


#: Section 3.1 of the facts on ABAW: by consistent n, by consistent n - 1, and by mixing both.
GOLDEN = (
    torch.tensor([-0.5, 0.0, 0.5, 1.0], dtype=torch.float64),
    torch.tensor([-0.4, 0.1, 0.3, 0.8], dtype=torch.float64),
)


def by_divisors(one, other, covariance, variance):
    """Lin's formula with the divisors n - `covariance` and n - `variance`."""
    both = np.cov(one, other, ddof=covariance)[0, 1]
    spread = np.var(one.numpy(), ddof=variance) + np.var(other.numpy(), ddof=variance)
    return 2 * both / (spread + (one.mean() - other.mean()).item() ** 2)


def test_a_mix_of_divisors_exceeds_one_and_ours_does_not():
    """Sums of squares 1.25 and .74, of products .95; means .05 apart: .475 / (.3125 + .185 + .0025) = .95."""
    assert by_divisors(*GOLDEN, covariance=1, variance=0) == pytest.approx(1.2667, abs=5e-5)
    assert by_divisors(*GOLDEN, covariance=1, variance=1) == pytest.approx(0.9512, abs=5e-5)
    assert concordance(*GOLDEN).item() == pytest.approx(0.95, abs=1e-12)
    assert concordance(*GOLDEN).item() == pytest.approx(
        by_divisors(*GOLDEN, covariance=0, variance=0), abs=1e-12
    )


@pytest.mark.parametrize(
    ("slope", "expected"), [(0.25, 8 / 17), (0.5, 0.8), (0.75, 0.96), (1.25, 2.5 / 2.5625)]
)
def test_shrinking_costs_what_the_formula_says(slope, expected, generator):
    """Perfect correlation, no bias, slope k: 2 k / (1 + k^2)."""
    one, _ = some_series(generator, 40)
    one = one - one.mean()
    assert concordance(one, slope * one).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("bias", [0.25, 0.5, 1.0])
def test_a_bias_costs_what_the_formula_says(bias, generator):
    """A bias of b standard deviations: 2 / (2 + b^2)."""
    one, _ = some_series(generator, 40)
    shifted = one + bias * one.std(correction=0)
    assert concordance(one, shifted).item() == pytest.approx(2 / (2 + bias**2), abs=1e-12)


def test_never_beyond_one(generator):
    """Nearly equal series, where rounding would go over."""
    one = torch.randn(2000, 5, generator=generator).double()
    other = one * (1 + 1e-16 * torch.randn(2000, 5, generator=generator).double())
    for function in (pearson, concordance):
        assert function(one, other).max() <= 1
        assert function(one, -one).min() >= -1


def test_exact_fractions_agree(generator):
    one, other = (s.float() for s in some_series(generator, 30))
    expected = exact_concordance(one.tolist(), other.tolist())
    assert concordance(one, other).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("function", [pearson, concordance])
def test_masks_and_the_convention_for_constants(function, generator):
    one, other = some_series(generator, 3, 20)
    mask = torch.rand(3, 20, generator=generator) < 0.6
    spoilt = torch.where(mask, one, torch.nan)
    found = function(spoilt, other, mask=mask)
    for k in range(3):
        assert found[k].item() == pytest.approx(
            function(one[k][mask[k]], other[k][mask[k]]).item(), abs=1e-12
        )
    flat = torch.full((20,), 0.3).double()
    assert function(flat, other[0], constant=0.0) == 0
    assert function(flat, flat, constant=0.0) == 0
    assert function(one[0], other[0], mask=torch.zeros(20, dtype=torch.bool), constant=0.0).isnan()
    assert function(spoilt[0], other[0]).isnan()


def test_errors_and_signs_by_hand():
    one, other = torch.tensor([1.0, -2.0, 0.0, 4.0]), torch.tensor([2.0, -4.0, 0.0, -4.0])
    assert root_mean_square_error(one, other).item() == pytest.approx((69 / 4) ** 0.5)
    assert mean_absolute_error(one, other).item() == pytest.approx(11 / 4)
    assert sign_agreement(one, other).item() == pytest.approx(3 / 4)
    mask = torch.tensor([True, True, False, False])
    assert root_mean_square_error(one, other, mask=mask).item() == pytest.approx(2.5**0.5)
    assert mean_absolute_error(one, other, mask=mask).item() == pytest.approx(1.5)
    assert sign_agreement(one, other, mask=mask) == 1
    # nothing is a sign of its own: neither up nor down
    assert sign_agreement(torch.zeros(1), torch.ones(1)) == 0


def test_errors_without_pairs_and_with_constants():
    none, flat = torch.zeros(0), torch.full((3,), 2.0)
    for function in (root_mean_square_error, mean_absolute_error, sign_agreement):
        assert function(none, none).isnan()
        assert function(flat, flat, mask=torch.zeros(3, dtype=torch.bool)).isnan()
    assert root_mean_square_error(flat, flat) == 0
    assert sign_agreement(flat, flat) == 1
