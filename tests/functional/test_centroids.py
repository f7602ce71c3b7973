import pytest
import torch
from sklearn.cluster import KMeans

from facsight.core.errors import BadRecipe
from facsight.functional.centroids import k_means, nearest, weighted_centroids


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def squares(rows, centroids):
    return float((rows - centroids[nearest(rows, centroids)]).square().sum())


def test_weighted_means_by_hand():
    rows, weights = torch.tensor([[0.0, 2.0], [4.0, 6.0]]), torch.tensor([[0.75, 0.0], [0.25, 1.0]])
    assert weighted_centroids(rows, weights).tolist() == [[1.0, 3.0], [4.0, 6.0]]


def test_the_first_of_equally_near_groups():
    assert nearest(torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [-1.0], [4.0]])).tolist() == [0, 2]


def test_groups_far_apart_are_found():
    rows = torch.tensor([[0.0], [1.0], [100.0], [101.0], [200.0], [201.0]])
    assert sorted(k_means(rows, 3, seeded()).flatten().tolist()) == [0.5, 100.5, 200.5]


def test_ends_where_another_implementation_stays():
    rows = torch.randn(60, 3, generator=seeded(1), dtype=torch.float64)
    centroids = k_means(rows, 5, seeded(2))
    again = KMeans(5, init=centroids.numpy(), n_init=1).fit(rows.numpy())
    torch.testing.assert_close(torch.from_numpy(again.cluster_centers_), centroids)


def test_more_rounds_never_go_up_in_squares():
    rows = torch.randn(80, 2, generator=seeded(3))
    costs = [squares(rows, k_means(rows, 6, seeded(4), rounds=n)) for n in (0, 1, 2, 5, 50)]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[-1]


def test_equal_rows_are_no_trouble():
    assert k_means(torch.ones(4, 2), 3, seeded()).tolist() == [[1.0, 1.0]] * 3


@pytest.mark.parametrize("count", [0, 4])
def test_as_many_groups_as_rows_at_most(count):
    with pytest.raises(BadRecipe, match=f"expected 1 to 3 groups of 3 rows, found {count}"):
        k_means(torch.zeros(3, 1), count, seeded())
