import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from facsight.functional.grouping import KEPT, grouped, in_order_of_appearance, middle


def similarities(count, seed, dimensions=3):
    """Cosines of directions that lie in a few loose bunches."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(4, dimensions))
    vectors = centres[generator.integers(0, 4, count)] + generator.normal(0, 0.5, (count, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


def apart_pairs(count, seed, share=0.1):
    upper = np.triu(np.random.default_rng(seed).random((count, count)) < share, 1)
    return upper | upper.T


def by_the_book(similarity, apart, least):
    """Average linkage by its definition: the mean over all pairs of two groups, anew at every step."""
    groups = [[place] for place in range(len(similarity))]
    while True:
        pairs = [
            (np.mean([similarity[a, b] for a in one for b in other]), i, j)
            for i, one in enumerate(groups)
            for j, other in enumerate(groups)
            if i < j and not any(apart[a, b] for a in one for b in other)
        ]
        if not pairs or max(pairs)[0] < least:
            break
        _, i, j = max(pairs)
        groups[i] += groups.pop(j)
    names = np.empty(len(similarity), np.int64)
    for name, group in enumerate(groups):
        names[group] = name
    return in_order_of_appearance(names)


def test_three_things_by_hand():
    alike = np.array([[1.0, 0.9, 0.5], [0.9, 1.0, 0.3], [0.5, 0.3, 1.0]])
    nothing = np.zeros((3, 3), bool)
    assert grouped(alike, nothing, 0.95).tolist() == [0, 1, 2]
    assert grouped(alike, nothing, 0.41).tolist() == [0, 0, 1]  # (0.5 + 0.3) / 2 is less
    assert grouped(alike, nothing, 0.40).tolist() == [0, 0, 0]
    first_two = alike == 0.9
    assert grouped(alike, first_two, 0.4).tolist() == [0, 1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_without_pairs_that_stay_apart_it_is_scipys(seed):
    alike = similarities(40, seed)
    distances = squareform(1 - alike, checks=False)
    tree = linkage(distances, "average")
    for least in (0.0, 0.5, 0.8, 0.95):
        expected = fcluster(tree, 1 - least, "distance")
        assert grouped(alike, np.zeros_like(alike, bool), least).tolist() == (
            in_order_of_appearance(expected.astype(np.int64)).tolist()
        )


@pytest.mark.parametrize("seed", range(5))
def test_with_pairs_that_stay_apart_it_is_the_definition(seed):
    alike, apart = similarities(25, seed), apart_pairs(25, seed)
    for least in (0.2, 0.6):
        found = grouped(alike, apart, least)
        assert found.tolist() == by_the_book(alike, apart, least).tolist()
        assert not (apart & (found[:, None] == found)).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_things_makes_no_difference(seed):
    alike, apart = similarities(30, seed), apart_pairs(30, seed)
    order = np.random.default_rng(seed).permutation(30)
    found = grouped(alike, apart, 0.5)
    shuffled = grouped(alike[order][:, order], apart[order][:, order], 0.5)
    assert shuffled.tolist() == in_order_of_appearance(found[order]).tolist()


def test_groups_that_are_given_count_as_many_times_as_they_have_members():
    generator = np.random.default_rng(3)
    members = [generator.normal(size=(count, 4)) for count in (1, 5, 2, 3)]
    members = [some / np.linalg.norm(some, axis=1, keepdims=True) for some in members]
    means = np.stack([some.mean(axis=0) for some in members])
    sizes = np.array([1, 5, 2, 3])
    nothing = np.zeros((4, 4), bool)
    between = np.array([[np.mean(a @ b.T) for b in members] for a in members])
    np.testing.assert_allclose(means @ means.T, between)
    alike = means @ means.T
    first = max((alike[i, j], i, j) for i in range(4) for j in range(i))
    joined = np.concatenate([members[first[1]], members[first[2]]])
    rest = [k for k in range(4) if k not in first[1:]]
    second = max(float(np.mean(joined @ members[k].T)) for k in rest)
    second = max(second, alike[rest[0], rest[1]])
    assert len(set(grouped(alike, nothing, second + 1e-9, sizes=sizes).tolist())) == 3
    assert len(set(grouped(alike, nothing, second - 1e-9, sizes=sizes).tolist())) == 2


def test_what_is_not_known_stays_alone():
    alike = np.full((3, 3), 0.9)
    alike[1] = alike[:, 1] = np.nan
    assert grouped(alike, np.zeros((3, 3), bool), 0.5).tolist() == [0, 1, 0]


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_and_one_thing(count):
    assert grouped(np.ones((count, count)), np.zeros((count, count), bool), 0.5).tolist() == [0] * count


def test_what_is_given_is_not_changed():
    alike = similarities(6, 0)
    kept = alike.copy()
    grouped(alike, np.zeros((6, 6), bool), 0.0)
    np.testing.assert_array_equal(alike, kept)


def directions(count, spread, seed=0):
    vectors = np.array([1.0, 0, 0, 0]) + np.random.default_rng(seed).normal(0, spread, (count, 4))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_middle_is_not_drawn_by_a_few_that_are_far_off():
    good = directions(9, 0.1)
    spoilt = np.concatenate([good, np.tile([0.0, 1, 0, 0], (3, 1))])
    even = np.ones(12)
    assert len(spoilt) - 3 == KEPT * len(spoilt)
    expected = good.mean(axis=0) / np.linalg.norm(good.mean(axis=0))
    np.testing.assert_allclose(middle(spoilt, even), expected)
    order = np.random.default_rng(1).permutation(12)
    np.testing.assert_allclose(middle(spoilt[order], even), expected)


def test_the_middle_by_hand():
    one, other = np.array([1.0, 0]), np.array([0, 1.0])
    np.testing.assert_allclose(middle(np.stack([one, other]), np.array([3.0, 4.0])), [0.6, 0.8])
    np.testing.assert_allclose(middle(one[None], np.array([0.1])), one)
    assert np.isnan(middle(np.stack([one, -one]), np.ones(2))).all()
    assert np.isnan(middle(np.empty((0, 3)), np.empty(0))).all()
