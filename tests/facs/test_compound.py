"""Pair rules against exact arithmetic and a slow loop; the fit of action units against codebooks."""

from decimal import Decimal
from fractions import Fraction
from math import isnan, sqrt

import numpy as np
import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.core.labels import label_space
from facsight.data.drawn import paint, studio
from facsight.facs.au_maps import render_au_maps
from facsight.facs.codebook import COMPOUND_EXPRESSIONS, load_codebook
from facsight.facs.compound import (
    RULES,
    WHY,
    attention_fit,
    compound_parts,
    decide_pair,
    pair_scores,
    pair_weights,
    unit_fit,
)

#: The order of the released code, and the pairs of the challenge in the order of its submissions.
SEVEN = ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise")
CEXPR = label_space("cexpr7").classes
PAIRS = [(3, 6), (4, 6), (5, 6), (2, 6), (1, 6), (5, 3), (5, 1)]
WEIGHTS = {1: 5, 2: 6, 3: 5, 4: 6, 5: 4, 6: 2}


def slow(p, mask, weighted):
    """One face, pair by pair, as the rules are stated."""
    scores = []
    for one, other in PAIRS:
        a, b = (0 if mask and p[place] <= Fraction(1, 7) else p[place] for place in (one, other))
        share = Fraction(WEIGHTS[one], WEIGHTS[one] + WEIGHTS[other])
        scores.append(a * share + b * (1 - share) if weighted else a + b)
    return scores


def test_the_pairs_are_those_of_the_published_rules():
    assert [compound_parts(name) for name in CEXPR] == [
        tuple(SEVEN[place] for place in pair) for pair in PAIRS
    ]
    assert pair_weights() == {SEVEN[place]: weight for place, weight in WEIGHTS.items()}


def test_published_fusion_and_rules_by_hand():
    """Three models, fused by the published weights of each class, then the two rules, in decimals."""
    fused = {
        "fear": Decimal("0.93791526") * Decimal("0.5"),
        "happiness": Decimal("0.89679865") * Decimal("0.6"),
        "sadness": Decimal("0.48672896") * Decimal("0.2"),
        "surprise": Decimal("0.63040305") * Decimal("0.4")
        + Decimal("0.22089692") * Decimal("0.5")
        + Decimal("0.14870002") * Decimal("0.8"),
    }
    assert fused["surprise"] == Decimal("0.481569696")
    values = np.array([float(fused.get(name, 0)) for name in SEVEN])
    masked = dict(zip(CEXPR, pair_scores(values, SEVEN, CEXPR, "masked_sum"), strict=True))
    # sadness, 0.097, lies below 1/7
    assert masked["sadly surprised"] == pytest.approx(0.481569696, abs=1e-12)
    assert masked["happily surprised"] == pytest.approx(0.53807919 + 0.481569696, abs=1e-12)
    assert masked["fearfully surprised"] == pytest.approx(0.46895763 + 0.481569696, abs=1e-12)
    assert max(masked, key=masked.__getitem__) == "happily surprised"
    weighted = dict(zip(CEXPR, pair_scores(values, SEVEN, CEXPR, "weighted_sum"), strict=True))
    assert weighted["happily surprised"] == pytest.approx(0.53807919 * 0.75 + 0.481569696 * 0.25, abs=1e-12)
    assert weighted["sadly fearful"] == pytest.approx((0.097345792 * 4 + 0.46895763 * 5) / 9, abs=1e-12)


def test_at_the_uniform_spread_nothing_is_above_it():
    even = np.full(7, 1 / 7)
    assert pair_scores(even, SEVEN, CEXPR, "masked_sum").tolist() == [0.0] * 7
    assert pair_scores(even, SEVEN, CEXPR, "weighted_sum") == pytest.approx([1 / 7] * 7, abs=1e-15)
    # the published decision: the first of equals
    assert int(pair_scores(even, SEVEN, CEXPR).argmax()) == 0


