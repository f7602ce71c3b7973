"""Overlap of explanations: hand values, special cases, a slow loop, symmetry."""

import random
from math import isnan

import pytest

from facsight.core.errors import BadLabels
from facsight.metrics.explanations import ExplanationOverlap, Mentions


def units(*numbers):
    return Mentions(units=frozenset(numbers))


def score(*pairs):
    overlap = ExplanationOverlap()
    for said, reference in pairs:
        overlap.update(said, reference)
    return overlap.compute()


def test_by_hand():
    # 2 of 3, 2 of 4; then 0 of 1, 0 of 2: precision 2/4, recall 2/6, F1 4/10; own F1s 4/7 and 0
    told = score((units(6, 12, 4), units(6, 12, 25, 26)), (units(1), units(2, 5))).units
    assert (told.said, told.reference, told.shared) == (4, 6, 2)
    assert told.precision == pytest.approx(1 / 2)
    assert told.recall == pytest.approx(1 / 3)
    assert told.f1 == pytest.approx(2 / 5)
    assert told.mean_f1 == pytest.approx(2 / 7)


def test_kinds_are_apart():
    said = Mentions(frozenset({12}), frozenset({"lips", "brows"}), frozenset({"happiness"}))
    reference = Mentions(frozenset({12}), frozenset({"lips"}), frozenset({"anger"}))
    told = score((said, reference))
    assert (told.units.f1, told.clues.precision, told.clues.recall, told.labels.f1) == (1.0, 0.5, 1.0, 0.0)
    assert told.texts == 1


def test_nothing_named():
    told = score((units(), units())).units
    assert all(isnan(value) for value in (told.precision, told.recall, told.f1, told.mean_f1))
    said_only, reference_only = score((units(1), units())).units, score((units(), units(1))).units
    assert (said_only.precision, said_only.f1) == (0.0, 0.0)
    assert isnan(said_only.recall)
    assert isnan(reference_only.precision)
    # a text that names nothing, as its reference, changes no mean
    assert score((units(1), units(1)), (units(), units())).units.mean_f1 == 1.0
    assert score().texts == 0


def test_a_slow_loop_and_symmetry():
    draw = random.Random(0)
    pairs = [tuple(units(*(n for n in range(8) if draw.random() < 0.4)) for _ in range(2)) for _ in range(50)]
    both = [(n, n in a.units, n in b.units) for a, b in pairs for n in range(8)]
    hits = sum(x and y for _, x, y in both)
    misses, extras = sum(y and not x for _, x, y in both), sum(x and not y for _, x, y in both)
    told = score(*pairs).units
    assert told.precision == pytest.approx(hits / (hits + extras))
    assert told.recall == pytest.approx(hits / (hits + misses))
    assert told.f1 == pytest.approx(2 * told.precision * told.recall / (told.precision + told.recall))
    turned = score(*((b, a) for a, b in pairs)).units
    assert (turned.precision, turned.recall, turned.f1) == (told.recall, told.precision, told.f1)


@pytest.mark.usefixtures("unchecked")
def test_a_text_is_no_set():
    with pytest.raises(BadLabels, match="expected clues one by one"):
        score((Mentions(clues="brows"), Mentions()))  # pyright: ignore
