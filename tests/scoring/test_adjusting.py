"""The best threshold, bias and scale against trying all of them with scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from facsight.core.errors import BadProtocol
from facsight.core.labels import label_space
from facsight.data.protocol import Part
from facsight.functional.agreement import concordance, pearson
from facsight.scoring.adjusting import (
    BIASES,
    THRESHOLDS,
    ClassBias,
    Fit,
    Rows,
    Unadjusted,
    UnitThresholds,
    ValueScale,
    adjusted,
    in_range,
    sure_gain,
)
from facsight.scoring.steps import Step

UNITS, CLASSES, VALUES = (
    label_space("affwild2_au12"),
    label_space("affwild2_expr8"),
    label_space("affwild2_va"),
)
VALENCE = label_space("affwild2_va").__class__("valence", ("valence",), kind="values", low=-1.0, high=1.0)
EVERY = np.ones(6, bool)


def rows(space, numbers, truth, *scores):
    parts = tuple(Part(space.name, name, weight) for name, weight in scores)
    cluster = np.arange(len(truth)) % 6
    return Rows(space, parts, numbers.astype(np.float32), truth, cluster, 6)


def unit_rows(seed=0, n=300, scores=(("unit_f1", 1.0),)):
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, 12)) < np.linspace(0.05, 0.6, 12)).astype(np.float32)
    numbers = 1 / (1 + np.exp(-(rng.normal(size=truth.shape) + 1.5 * truth - 1.5)))
    return rows(UNITS, numbers, truth, *scores)


def class_rows(seed=0, n=300, scores=(("macro_f1", 1.0),)):
    rng = np.random.default_rng(seed)
    truth = rng.choice(8, n, p=[0.4, 0.05, 0.05, 0.05, 0.2, 0.1, 0.1, 0.05])
    scores_of = rng.normal(size=(n, 8)) + 1.5 * np.eye(8)[truth] + np.eye(8)[0]
    shares = np.exp(scores_of) / np.exp(scores_of).sum(axis=1, keepdims=True)
    return rows(CLASSES, shares, truth[:, None], *scores)


def value_rows(seed=0, n=200, score="ccc", flip=1):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.1, 0.3, (n, 1)).clip(-1, 1)
    numbers = 0.4 * flip * truth + 0.2 + rng.normal(0, 0.05, truth.shape)
    return rows(VALENCE, numbers, truth, (score, 0.5))


def part_of(own, chosen):
    """The rows of some clusters alone, as if there were no others."""
    kept = chosen[own.cluster]
    cluster = np.unique(own.cluster[kept], return_inverse=True)[1]
    return Rows(own.space, own.parts, own.numbers[kept], own.truth[kept], cluster, int(chosen.sum()))


@pytest.mark.parametrize("scores", [(("unit_f1", 1.0),), (("unit_f1", 0.5), ("unit_accuracy", 0.5))])
def test_thresholds_are_the_best_of_all(scores):
    own = unit_rows(scores=scores)
    weights = dict(scores)
    found = UnitThresholds(own).fit(EVERY)
    of, best = found.steps[0].flat, []
    for k, name in enumerate(UNITS.columns):
        truth, tried = own.truth[:, k], []
        for limit in THRESHOLDS:
            shown = own.numbers[:, k] >= np.float32(limit)
            f1 = f1_score(truth, shown, zero_division=0)
            tried.append(
                f1 * weights["unit_f1"] + weights.get("unit_accuracy", 0) * accuracy_score(truth, shown)
            )
        best.append(max(tried))
        assert tried[THRESHOLDS.index(of.get(name, 0.5))] == pytest.approx(max(tried))
    assert found.score == pytest.approx(np.mean(best))


def test_of_thresholds_as_good_the_nearest_to_a_half():
    numbers, truth = np.tile([[0.2], [0.9]], (3, 12)), np.tile([[0.0], [1.0]], (3, 12))
    assert UnitThresholds(rows(UNITS, numbers, truth, ("unit_f1", 1.0))).fit(EVERY).steps == ()
    numbers = np.tile([[0.02], [0.2]], (3, 12))
    [step] = UnitThresholds(rows(UNITS, numbers, truth, ("unit_f1", 1.0))).fit(EVERY).steps
    assert set(step.flat.values()) == {0.2}


@pytest.mark.parametrize("place", [0, 3])
def test_one_pass_gives_the_score_of_every_bias(place):
    own = class_rows(scores=(("macro_f1", 0.67), ("accuracy", 0.33)))
    start = np.array([0.5, 0, 0, -0.5, 0, 0.25, 0, 0])
    fitter = ClassBias(own)
    found = fitter._scores(fitter.logs, own.truth[:, 0], start, place)
    for one, score in zip(BIASES, found, strict=True):
        moved = np.where(np.arange(8) == place, one, start)
        said = (fitter.logs + moved).argmax(axis=1)
        f1 = f1_score(own.truth[:, 0], said, average="macro", labels=range(8), zero_division=0)
        assert score == pytest.approx(0.67 * f1 + 0.33 * accuracy_score(own.truth[:, 0], said))


def test_the_bias_scores_what_it_promises_and_undoes_a_planted_one():
    own = class_rows(n=4000)
    found = ClassBias(own).fit(EVERY)
    said = adjusted(own.numbers, CLASSES, found.steps[0]).argmax(axis=1)
    f1 = f1_score(own.truth[:, 0], said, average="macro", labels=range(8), zero_division=0)
    assert found.score == pytest.approx(f1)
    assert found.score > Unadjusted(own).fit(EVERY).score + 0.02
    assert found.steps[0].flat["neutral"] == min(found.steps[0].flat.values()) < 0


def test_a_scale_makes_the_concordance_the_correlation():
    own = value_rows()
    found = ValueScale(own).fit(EVERY)
    moved = own.numbers[:, 0].astype(np.float64) * found.steps[0].flat["valence"][0]
    moved += found.steps[0].flat["valence"][1]
    truth = own.truth[:, 0]
    ours, wanted = (f(*map(np_tensor, (moved, truth))) for f in (concordance, pearson))
    assert float(ours) == pytest.approx(float(wanted), abs=1e-5)
    assert found.score == pytest.approx(0.5 * float(ours), abs=1e-5)
    assert found.score > Unadjusted(own).fit(EVERY).score


def np_tensor(values):
    import torch

    return torch.from_numpy(np.asarray(values, np.float64))


def test_no_scale_where_it_cannot_help():
    assert ValueScale(value_rows(flip=-1)).fit(EVERY).steps == ()
    assert ValueScale(value_rows(score="pearson")).fit(EVERY).steps == ()
    flat = rows(VALENCE, np.full((6, 1), 0.2), np.linspace(-1, 1, 6)[:, None], ("ccc", 1.0))
    assert ValueScale(flat).fit(EVERY).steps == ()


def test_errors_are_not_made_larger():
    with pytest.raises(BadProtocol, match="scores that rise"):
        ValueScale(value_rows(score="mae"))


@pytest.mark.parametrize(
    ("fitter", "made"),
    [
        (UnitThresholds, unit_rows),
        (ClassBias, class_rows),
        (ValueScale, value_rows),
        (Unadjusted, unit_rows),
        (Unadjusted, class_rows),
        (Unadjusted, value_rows),
    ],
)
def test_only_the_chosen_clusters_are_looked_at(fitter, made):
    own, chosen = made(seed=3), np.array([True, False, True, True, False, True])
    found, alone = fitter(own).fit(chosen), fitter(part_of(own, chosen)).fit(np.ones(4, bool))
    assert found.steps == alone.steps
    assert found.score == pytest.approx(alone.score, abs=1e-9)


@pytest.mark.parametrize(
    ("fitter", "made"),
    [
        (UnitThresholds, unit_rows),
        (ClassBias, class_rows),
        (ValueScale, value_rows),
        (Unadjusted, unit_rows),
        (Unadjusted, class_rows),
        (Unadjusted, value_rows),
    ],
)
def test_each_cluster_is_left_out_while_the_adjustment_stays(fitter, made):
    own = made(seed=4)
    found = fitter(own).fit(EVERY)
    numbers = own.numbers
    for step in found.steps:
        numbers = adjusted(numbers, own.space, step)
    after = Unadjusted(replace(own, numbers=numbers))
    assert after.fit(EVERY).score == pytest.approx(found.score, abs=1e-6)
    wanted = [after.fit(np.arange(6) != k).score for k in range(6)]
    np.testing.assert_allclose(found.without, wanted, atol=1e-6)


def test_a_gain_is_sure_beyond_its_standard_error():
    """Left-out gains of .1, .2 and .3: the jackknife's error is the root of 2/3 x .02, .1155."""
    nothing = Fit((), 0.5, np.array([0.5, 0.4, 0.6]))
    left = np.array([0.6, 0.6, 0.9])
    assert sure_gain(Fit((), 0.616, left), nothing)
    assert not sure_gain(Fit((), 0.615, left), nothing)
    assert not sure_gain(nothing, nothing)
    assert not sure_gain(Fit((), 0.9, np.array([np.nan, 0.6, 0.9])), nothing)
    assert not sure_gain(Fit((), 0.9, left[:1]), Fit((), 0.5, left[:1]))


class TestAdjusted:
    def test_what_is_not_known_stays_so(self):
        numbers = np.array([[0.4, np.nan], [np.nan, 0.9]], np.float32)
        pair = UNITS.__class__("two", ("AU01", "AU02"), kind="units")
        found = adjusted(numbers, pair, Step("threshold", {"of": {"AU01": 0.3, "AU02": 0.95}}))
        np.testing.assert_array_equal(found, [[1, np.nan], [np.nan, 0]])
        found = adjusted(numbers, VALUES, Step("scale", {"of": {"valence": [0.5, 0.1]}}))
        np.testing.assert_allclose(found, [[0.3, np.nan], [np.nan, 0.9]], atol=1e-6)

    def test_probabilities_of_nothing_are_all_alike(self):
        found = in_range(np.array([[0.0] * 8, [-1.0, *[1.0] * 7], [np.nan] * 8], np.float32), CLASSES)
        np.testing.assert_allclose(found[0], 1 / 8)
        np.testing.assert_allclose(found[1], [0, *[1 / 7] * 7], atol=1e-6)
        assert np.isnan(found[2]).all()