@pytest.mark.parametrize(
    ("rule", "mask", "weighted"), [("masked_sum", 1, 0), ("weighted_sum", 0, 1), ("sum", 0, 0)]
)
def test_rules_against_a_slow_loop(rule, mask, weighted):
    generator = np.random.default_rng(3)
    counts = generator.integers(0, 40, (200, 7)) + np.eye(7, dtype=int)[0]
    exact = [[Fraction(int(n), int(row.sum())) for n in row] for row in counts]
    expected = np.array([[float(s) for s in slow(p, mask, weighted)] for p in exact])
    found = pair_scores(counts / counts.sum(axis=1, keepdims=True), SEVEN, CEXPR, rule)
    assert np.abs(found - expected).max() < 1e-12


def test_the_order_of_classes_does_not_matter_and_means_are_ordered():
    generator = np.random.default_rng(4)
    p, order = generator.dirichlet(np.ones(7), 50), generator.permutation(7)
    for rule in RULES:
        turned = pair_scores(p[:, order], [SEVEN[k] for k in order], CEXPR, rule)
        assert turned == pytest.approx(pair_scores(p, SEVEN, CEXPR, rule), abs=1e-15)
    harmonic, geometric, double = (pair_scores(p, SEVEN, CEXPR, r) for r in ("harmonic", "geometric", "sum"))
    assert (harmonic <= geometric + 1e-15).all()
    assert (geometric <= double / 2 + 1e-15).all()
    assert pair_scores(np.eye(7)[0], SEVEN, CEXPR, "harmonic").tolist() == [0.0] * 7


def test_wrong_use_of_the_rules_is_told(unchecked):
    with pytest.raises(BadLabels, match="fear, which is not among"):
        pair_scores(np.ones(2) / 2, ["happiness", "surprise"], ["fearfully surprised"])
    with pytest.raises(BadLabels, match="did you mean 'masked_sum'"):
        pair_scores(np.ones(7) / 7, SEVEN, CEXPR, "masked sum")  # pyright: ignore
    with pytest.raises(BadLabels, match="each of 7 classes, found 6"):
        pair_scores(np.ones(6) / 6, SEVEN, CEXPR)
    with pytest.raises(BadLabels, match="did you mean 'happily sad'"):
        compound_parts("happily mad")
    with pytest.raises(BadLabels, match="not made of two"):
        compound_parts("awed")


def reading(**shares):
    return {name: shares.get(name, 0.0) for name in SEVEN}


def test_when_a_compound_is_said():
    told = decide_pair(reading(happiness=0.3, surprise=0.4, neutral=0.3), CEXPR)
    assert (told.compound, told.why) == ("happily surprised", "pair")
    assert told.parts == ("surprise", "happiness")
    assert told.probabilities == (0.4, 0.3)
    assert told.score == pytest.approx(0.7, abs=1e-15)
    assert told.runner_up is None
    told = decide_pair(reading(happiness=0.3, surprise=0.4, fear=0.2), CEXPR)
    assert (told.compound, told.runner_up) == ("happily surprised", "fearfully surprised")
    assert told.runner_up_score == pytest.approx(0.6, abs=1e-15)


def test_when_nothing_compound_can_be_said():
    single = decide_pair(reading(happiness=0.9, surprise=0.1), CEXPR)
    assert (single.compound, single.why, single.score) == (None, "single", None)
    assert single.parts == ("happiness", "surprise")
    no_pair = decide_pair(reading(happiness=0.5, anger=0.5), CEXPR)
    assert (no_pair.compound, no_pair.why) == (None, "no_pair")
    resting = decide_pair(reading(neutral=0.7, happiness=0.15, surprise=0.15), CEXPR)
    assert (resting.compound, resting.why) == (None, "outweighed")
    unknown = decide_pair(reading(neutral=float("nan")), CEXPR)
    assert (unknown.compound, unknown.why) == (None, "not_known")
    assert {told.why for told in (single, no_pair, resting, unknown)} | {"pair"} == set(WHY)


def test_what_is_said_is_the_largest_masked_sum():
    generator = np.random.default_rng(5)
    for p in generator.dirichlet(np.full(7, 0.7), 300):
        told = decide_pair(dict(zip(SEVEN, p.tolist(), strict=True)), CEXPR)
        scores = pair_scores(p, SEVEN, CEXPR)
        if told.compound is not None:
            assert told.compound == CEXPR[int(scores.argmax())]
            assert told.score == pytest.approx(scores.max(), abs=1e-12)


