import pytest
import torch

from facsight.core.errors import BadPeople
from facsight.losses.identity_matching import identity_shift, without_identity

ot = pytest.importorskip("ot")


def test_one_row_each_is_moved_onto_the_reference():
    features = torch.tensor([[1.0, 2.0], [4.0, 3.0]])
    found = without_identity(features, torch.tensor([7, 3]))
    torch.testing.assert_close(found, features[[0, 0]])


def test_the_person_of_the_first_row_is_the_reference():
    features = torch.tensor([[0.0, 2.0], [4.0, 3.0], [2.0, 0.0]])
    found = without_identity(features, torch.tensor([9, 1, 9]))
    assert torch.equal(found[[0, 2]], features[[0, 2]])
    assert not torch.equal(found[1], features[1])


def test_like_expressions_count_and_unlike_do_not():
    """Two of the reference, at right angles; the person shows the first only, further out."""
    reference = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # uniform mass: half of the plan is on either, but what is at right angles has no weight
    shift = identity_shift(torch.tensor([[3.0, 0.0]]), reference)
    torch.testing.assert_close(shift, torch.tensor([2.0, 0.0]))


def test_nothing_like_is_no_shift():
    assert identity_shift(torch.tensor([[-3.0, 0.0]]), torch.tensor([[1.0, 0.0]])).tolist() == [0.0, 0.0]


def test_a_constant_offset_of_a_person_is_found():
    # far from the origin everything is alike, the weights are the plan, and its margins are uniform
    rows = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)).double()
    offset = torch.tensor([0.5, -1.0, 2.0]).double()
    shift = identity_shift(1e4 + rows + offset, 1e4 + rows)
    torch.testing.assert_close(shift, offset, rtol=1e-2, atol=1e-2)


def test_against_slow_loops_and_another_solver():
    generator = torch.Generator().manual_seed(1)
    own, reference = (torch.rand(n, 4, generator=generator).double() for n in (5, 3))
    cosine = torch.stack([torch.cosine_similarity(r, own) for r in reference])
    plan = torch.from_numpy(
        ot.sinkhorn([1 / 3] * 3, [1 / 5] * 5, (1 - cosine).numpy(), 0.2, stopThr=1e-12, numItermax=5000)
    )
    above, below = torch.zeros(4).double(), 0.0
    for i in range(3):
        for j in range(5):
            weight = plan[i, j] * max(0.0, float(cosine[i, j]))
            above, below = above + weight * (own[j] - reference[i]), below + weight
    torch.testing.assert_close(identity_shift(own, reference), above / below, rtol=1e-5, atol=1e-6)


def test_the_shift_has_no_gradient():
    features = torch.rand(4, 3, requires_grad=True)
    without_identity(features, torch.tensor([0, 0, 1, 1])).sum().backward()
    assert torch.equal(features.grad, torch.ones(4, 3))


def test_one_person_has_nobody_to_be_matched_with():
    with pytest.raises(BadPeople, match="two or more people to match, found 1"):
        without_identity(torch.rand(3, 2), torch.zeros(3).long())
