import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.functional.structure import anchors, cosines, products, spread_out


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