def test_fit_by_hand_and_the_best_fit_of_each_prototype_is_itself():
    book = load_codebook("emotionet")
    # AU12 and AU25 in full, AU6 by half: the smile's cosine with {1, 2, 12, 25} is 2 / (2 * 1.5)
    fit = unit_fit(np.array([0, 0, 0.5, 1, 1.0]), [1, 2, 6, 12, 25], ["happily surprised"], book)
    assert fit.tolist() == pytest.approx([2 / (2 * sqrt(2.25))], abs=1e-12)
    units = book.action_units
    names = list(label_space("rafce14").classes)
    strengths = book.weights(names, units).numpy()
    found = unit_fit(strengths, units, names, book)
    assert found.diagonal() == pytest.approx(np.ones(14), abs=1e-12)
    assert found.argmax(axis=1).tolist() == list(range(14))


def test_fit_against_a_slow_loop():
    book, generator = load_codebook("du2014"), np.random.default_rng(6)
    units, names = [1, 2, 4, 5, 9, 10, 12, 15, 17, 20, 25], [*CEXPR, "appalled"]
    strengths = generator.uniform(0, 5, (20, len(units)))
    found = unit_fit(strengths, units, names, book)
    for x, row in zip(strengths.tolist(), found.tolist(), strict=True):
        for name, fit in zip(names, row, strict=True):
            w = [book.expressions[name].get(unit, 0.0) for unit in units]
            dot = sum(a * b for a, b in zip(w, x, strict=True))
            assert fit == pytest.approx(dot / sqrt(sum(a * a for a in w) * sum(b * b for b in x)), abs=1e-6)


def test_what_the_units_cannot_say_is_not_known():
    book = load_codebook("emotionet")
    assert isnan(unit_fit(np.zeros(2), [1, 2], ["awed"], book)[0])
    assert isnan(unit_fit(np.ones(1), [6], ["awed"], book)[0])


def test_attention_on_the_units_of_a_compound_fits_it_best():
    book, names = load_codebook("emotionet"), ["happily surprised", "sadly angry", "angrily disgusted"]
    landmarks = paint(studio(action_units={}), size=96)[1]
    wanted = {1, 2, 12, 25}
    units = render_au_maps(landmarks, (24, 24), extent=(96, 96), action_units=sorted(wanted))
    looked = units.maps.amax(dim=1)
    fit = attention_fit(looked, landmarks, 96, names, book)
    assert fit[0, 0] == pytest.approx(1.0, abs=1e-5)
    assert fit[0].argmax() == 0
    # Pearson's correlation over places, by hand, with a map of another compound
    other = render_au_maps(landmarks, (24, 24), extent=(96, 96), action_units=[4, 7, 15]).maps.amax(dim=1)
    by_hand = np.corrcoef(looked.flatten().numpy(), other.flatten().numpy())[0, 1]
    assert fit[0, 1] == pytest.approx(by_hand, abs=1e-5)


def test_attention_that_says_nothing_fits_nothing():
    book, landmarks = load_codebook("emotionet"), paint(studio(action_units={}), size=96)[1]
    assert attention_fit(torch.ones(1, 8, 8), landmarks, 96, ["sadly angry"], book).isnan().all()
    nowhere = torch.full((1, 68, 2), torch.nan)
    assert attention_fit(torch.rand(1, 8, 8), nowhere, 96, ["sadly angry"], book).isnan().all()


def test_the_books_cover_the_label_spaces_of_compounds():
    emotionet, du = (set(load_codebook(name).expressions) for name in ("emotionet", "du2014"))
    for space in ("rafdb_compound11", "rafce14", "cexpr7"):
        assert set(label_space(space).classes) <= emotionet
    assert set(label_space("rafce14").classes) - du == {"happily fearful", "happily sad"}
    named = set(COMPOUND_EXPRESSIONS) - {"appalled", "hatred", "awed"}
    assert all(len(set(compound_parts(name))) == 2 for name in named)
