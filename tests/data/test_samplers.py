import pytest
import torch

from facsight.data.samplers import epoch_order, sampling_weights

LABELS = torch.tensor([0] * 90 + [1] * 9 + [2])


def class_shares(balance):
    weights = sampling_weights(LABELS, balance=balance)
    return [weights[k == LABELS].sum().item() for k in range(3)]


def test_no_balance_is_the_data():
    assert class_shares(0.0) == pytest.approx([0.9, 0.09, 0.01])


def test_full_balance_is_equal():
    assert class_shares(1.0) == pytest.approx([1 / 3] * 3)


def test_half_balance_goes_by_square_roots():
    roots = torch.tensor([90.0, 9.0, 1.0]).sqrt()
    assert class_shares(0.5) == pytest.approx((roots / roots.sum()).tolist())


def test_an_epoch_is_a_function_of_seed_and_number():
    weights = sampling_weights(LABELS, balance=0.0)
    first = epoch_order(weights, balanced=False, seed=1, epoch=4)
    assert torch.equal(first, epoch_order(weights, balanced=False, seed=1, epoch=4))
    assert not torch.equal(first, epoch_order(weights, balanced=False, seed=1, epoch=5))
    assert first.sort().values.tolist() == list(range(100))


def test_balanced_draws_follow_the_weights():
    weights = sampling_weights(LABELS, balance=1.0)
    drawn = torch.cat([epoch_order(weights, balanced=True, seed=0, epoch=e) for e in range(60)])
    shares = torch.bincount(LABELS[drawn]) / len(drawn)
    torch.testing.assert_close(shares, torch.full((3,), 1 / 3), atol=0.02, rtol=0)


def test_groups_that_overlap():
    """Three in the first group alone, one in both: groups of 4 and 1.

    Evenly each group is drawn half the time: 1/2 * 1/4 for each of the first, and 1/2 more for the fourth. By
    square roots they are drawn as 2 to 1: 2/3 * 1/4, and 1/3 more.
    """
    inside = torch.tensor([[True, False]] * 3 + [[True, True]])
    even = sampling_weights(inside, balance=1.0)
    assert even.tolist() == pytest.approx([1 / 8] * 3 + [1 / 8 + 1 / 2])
    roots = sampling_weights(inside, balance=0.5)
    assert roots.tolist() == pytest.approx([1 / 6] * 3 + [1 / 6 + 1 / 3])


def test_an_example_of_no_group_is_never_drawn_and_an_empty_group_takes_nothing():
    inside = torch.tensor([[True, False], [False, False], [True, False]])
    assert sampling_weights(inside, balance=1.0).tolist() == pytest.approx([0.5, 0.0, 0.5])
