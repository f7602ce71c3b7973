import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.functional.transport import (
    half_squared_distances,
    sinkhorn_divergence,
    sinkhorn_plan,
    transport_cost,
)

ot = pytest.importorskip("ot")


@pytest.fixture
def costs():
    return torch.rand(5, 7, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_equal_costs_spread_mass_evenly():
    plan = sinkhorn_plan(torch.zeros(2, 3), epsilon=1.0)
    torch.testing.assert_close(plan, torch.full((2, 3), 1 / 6))


def test_hand_value_of_two_points():
    # symmetric, so the plan is (p, q; q, p) with p / q = e and p + q = 1/2
    plan = sinkhorn_plan(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), epsilon=1.0)
    e = torch.tensor(1.0).exp()
    torch.testing.assert_close(plan[0], torch.stack([e, torch.tensor(1.0)]) / (2 * (e + 1)))


@pytest.mark.parametrize("epsilon", [1.0, 0.1, 0.03])
def test_against_pot(costs, epsilon):
    found = sinkhorn_plan(costs, epsilon=epsilon, tolerance=1e-11, rounds=3000)
    rows, columns = torch.full((7,), 1 / 7).double(), torch.full((9,), 1 / 9).double()
    options = {"method": "sinkhorn_log", "stopThr": 1e-12, "numItermax": 3000, "warn": False}
    wanted = torch.stack([ot.sinkhorn(rows, columns, cost, epsilon, **options) for cost in costs])
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-9)


def test_the_cost_is_what_its_plan_says(costs):
    plan = sinkhorn_plan(costs, epsilon=0.1, tolerance=1e-12)
    relative = plan * (plan * 63).log()
    wanted = (plan * costs).sum((1, 2)) + 0.1 * relative.sum((1, 2))
    torch.testing.assert_close(transport_cost(costs, epsilon=0.1, tolerance=1e-12), wanted)


def test_problems_do_not_touch_each_other(costs):
    together = transport_cost(costs, epsilon=0.1, tolerance=1e-10)
    alone = torch.stack([transport_cost(cost, epsilon=0.1, tolerance=1e-10) for cost in costs])
    torch.testing.assert_close(together, alone)


def test_a_tiny_epsilon_does_not_overflow(costs):
    plan = sinkhorn_plan(costs * 100, epsilon=0.05, rounds=20_000)
    assert plan.isfinite().all()
    torch.testing.assert_close(plan.sum(dim=1), torch.full((5, 9), 1 / 9).double(), rtol=1e-4, atol=1e-6)


def test_gradient_is_the_plan():
    cost = torch.rand(2, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda c: transport_cost(c, epsilon=0.3, tolerance=1e-13), cost, atol=1e-6
    )
    points = torch.rand(4, 2, dtype=torch.float64, requires_grad=True)
    other = torch.rand(5, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: sinkhorn_divergence(x, other, epsilon=0.2, tolerance=1e-13), points, atol=1e-6
    )


def test_the_divergence_is_nought_for_the_same_cloud_in_any_order():
    cloud = torch.randn(6, 3, dtype=torch.float64)
    shuffled = cloud[torch.randperm(6)]
    assert sinkhorn_divergence(cloud, shuffled, epsilon=0.1, tolerance=1e-10).item() == pytest.approx(
        0, abs=1e-8
    )
    assert sinkhorn_divergence(cloud, cloud + 1, epsilon=0.1, tolerance=1e-10).item() > 1.0


def test_distances_against_a_loop():
    one, other = torch.randn(2, 4, 3, dtype=torch.float64), torch.randn(2, 5, 3, dtype=torch.float64)
    found = half_squared_distances(one, other)
    torch.testing.assert_close(found, torch.cdist(one, other).square() / 2)


def test_epsilon_must_be_above_nought():
    with pytest.raises(BadRecipe, match="epsilon above 0"):
        sinkhorn_plan(torch.zeros(2, 2), epsilon=0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
@pytest.mark.parametrize("shape", [(4, 64, 64), (4, 1, 5), (2, 5, 9)])
def test_values_and_gradients_are_finite_however_sharp_the_plan(dtype, scale, shape):
    generator = torch.Generator().manual_seed(0)
    cost = (scale * torch.rand(shape, generator=generator).double() ** 3).to(dtype).requires_grad_()
    value = transport_cost(cost, epsilon=0.005, tolerance=1e-3, rounds=100)
    (gradient,) = torch.autograd.grad(value.sum(), cost)
    assert value.isfinite().all()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("tolerance", [1e-2, 1e-5, 1e-9])
def test_rounds_end_when_masses_are_within_the_tolerance(costs, tolerance):
    plan = sinkhorn_plan(costs, epsilon=0.05, tolerance=tolerance)
    torch.testing.assert_close(plan.sum(dim=1), torch.full((5, 9), 1 / 9).double())
    assert (plan.sum(dim=2) * 7 - 1).abs().max() <= 1.01 * tolerance


def test_without_rounds_enough_a_plan_is_left_unsettled(costs):
    plan = sinkhorn_plan(costs, epsilon=0.01, tolerance=1e-9, rounds=3)
    assert (plan.sum(dim=2) * 7 - 1).abs().max() > 1e-6
