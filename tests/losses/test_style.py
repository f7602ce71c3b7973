import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.losses.style import LEAST, style_loss


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_moments_by_hand():
    # one channel: means 2 and 0, deviations 1 and 3
    own, wanted = torch.tensor([[[1.0, 3.0]]]), torch.tensor([[[-3.0, 3.0]]])
    loss = style_loss(own, wanted, kind="moments")
    torch.testing.assert_close(loss, torch.tensor(4.0 + 4.0), rtol=1e-5, atol=0)


def test_gram_by_hand():
    # products summed over two places, by 2 channels and 2 places: [[5, 1], [1, 1]] / 4 against zeros
    own = torch.tensor([[[1.0, 2.0], [1.0, 0.0]]])
    loss = style_loss(own, torch.zeros(1, 2, 3), kind="gram")
    torch.testing.assert_close(loss, torch.tensor((25 + 1 + 1 + 1) / 16 / 4))


def test_a_row_of_numbers_has_one_place():
    own, wanted = random(4, 3), random(4, 3, seed=1)
    torch.testing.assert_close(
        style_loss(own, wanted, kind="moments"), (own - wanted).square().mean(), rtol=1e-12, atol=0
    )


def slow(own, wanted, kind):
    total, count = 0.0, 0
    for row, other in zip(own, wanted, strict=True):
        for c in range(len(row)):
            if kind == "moments":
                roots = [(x[c].var(correction=0) + LEAST) ** 0.5 for x in (row, other)]
                total += (row[c].mean() - other[c].mean()) ** 2 + (roots[0] - roots[1]) ** 2
                count += 1
                continue
            for d in range(len(row)):
                products = [sum(x[c] * x[d]) / (len(x) * x.shape[1]) for x in (row, other)]
                total, count = total + (products[0] - products[1]) ** 2, count + 1
    return total / count


@pytest.mark.parametrize("kind", ["moments", "gram"])
def test_agrees_with_loops(kind):
    own, wanted = random(3, 4, 5), random(3, 4, 6, seed=1)
    torch.testing.assert_close(style_loss(own, wanted, kind=kind), slow(own, wanted, kind))


@pytest.mark.parametrize("kind", ["moments", "gram"])
def test_where_things_are_does_not_matter(kind):
    own = random(2, 3, 4, 5)
    mixed = own.flatten(2)[..., torch.randperm(20, generator=torch.Generator().manual_seed(0))]
    assert style_loss(own, mixed, kind=kind) < 1e-20


@pytest.mark.parametrize("kind", ["moments", "gram"])
def test_only_the_features_are_moved(kind):
    own, wanted = random(2, 3, 4).requires_grad_(), random(2, 3, 4, seed=1).requires_grad_()
    style_loss(own, wanted, kind=kind).backward()
    assert own.grad is not None
    assert own.grad.abs().sum() > 0
    assert wanted.grad is None
    assert torch.autograd.gradcheck(lambda x: style_loss(x, wanted, kind=kind), own)


def test_flat_maps_have_a_finite_gradient():
    own = torch.ones(1, 2, 3, 3, requires_grad=True)
    style_loss(own, random(1, 2, 3, 3).float(), kind="moments").backward()
    assert own.grad is not None
    assert own.grad.isfinite().all()


def test_other_channels_are_refused():
    with pytest.raises(BadRecipe, match=r"\(2, 3\) beside \(2, 4\)"):
        style_loss(torch.zeros(2, 3, 5), torch.zeros(2, 4, 5), kind="gram")
