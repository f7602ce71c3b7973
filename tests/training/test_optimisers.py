import pytest
import torch
from torch import nn

from facsight.training.optimisers import make_optimizer, rate_factor, update_average


def test_cosine_with_warmup_by_hand():
    factor = [rate_factor(p, schedule="cosine", warmup=0.2) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    assert factor == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_published_steps():
    # 0.9 every 4 of 20 epochs: after 9 epochs two drops
    assert rate_factor(9 / 20, schedule="step", drops=5) == pytest.approx(0.81)


def test_average_starts_fast_and_ends_slow():
    average, current = [torch.zeros(1)], [torch.ones(1)]
    update_average(average, current, step=1, decay=0.998)  # keep (1 + 1) / (10 + 1)
    torch.testing.assert_close(average[0], torch.tensor([1 - 2 / 11]))
    update_average(average, [torch.zeros(1)], step=10**6, decay=0.5)
    torch.testing.assert_close(average[0], torch.tensor([(1 - 2 / 11) * 0.5]))


def test_average_of_zero_decay_is_the_current_weights():
    average = [torch.zeros(3), torch.tensor(0)]
    update_average(average, [torch.ones(3), torch.tensor(7)], step=5, decay=0.0)
    assert average[0].tolist() == [1, 1, 1]
    assert average[1] == 7


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_scales_and_biases_are_not_decayed(name):
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    decayed, plain = make_optimizer(model, name=name, rate=0.1, weight_decay=0.5).param_groups
    assert [p.ndim for p in decayed["params"]] == [2]
    assert [p.ndim for p in plain["params"]] == [1, 1, 1]
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.5, 0.0)
