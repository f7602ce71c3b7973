import pytest
import torch
from torch import nn

from facsight.nn.masked import MaskedBatchNorm, by_step, where_known


@pytest.fixture
def known():
    return torch.tensor([[True, True, False], [True, False, False]])


def test_by_hand():
    """One channel with the known values 1, 3 and 5: mean 3, variance 8 / 3."""
    norm = MaskedBatchNorm(1, eps=0.0).double()
    values = torch.tensor([[[1.0, 3.0, 99.0]], [[5.0, 99.0, 99.0]]], dtype=torch.float64)
    known = torch.tensor([[True, True, False], [True, False, False]])
    edge = 2 / (8 / 3) ** 0.5
    wanted = torch.tensor([[[-edge, 0.0, 0.0]], [[edge, 0.0, 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(norm(values, known), wanted)
    assert norm.mean.item() == pytest.approx(0.1 * 3)
    assert norm.variance.item() == pytest.approx(0.9 + 0.1 * 4)  # kept without bias: 8 / 2


@pytest.mark.parametrize("bands", [(), (4,)])
def test_it_is_torchs_own_on_the_known_places(known, generator, bands):
    ours, own = MaskedBatchNorm(5).double(), nn.BatchNorm1d(5).double()
    with torch.no_grad():
        ours.weight.normal_(generator=generator)
        ours.bias.normal_(generator=generator)
        own.weight.copy_(ours.weight)
        own.bias.copy_(ours.bias)
    for mode in (True, True, False):
        ours.train(mode)
        own.train(mode)
        values = torch.randn(2, 5, 3, *bands, generator=generator, dtype=torch.float64)
        rows = values.movedim(1, -1)  # batch, time, bands, channel
        wanted = own(rows[known].reshape(-1, 5))
        found = ours(values, known).movedim(1, -1)
        torch.testing.assert_close(found[known].reshape(-1, 5), wanted)
        assert found[~known].eq(0).all()
    torch.testing.assert_close(ours.mean, own.running_mean)
    torch.testing.assert_close(ours.variance, own.running_var)


def test_all_known_is_the_same_as_one_more_that_is_not(generator):
    """The fast way and the slow one."""
    fast, slow = MaskedBatchNorm(3).double(), MaskedBatchNorm(3).double()
    values = torch.randn(2, 3, 4, 2, generator=generator, dtype=torch.float64)
    longer = nn.functional.pad(values, (0, 0, 0, 1), value=50.0)
    known = torch.ones(2, 5, dtype=torch.bool)
    known[:, 4] = False
    torch.testing.assert_close(fast(values, known[:, :4]), slow(longer, known)[:, :, :4])
    torch.testing.assert_close(fast.mean, slow.mean)
    torch.testing.assert_close(fast.variance, slow.variance)


def test_gradients(known, generator):
    norm = MaskedBatchNorm(2).double()
    values = torch.randn(2, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: norm(x, known), values)


def test_nothing_known_changes_no_average():
    norm = MaskedBatchNorm(1)
    assert norm(torch.ones(1, 1, 2), torch.zeros(1, 2, dtype=torch.bool)).eq(0).all()
    assert norm.mean.item() == 0
    assert norm.variance.item() == 1


def test_means_of_steps():
    features = torch.tensor([[[1.0, 3.0, 5.0, 9.0, 7.0, 7.0]]])
    known = torch.tensor([[True, True, True, False, False, False]])
    assert by_step(features, known, 2).flatten().tolist() == [2.0, 5.0, 0.0]


def test_only_known_steps_are_encoded(known):
    seen = []

    def encode(steps):
        seen.append(steps)
        return steps * 10

    said = where_known(encode, torch.arange(6.0).reshape(2, 3, 1), known, 1)
    assert seen[0].flatten().tolist() == [0.0, 1.0, 3.0]
    assert said.flatten().tolist() == [0.0, 10.0, 0.0, 30.0, 0.0, 0.0]
