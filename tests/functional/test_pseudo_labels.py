import math

import torch

from facsight.functional.pseudo_labels import SHAKEN, other_look, sure_cost, sure_labels


def test_pictures_are_mirrored():
    pictures = torch.arange(12.0).reshape(1, 1, 3, 4)
    assert torch.equal(other_look(pictures)[0, 0, 0], torch.tensor([3.0, 2.0, 1.0, 0.0]))
    assert torch.equal(other_look(other_look(pictures)), pictures)


def test_rows_are_shaken_in_proportion_to_their_columns():
    torch.manual_seed(0)
    rows = torch.randn(4000, 3) * torch.tensor([1.0, 10.0, 0.0])
    moved = (other_look(rows) - rows).std(dim=0)
    torch.testing.assert_close(moved, SHAKEN * torch.tensor([1.0, 10.0, 0.0]), rtol=0.05, atol=1e-6)


def test_both_looks_must_be_sure_on_average():
    # means of the largest probabilities: (.9 + .8) / 2 = .85 and (.9 + .6) / 2 = .75
    one = torch.tensor([[0.9, 0.1], [0.9, 0.1]]).log()
    other = torch.tensor([[0.2, 0.8], [0.6, 0.4]]).log()
    label, sure = sure_labels(one, other, 0.8)
    assert label.tolist() == [0, 0]
    assert sure.tolist() == [True, False]


def test_the_surer_look_names_the_class_and_the_first_of_equals():
    one = torch.tensor([[0.6, 0.4], [0.7, 0.3]]).log()
    other = torch.tensor([[0.1, 0.9], [0.3, 0.7]]).log()
    assert sure_labels(one, other, 0.0)[0].tolist() == [1, 0]


def test_cost_by_hand():
    logits = torch.tensor([[0.75, 0.25], [0.5, 0.5], [0.1, 0.9]]).log()
    label, sure = torch.tensor([0, 0, 0]), torch.tensor([True, True, False])
    wanted = -(math.log(0.75) + math.log(0.5)) / 2
    torch.testing.assert_close(sure_cost(logits, label, sure), torch.tensor(wanted))


def test_nothing_sure_costs_nothing_and_moves_nothing():
    logits = torch.randn(3, 2, requires_grad=True)
    cost = sure_cost(logits, torch.zeros(3).long(), torch.zeros(3, dtype=torch.bool))
    (gradient,) = torch.autograd.grad(cost, logits)
    assert cost == 0
    assert not gradient.any()
