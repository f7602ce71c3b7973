import math

import pytest
import torch

from facsight.losses.units import unit_cross_entropy

NAN = float("nan")


def test_hand_value_of_one_coded_cell():
    # z = log 3: sigma = 3/4. There: -log 3/4, weighted 2; not there: -log 1/4; the third is not coded
    logits = torch.full((1, 3), math.log(3))
    cost = unit_cross_entropy(logits, torch.tensor([[1.0, 0.0, NAN]]), [2.0, 5.0, 1.0])
    assert cost.item() == pytest.approx((2 * math.log(4 / 3) + math.log(4)) / 2, abs=1e-6)


def test_half_there_costs_half_of_each():
    # z = 0: both logarithms are log 1/2; the half that is there weighs 3
    cost = unit_cross_entropy(torch.zeros(1, 1), torch.tensor([[0.5]]), [3.0])
    assert cost.item() == pytest.approx((0.5 * 3 + 0.5) * math.log(2), abs=1e-6)


def test_hand_value_of_the_gradient():
    # d/dz: -w t (1 - sigma) + (1 - t) sigma, over two coded cells: -2 * 1/2 / 2 and 1/2 / 2
    logits = torch.zeros(2, 2, requires_grad=True)
    unit_cross_entropy(logits, torch.tensor([[1.0, NAN], [NAN, 0.0]]), [2.0, 2.0]).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, torch.tensor([[-0.5, 0.0], [0.0, 0.25]]))


def test_nothing_coded_costs_nothing_and_moves_nothing():
    logits = torch.randn(4, 3, requires_grad=True)
    cost = unit_cross_entropy(logits, torch.full((4, 3), NAN), [1.0] * 3)
    cost.backward()
    assert cost.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


def test_one_coded_row_alone_is_the_batch(generator):
    logits, coded = torch.randn(3, 2, generator=generator), torch.full((3, 2), NAN)
    coded[1] = torch.tensor([1.0, 0.0])
    alone = unit_cross_entropy(logits[1:2], coded[1:2], [1.5, 2.5])
    torch.testing.assert_close(unit_cross_entropy(logits, coded, [1.5, 2.5]), alone)


def test_against_a_slow_loop(generator):
    logits, coded = (torch.randn(5, 3, generator=generator), torch.rand(5, 3, generator=generator))
    coded[coded < 0.3] = NAN
    weights, found = [0.5, 1.0, 4.0], []
    for row in range(5):
        for unit in range(3):
            t, p = coded[row, unit].item(), 1 / (1 + math.exp(-logits[row, unit].item()))
            if not math.isnan(t):
                found.append(-(weights[unit] * t * math.log(p) + (1 - t) * math.log(1 - p)))
    assert unit_cross_entropy(logits, coded, weights).item() == pytest.approx(sum(found) / len(found), 1e-5)


def test_gradcheck(generator):
    logits = torch.randn(3, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    coded = torch.tensor([[1.0, NAN], [0.3, 0.0], [NAN, 1.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda z: unit_cross_entropy(z, coded, [1.0, 3.0]), (logits,))
