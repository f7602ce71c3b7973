import pytest
import torch
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from facsight.core.errors import BadFaces
from facsight.metrics.dendrogram import Merge, average_linkage, leaf_order


def some_distances(generator, count):
    half = torch.rand(count, count, generator=generator, dtype=torch.float64).triu(diagonal=1)
    return half + half.T


def test_hand_computed():
    # 0 and 2 are nearest (1); then 1 is (4 + 6) / 2 from both, 3 further
    distances = torch.tensor([[0.0, 4, 1, 9], [4, 0, 6, 8], [1, 6, 0, 9], [9, 8, 9, 0]])
    merges = average_linkage(distances)
    assert merges == [Merge(0, 2, 1.0, 2), Merge(1, 4, 5.0, 3), Merge(3, 5, merges[2].distance, 4)]
    assert merges[2].distance == pytest.approx((9 + 8 + 9) / 3)
    assert leaf_order(merges) == [3, 1, 0, 2]


@pytest.mark.parametrize("count", [2, 3, 11, 30])
def test_scipy_agrees(count, generator):
    distances = some_distances(generator, count)
    expected = linkage(squareform(distances.numpy()), method="average")
    merges = average_linkage(distances)
    found = [[m.one, m.other, m.distance, m.leaves] for m in merges]
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), torch.from_numpy(expected))
    assert leaf_order(merges) == leaves_list(expected).tolist()


def test_what_was_given_is_not_changed(generator):
    distances = some_distances(generator, 5)
    before = distances.clone()
    average_linkage(distances)
    assert torch.equal(distances, before)


def test_one_leaf_has_no_merge():
    assert average_linkage(torch.zeros(1, 1)) == []
    assert leaf_order([]) == [0]


def test_a_distance_that_is_no_number_is_refused():
    with pytest.raises(BadFaces, match="finite distance"):
        average_linkage(torch.tensor([[0.0, torch.nan], [torch.nan, 0.0]]))
