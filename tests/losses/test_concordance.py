import math

import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.functional.agreement import concordance
from facsight.losses.concordance import concordance_loss


def column(*values):
    """Labels or predictions of one window, one column."""
    return torch.tensor(values, dtype=torch.float64)[None, :, None]


def test_hand_value():
    # means 2 and 3, variances 2/3 each, covariance 2/3: CCC = (4/3) / (4/3 + 1) = 4/7
    loss = concordance_loss(column(1, 2, 3), column(2, 3, 4))
    assert loss.item() == pytest.approx(1 - 4 / 7, abs=1e-12)


def test_equal_series_cost_nothing_and_opposite_ones_two():
    assert concordance_loss(column(-1, 0, 1), column(-1, 0, 1)).item() == pytest.approx(0.0, abs=1e-12)
    assert concordance_loss(column(-1, 0, 1), column(1, 0, -1)).item() == pytest.approx(2.0, abs=1e-12)


@pytest.mark.parametrize("over", ["pooled", "window"])
def test_against_the_metric(over):
    generator = torch.Generator().manual_seed(0)
    said, truth = (torch.randn(4, 30, 2, generator=generator, dtype=torch.float64) for _ in range(2))
    truth[1, 5:9], truth[2, :, 1], truth[3, 1:] = math.nan, math.nan, math.nan
    wanted = []
    for k in range(2):
        windows = [(said.flatten(0, 1)[:, k], truth.flatten(0, 1)[:, k])]
        if over == "window":
            windows = [(said[b, :, k], truth[b, :, k]) for b in range(4)]
        known = [(x[y.isfinite()], y[y.isfinite()]) for x, y in windows]
        wanted.append(torch.stack([1 - concordance(x, y) for x, y in known if len(y) >= 2]).mean())
    torch.testing.assert_close(concordance_loss(said, truth, over=over), torch.stack(wanted))


def test_what_is_not_known_has_no_say_and_no_gradient():
    said = torch.randn(2, 6, 1, dtype=torch.float64, requires_grad=True)
    truth = torch.randn(2, 6, 1, dtype=torch.float64)
    truth[0, 3:] = math.nan
    concordance_loss(said, truth).sum().backward()
    assert said.grad[0, 3:].eq(0).all()
    assert said.grad[0, :3].ne(0).all()
    assert said.grad.isfinite().all()


@pytest.mark.parametrize("known", [0, 1])
def test_fewer_than_two_labels_cost_nothing(known):
    said = torch.randn(1, 5, 2, requires_grad=True)
    truth = torch.full((1, 5, 2), math.nan)
    truth[0, :known] = 0.5
    loss = concordance_loss(said, truth)
    loss.sum().backward()
    assert loss.tolist() == [0.0, 0.0]
    assert said.grad.eq(0).all()


@pytest.mark.parametrize("said", [torch.zeros(5), torch.full((5,), 0.3), torch.linspace(-1, 1, 5)])
def test_labels_that_never_change_cost_one_and_move_nothing(said):
    said = said[None, :, None].clone().requires_grad_()
    for truth in (torch.zeros(1, 5, 1), torch.full((1, 5, 1), 0.3)):
        loss = concordance_loss(said, truth)
        (gradient,) = torch.autograd.grad(loss.sum(), said)
        assert loss.item() == pytest.approx(1.0, abs=1e-6)
        assert gradient.abs().max() < 1e-4


def test_a_prediction_that_never_changes_is_spread_by_its_gradient():
    # with s_x = 0 and equal means only the covariance moves: -2 (y - mean y) / n over s_y^2 = 2/3
    truth = column(-1, 0, 1)
    said = torch.zeros_like(truth, requires_grad=True)
    loss = concordance_loss(said, truth)
    loss.sum().backward()
    assert loss.item() == 1
    torch.testing.assert_close(said.grad, column(1, 0, -1))


def test_golden_vectors_of_pooled_and_per_video():
    """Section 3.1 of the facts on ABAW: two videos with constant predictions; population variances."""
    truth = torch.tensor([[0.5, 0.6, 0.7], [-0.5, -0.6, -0.7]], dtype=torch.float64)[..., None]
    said = torch.tensor([[0.6] * 3, [-0.6] * 3], dtype=torch.float64)[..., None]
    assert 1 - concordance_loss(said, truth).item() == pytest.approx(0.99083, abs=5e-6)
    assert 1 - concordance_loss(said, truth, over="window").item() == pytest.approx(0, abs=1e-12)
    one, other = column(-0.5, 0, 0.5, 1), column(-0.4, 0.1, 0.3, 0.8)
    assert 1 - concordance_loss(one, other).item() == pytest.approx(0.95, abs=1e-12)


def test_single_precision_under_autocast():
    said, truth = torch.rand(2, 50, 1) + 100, torch.rand(2, 50, 1) + 100
    with torch.autocast("cpu", torch.bfloat16):
        loss = concordance_loss(said, truth)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, concordance_loss(said, truth))
    assert concordance_loss(said.bfloat16(), truth).dtype == torch.float32


def test_labels_of_whole_windows_are_pooled():
    said, truth = torch.randn(9, 2), torch.randn(9, 2)
    torch.testing.assert_close(concordance_loss(said, truth), concordance_loss(said[None], truth[None]))
    with pytest.raises(BadRecipe, match="use 'pooled'"):
        concordance_loss(said, truth, over="window")


@pytest.mark.parametrize("over", ["pooled", "window"])
def test_gradient(over):
    truth = torch.randn(2, 4, 2, dtype=torch.float64)
    truth[0, 1, 0] = math.nan
    said = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: concordance_loss(x, truth, over=over), said)
