import math

import pytest
import torch
from sklearn.metrics.pairwise import rbf_kernel

from facsight.core.errors import BadPeople
from facsight.functional.discrepancy import (
    closeness,
    correlation_distance,
    discrepancy_of_groups,
    maximum_mean_discrepancy,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def rows(generator, count, channels=3):
    return torch.randn(count, channels, generator=generator, dtype=torch.float64)


def slow_discrepancy(one, other):
    """From the formula, one pair at a time, with kernels of scikit-learn."""
    both = torch.cat([one, other])
    pairs = [(a, b) for a in range(len(both)) for b in range(len(both)) if a != b]
    typical = sum(float((both[a] - both[b]).square().sum()) for a, b in pairs) / len(pairs)

    def alike(x, y):
        return sum(rbf_kernel(x, y, gamma=1 / (2**power * typical)).mean() for power in range(-2, 3))

    return alike(one, one) + alike(other, other) - 2 * alike(one, other)


def test_two_points_by_hand():
    # the only pair is its own mean squared distance, so every kernel is exp(-1 / width)
    wanted = sum(2 - 2 * math.exp(-1 / width) for width in (0.25, 0.5, 1, 2, 4))
    found = maximum_mean_discrepancy(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
    torch.testing.assert_close(found, torch.tensor(wanted))


def test_equal_sets_in_any_order_lie_nowhere_apart(generator):
    one = rows(generator, 7)
    torch.testing.assert_close(maximum_mean_discrepancy(one, one.flip(0)), torch.zeros(()).double())


def test_equal_rows_everywhere_are_no_division_by_zero():
    same = torch.ones(4, 2, requires_grad=True)
    apart = maximum_mean_discrepancy(same[:2], same[2:])
    (gradient,) = torch.autograd.grad(apart, same)
    assert apart == 0
    assert gradient.isfinite().all()


def test_against_slow_loops(generator):
    one, other = rows(generator, 6), rows(generator, 9) + 0.5
    wanted = torch.tensor(slow_discrepancy(one, other), dtype=torch.float64)
    torch.testing.assert_close(maximum_mean_discrepancy(one, other), wanted)


def test_neither_scale_nor_place_changes_it(generator):
    one, other = rows(generator, 6), rows(generator, 5) + 1
    apart = maximum_mean_discrepancy(one, other)
    torch.testing.assert_close(maximum_mean_discrepancy(7 * one + 2, 7 * other + 2), apart)
    torch.testing.assert_close(maximum_mean_discrepancy(other, one), apart)


def test_it_grows_as_sets_move_apart(generator):
    one, other = rows(generator, 40), rows(generator, 40)
    apart = [float(maximum_mean_discrepancy(one, other + shift)) for shift in (0.0, 0.5, 1.0, 2.0)]
    assert apart == sorted(apart)


def test_gradient_of_the_discrepancy_is_exact_and_gathers_sets(generator):
    one, other = rows(generator, 4).requires_grad_(), rows(generator, 3) + 2
    assert torch.autograd.gradcheck(maximum_mean_discrepancy, (one, other.requires_grad_()))
    (towards,) = torch.autograd.grad(maximum_mean_discrepancy(one, other), one)
    assert (-towards.sum(dim=0) @ (other.mean(dim=0) - one.mean(dim=0))) > 0


def test_groups_are_the_mean_over_pairs_of_one_width(generator):
    features = rows(generator, 12)
    group = torch.tensor([5, 5, 5, 5, 0, 0, 0, 0, 9, 9, 9, 9])
    # pairs of groups have other mean distances than all three together: the formula, slowly
    squared = torch.cdist(features, features).square()
    typical = squared.sum() / (12 * 11)
    kernel = sum((-squared / (2.0**power * typical)).exp() for power in range(-2, 3))
    parts = {int(g): (group == g).nonzero().flatten() for g in group.unique()}

    def alike(a, b):
        return kernel[parts[a]][:, parts[b]].mean()

    pairs = [(0, 5), (0, 9), (5, 9)]
    wanted = sum(alike(a, a) + alike(b, b) - 2 * alike(a, b) for a, b in pairs) / 3
    torch.testing.assert_close(discrepancy_of_groups(features, group), wanted)


def test_one_group_has_nothing_to_be_compared_with(generator):
    with pytest.raises(BadPeople, match="two or more groups"):
        discrepancy_of_groups(rows(generator, 4), torch.zeros(4).long())


def test_correlation_distance_by_hand():
    # variances 2 and 8 of the first channel, nothing else: (2 - 8)^2 / (4 * 2^2)
    one = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    torch.testing.assert_close(correlation_distance(one, 2 * one), torch.tensor(36 / 16))


def test_correlation_distance_against_torch(generator):
    one, other = rows(generator, 9, 4), 2 * rows(generator, 12, 4)
    wanted = (one.T.cov() - other.T.cov()).square().sum() / 64
    torch.testing.assert_close(correlation_distance(one, other), wanted)


def test_means_do_not_count_for_correlations(generator):
    one, other = rows(generator, 9), rows(generator, 9)
    torch.testing.assert_close(correlation_distance(one + 5, other), correlation_distance(one, other))


def test_gradient_of_the_correlation_distance(generator):
    one, other = rows(generator, 4).requires_grad_(), rows(generator, 5).requires_grad_()
    assert torch.autograd.gradcheck(correlation_distance, (one, other))


def test_one_row_has_no_covariance(generator):
    with pytest.raises(BadPeople, match="found 1 row"):
        correlation_distance(rows(generator, 1), rows(generator, 3))


def test_closeness_by_hand():
    features = torch.tensor([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    people, close = closeness(features, torch.tensor([4, 4, 1, 2]), torch.tensor([[0.5, 0.0]]))
    assert people.tolist() == [1, 2, 4]
    # cosines 0, 1 / sqrt 2 and 1
    torch.testing.assert_close(close, torch.tensor([0.0, 0.5**0.5, 1.0]))


def test_all_are_close_where_all_are_as_close():
    features = torch.tensor([[1.0, 0.0], [2.0, 0.0]])
    assert closeness(features, torch.tensor([0, 1]), torch.tensor([[1.0, 1.0]]))[1].tolist() == [1.0, 1.0]
