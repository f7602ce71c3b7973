import pytest
import torch

from facsight.functional.agreement import concordance, concordance_of, pearson_of
from facsight.functional.moments import (
    from_sums,
    grouped_moments,
    joined,
    merged,
    moments,
    no_moments,
    pooled,
)
from oracles.agreement import exact_concordance


def some_series(generator, count=300, mean=0.0, scale=1.0):
    one = mean + scale * torch.randn(count, generator=generator, dtype=torch.float64)
    return one, 0.7 * one + 0.3 * mean + 0.5 * scale * torch.randn(count, generator=generator).double()


def parts_of(one, other, sizes):
    parts = no_moments()
    for x, y in zip(one.split(sizes), other.split(sizes), strict=True):
        parts = joined(parts, moments(x.unsqueeze(0), y.unsqueeze(0)))
    return parts


def test_by_hand():
    """Means 2 and 4; squares 1 + 0 + 1 and 4 + 1 + 9, products -1 * -2 + 0 * -1 + 1 * 3."""
    found = moments(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0, 7.0]))
    assert found.count.item() == 3
    assert found.means.tolist() == [2, 4]
    assert found.spreads.tolist() == [2, 14, 5]


@pytest.mark.parametrize(("mean", "tolerance"), [(0.0, 1e-14), (1e3, 1e-12), (1e6, 1e-9)])
def test_a_large_mean_costs_few_digits(mean, tolerance, generator):
    """Squares about 0 would lose all but 4 digits at a mean of a million, where a double's last digit of the
    mean is 1e-10 of the spread; exact fractions are the judge."""
    one, other = some_series(generator, mean=mean)
    expected = exact_concordance(one.tolist(), other.tolist())
    sizes = [100, 1, 150, 49]
    for found in (moments(one, other), pooled(parts_of(one, other, sizes))):
        assert concordance_of(found).item() == pytest.approx(expected, abs=tolerance)


def test_parts_add_up_to_the_whole_in_any_order(generator):
    one, other = some_series(generator, mean=0.4)
    whole = moments(one, other)
    mixed = torch.randperm(len(one), generator=generator)
    for sizes in ([300], [1] * 300, [299, 1], [7, 93, 200]):
        for x, y in ((one, other), (one[mixed], other[mixed])):
            together = pooled(parts_of(x, y, sizes))
            assert together.count == whole.count
            assert torch.allclose(together.means, whole.means, rtol=1e-13)
            assert torch.allclose(together.spreads, whole.spreads, rtol=1e-12)


def test_groups_are_those_of_their_rows(generator):
    one, other = some_series(generator)
    group = torch.randint(4, (300,), generator=generator)
    found = grouped_moments(one, other, group, groups=6)
    for k in range(4):
        alone = moments(one[group == k], other[group == k])
        assert torch.allclose(found.spreads[k], alone.spreads, rtol=1e-12)
        assert torch.allclose(found.means[k], alone.means, rtol=1e-12)
    assert found.count[4:].tolist() == [0, 0]
    assert found.spreads[4:].eq(0).all()
    pairs = merged(found, torch.tensor([0, 1, 0, 1, 1, 0]), groups=2)
    odd = moments(one[group % 2 == 1], other[group % 2 == 1])
    assert torch.allclose(pairs.spreads[1], odd.spreads, rtol=1e-12)


def test_sums_about_a_point_and_back(generator):
    found = moments(*some_series(generator))
    for pivot in (found.means, torch.tensor([0.3, -0.2]).double()):
        back = from_sums(found.sums(pivot), pivot)
        assert torch.allclose(back.spreads, found.spreads, rtol=1e-12)
        assert torch.allclose(back.means, found.means, rtol=1e-12)


@pytest.mark.parametrize("value", [0.1, 1e-7, 1e8, -5.0])
def test_a_constant_series_has_no_spread_at_all(value, generator):
    """The mean of a million tenths is not a tenth; what is left over must not look like a spread."""
    flat = torch.full((1_000_003,), value, dtype=torch.float64)
    moving = torch.randn(1_000_003, generator=generator).double()
    group = torch.randint(3, (1_000_003,), generator=generator)
    for found in (moments(flat, moving), pooled(grouped_moments(flat, moving, group, groups=3))):
        assert found.spreads[0] == 0
        assert found.spreads[2] == 0
        assert found.spreads[1] > 0
    assert grouped_moments(flat, moving, group, groups=3).spreads[:, 0].eq(0).all()


def test_tiny_spreads_are_not_taken_for_none():
    ramp = 1 + torch.arange(10).double() * 1e-12
    assert concordance(ramp, ramp).item() == pytest.approx(1, abs=1e-9)


def test_what_the_mask_leaves_out_may_be_anything(generator):
    one, other = some_series(generator)
    mask = torch.rand(300, generator=generator) < 0.5
    spoilt = torch.where(mask, one, torch.nan), torch.where(mask, other, torch.inf)
    for found in (moments(*spoilt, mask), moments(one.where(mask, -5.0), other, mask)):
        alone = moments(one[mask], other[mask])
        assert torch.allclose(found.spreads, alone.spreads, rtol=1e-12)
        assert found.count == mask.sum()


def test_nothing_has_no_moments_and_no_agreement():
    empty = torch.zeros(0).double()
    for found in (
        moments(empty, empty),
        pooled(no_moments()),
        pooled(grouped_moments(empty, empty, empty.long(), groups=2)),
    ):
        assert found.count == 0
        assert found.spreads.eq(0).all()
        for score in (pearson_of, concordance_of):
            assert score(found).isnan()
            assert score(found, constant=0.0).isnan()


def test_gradients_are_those_of_the_formula(generator):
    one, other = (s[:6].clone().requires_grad_() for s in some_series(generator))
    assert torch.autograd.gradcheck(lambda x, y: concordance(x, y), (one, other))
