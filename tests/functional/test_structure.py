import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.functional.structure import anchors, cosines, products, spread_out, structural_transport
from facsight.functional.transport import half_squared_distances

ot = pytest.importorskip("ot")


def test_cosines_and_products_by_hand():
    features = torch.tensor([[3.0, 4.0], [4.0, 3.0], [0.0, 0.0]])
    assert cosines(features).tolist() == [
        [pytest.approx(1.0), pytest.approx(0.96), 0],
        [pytest.approx(0.96), pytest.approx(1.0), 0],
        [0, 0, 0],
    ]
    rows = features @ features.T
    torch.testing.assert_close(products(features)[:2], rows[:2] / rows[:2].norm(dim=1, keepdim=True))


def test_anchors_are_others():
    likeness = torch.tensor([[1.0, 0.2, 0.9], [0.2, 1.0, 0.1], [0.9, 0.1, 1.0]])
    assert anchors(likeness, 1, "most").tolist() == [[2], [0], [0]]
    assert anchors(likeness, 1, "least").tolist() == [[1], [2], [1]]
    assert anchors(likeness, 9, "all").tolist() == [[1, 2], [0, 2], [0, 1]]


@pytest.mark.parametrize("count", [0, 3])
def test_more_anchors_than_others_are_refused(count):
    with pytest.raises(BadRecipe, match="1 to 2 anchors among 3 points"):
        anchors(torch.eye(3), count, "most")


def test_spread_out_keeps_the_ends():
    features = torch.arange(100.0)[:, None]
    kept = spread_out(features, 12)[:, 0]
    assert len(kept) == 12
    assert (kept[0], kept[-1]) == (0, 99)
    assert kept.diff().min() >= 8
    assert len(spread_out(features[:5], 12)) == 5


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def structure(own, wanted, count=5, **options):
    options = {"select": "most", "pairing": "clouds", "epsilon": 0.05} | options
    return structural_transport(own, wanted, count=count, **options)


@pytest.mark.parametrize("pairing", ["clouds", "rows"])
@pytest.mark.parametrize("select", ["most", "least", "all"])
def test_structure_is_nought_for_features_turned_and_scaled(pairing, select):
    features = torch.randn(30, 8, dtype=torch.float64)
    turned = 3 * features @ torch.linalg.qr(torch.randn(8, 8, dtype=torch.float64)).Q
    found = structure(turned, features, select=select, pairing=pairing)
    assert found.item() == pytest.approx(0, abs=1e-8)
    assert structure(torch.randn(30, 8).double(), features, select=select, pairing=pairing).item() > 1e-3


def test_structure_against_pot():
    """By the formula, with POT's plans: cost and entropy of the three problems."""
    own, wanted = torch.randn(12, 4, dtype=torch.float64), torch.randn(12, 6, dtype=torch.float64)
    places = anchors(cosines(wanted), 4, "least")
    clouds = cosines(own).gather(1, places), cosines(wanted).gather(1, places)
    even = torch.full((12,), 1 / 12).double()

    def cost(one, other):
        costs = half_squared_distances(one, other)
        plan = ot.sinkhorn(even, even, costs, 0.5, method="sinkhorn_log", stopThr=1e-13, warn=False)
        return (plan * costs).sum() + 0.5 * (plan * (plan * 144).log()).sum()

    expected = cost(*clouds) - (cost(clouds[0], clouds[0]) + cost(clouds[1], clouds[1])) / 2
    found = structure(own, wanted, count=4, select="least", epsilon=0.5)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-6)


def test_what_order_means_under_each_pairing():
    """The features of others cost nothing as a cloud, where all rows are there; each with its own they do."""
    features, shuffled = torch.randn(30, 8, dtype=torch.float64), torch.randperm(30)
    assert structure(features[shuffled], features, pairing="rows").item() > 1e-3
    other = torch.randn(30, 6, dtype=torch.float64)
    for pairing in ("clouds", "rows"):  # the same batch in another order
        torch.testing.assert_close(
            structure(other[shuffled], features[shuffled], pairing=pairing),
            structure(other, features, pairing=pairing),
            rtol=1e-6,
            atol=1e-9,
        )
    # neither tells apart points whose cosines with all others are the same numbers
    triangle = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.6, -0.8]], dtype=torch.float64)
    mirrored = triangle[[0, 2, 1]]
    assert structure(mirrored, triangle, count=2, select="all", pairing="rows").item() == pytest.approx(0)


def test_gradient_reaches_the_student_and_none_the_teacher():
    own = torch.randn(12, 4, requires_grad=True)
    wanted = torch.randn(12, 4, requires_grad=True)
    structure(own, wanted.detach()).backward()
    assert own.grad.isfinite().all()
    assert own.grad.abs().sum() > 0


def test_a_step_along_the_gradient_brings_the_structures_together():
    torch.manual_seed(0)
    wanted = torch.randn(20, 4, dtype=torch.float64)
    own = torch.randn(20, 4, dtype=torch.float64, requires_grad=True)
    before = structure(own, wanted, select="all")
    (gradient,) = torch.autograd.grad(before, own)
    after = structure(own - 1e-2 * gradient, wanted, select="all")
    assert after < before - 0.5e-2 * gradient.square().sum()
