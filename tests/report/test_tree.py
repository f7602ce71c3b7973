import pytest

from facsight.metrics.dendrogram import Merge
from facsight.report.tree import LEFT, RIGHT, WIDTH, tree_chart

MERGES = [Merge(0, 2, 0.25, 2), Merge(1, 3, 1.0, 3)]


def test_clusters_join_at_their_distance():
    chart = tree_chart("t", ["a", "b", "c"], MERGES)
    span = WIDTH - LEFT - RIGHT
    joins = [x1 for x1, _, x2, _ in chart.lines if x1 == x2]
    assert joins == [LEFT + 0.25 * span, LEFT + span]
    # the second join starts from the middle of the first
    heights = {name: y for y, name in chart.leaves}
    middle = (heights["a"] + heights["c"]) / 2
    assert any(line == pytest.approx((joins[0], middle, joins[1], middle)) for line in chart.lines)


def test_no_branch_crosses_another():
    chart = tree_chart("t", ["a", "b", "c"], MERGES)
    names = [name for _, name in chart.leaves]
    assert abs(names.index("a") - names.index("c")) == 1
    assert [y for y, _ in chart.leaves] == sorted(y for y, _ in chart.leaves)


def test_maps_that_are_all_the_same_still_make_a_tree():
    chart = tree_chart("t", ["a", "b"], [Merge(0, 1, 0.0, 2)])
    assert all(LEFT <= x <= WIDTH for line in chart.lines for x in line[::2])
