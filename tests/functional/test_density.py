import torch
from sklearn.cluster import DBSCAN

from facsight.functional.density import crowded, typical_reach


def some(seed, count=80):
    generator = torch.Generator().manual_seed(seed)
    spread = torch.rand(count, 1, generator=generator) * 3
    return spread * torch.randn(count, 3, generator=generator)


def test_against_scikit_learn():
    for seed, reach, least in ((0, 1.0, 4), (1, 0.7, 4), (2, 1.5, 10)):
        points = some(seed)
        wanted = DBSCAN(eps=reach, min_samples=least).fit(points.numpy()).labels_ != -1
        found = crowded(points, reach=reach, least=least)
        assert found.tolist() == wanted.tolist()
        assert 0 < found.sum() < len(points)


def test_a_point_at_the_edge_is_in_the_crowd_of_its_neighbour():
    # 2 has only 1 within reach, and 1 has 0, 1 and 2
    assert crowded(torch.tensor([[0.0], [1.0], [2.0]]), reach=1.0, least=3).tolist() == [True] * 3
    assert not crowded(torch.tensor([[0.0], [1.0], [3.0]]), reach=1.0, least=3).any()


def test_typical_reach_by_hand():
    # the second nearest of 0, 1, 3, 7 is itself the first: distances 1, 1, 2, 4; the lower median is 1
    points = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    assert typical_reach(points, least=2) == 1.0
    # three points of each: 3, 2, 3, 6
    assert typical_reach(points, least=3) == 3.0


def test_half_or_more_are_in_a_crowd_within_typical_reach_at_any_scale():
    for scale in (1e-3, 1.0, 1e3):
        points = scale * some(5)
        assert crowded(points, reach=typical_reach(points, least=4), least=4).float().mean() >= 0.5


def test_fewer_points_than_a_crowd_reach_the_farthest():
    assert typical_reach(torch.tensor([[0.0], [2.0]]), least=4) == 2.0
