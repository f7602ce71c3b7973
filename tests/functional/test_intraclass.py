import pytest
import torch

from facsight.functional.intraclass import intraclass, intraclass_of
from facsight.functional.moments import moments
from oracles.agreement import slow_intraclass

FORMS = ("1", "A,1", "C,1", "k", "A,k", "C,k")

#: Six targets, four judges: table 2 of Shrout and Fleiss 1979.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


@pytest.mark.parametrize(
    ("form", "published"), list(zip(FORMS, (0.17, 0.29, 0.71, 0.44, 0.62, 0.91), strict=True))
)
def test_the_published_example(form, published):
    """Table 4 of Shrout and Fleiss 1979, to two digits: (1,1) (2,1) (3,1) (1,4) (2,4) (3,4)."""
    found = intraclass(torch.tensor(SHROUT_FLEISS).double(), form).item()
    assert found == pytest.approx(published, abs=0.005)
    assert found == pytest.approx(slow_intraclass(SHROUT_FLEISS, form), abs=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_two_raters_from_their_moments(form, generator):
    ratings = torch.randn(5, 40, 2, generator=generator).double().cumsum(-1)
    table = intraclass(ratings, form)
    assert table.tolist() == pytest.approx([slow_intraclass(t.tolist(), form) for t in ratings], abs=1e-12)
    assert torch.allclose(intraclass_of(moments(*ratings.unbind(-1)), form), table, atol=1e-12)


def test_what_a_shift_costs(generator):
    """A rater who always gives one more is consistent, but does not agree."""
    one = torch.randn(50, generator=generator).double()
    shifted = torch.stack([one, one + 1], dim=-1)
    assert intraclass(shifted, "C,1").item() == pytest.approx(1)
    assert intraclass(shifted, "A,1") < 1
    assert intraclass(torch.stack([one, one], dim=-1), "A,1").item() == pytest.approx(1)


def test_order_of_raters_and_targets_does_not_matter(generator):
    ratings = torch.randn(30, 3, generator=generator).double()
    mixed = ratings[torch.randperm(30, generator=generator)][:, [2, 0, 1]]
    for form in FORMS:
        assert intraclass(mixed, form).item() == pytest.approx(intraclass(ratings, form).item())


def test_constants():
    flat = torch.ones(5, 2).double()
    assert intraclass(flat, "C,1").isnan()
    one_flat = torch.stack([torch.arange(5.0), torch.ones(5)], dim=-1)
    assert intraclass(one_flat, "C,1").item() == pytest.approx(0, abs=1e-12)
    assert intraclass(torch.ones(1, 2), "C,1").isnan()
