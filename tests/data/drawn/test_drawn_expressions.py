import pytest
import torch

from facsight.core.errors import BadCodebook
from facsight.core.labels import EXPRESSIONS, FERPLUS
from facsight.data.drawn import ACTION_UNITS, PROTOTYPES, Conditions
from facsight.data.drawn.expressions import CLASHES, draw_intensities, probabilities

CALM = Conditions(weakest=0.4, distractors=0.0)


def column(unit):
    return ACTION_UNITS.index(unit)


def draw(recipe, classes, count, generator, conditions=CALM):
    label = torch.arange(count) % len(classes)
    return label, draw_intensities(label, probabilities(recipe, classes), conditions, generator)


def test_table_follows_the_recipe_by_name_and_number():
    table = probabilities({"b": {12: 1.0, 1: 0.25}}, ("a", "b"))
    assert table[0].sum() == 0
    assert (table[1, column(12)], table[1, column(1)], table.sum()) == (1.0, 0.25, 1.25)


def test_units_appear_as_often_as_asked(generator):
    _, intensities = draw({"a": {12: 1.0, 6: 0.7, 1: 0.1}}, ("a",), 20_000, generator)
    share = (intensities > 0).float().mean(dim=0)
    # four standard errors of a share of 20,000 are below 0.014
    assert share[column(12)] == 1
    assert share[column(6)].item() == pytest.approx(0.7, abs=0.014)
    assert share[column(1)].item() == pytest.approx(0.1, abs=0.014)
    assert share.sum().item() == pytest.approx(1.8, abs=0.02)


def test_every_face_of_a_class_shows_something_of_it(generator):
    _, intensities = draw({"a": {1: 0.05, 4: 0.1}}, ("a",), 2000, generator)
    assert ((intensities > 0).sum(dim=1) >= 1).all()
    assert (intensities[:, column(4)] > 0).float().mean() > 0.9


def test_a_class_without_entry_shows_nothing(generator):
    label, intensities = draw(PROTOTYPES, EXPRESSIONS, 800, generator)
    assert intensities[label == FERPLUS.index("neutral")].max() == 0


def test_strengths_lie_between_the_weakest_and_one_and_go_together(generator):
    _, intensities = draw({"a": {6: 1.0, 12: 1.0}}, ("a",), 5000, generator)
    shown = intensities[:, [column(6), column(12)]]
    assert shown.min() >= 0.4
    assert shown.max() <= 1
    assert torch.corrcoef(shown.T)[0, 1] > 0.5


def test_distractors_are_weak_strangers_and_as_frequent_as_asked(generator):
    conditions = Conditions(weakest=0.5, distractors=0.2)
    _, intensities = draw({"a": {12: 1.0}}, ("a",), 20_000, generator, conditions)
    assert intensities[:, column(12)].min() >= 0.5
    strangers = intensities[:, [column(unit) for unit in (1, 2, 4, 9)]]
    assert strangers.max() < 0.3
    assert (strangers > 0).float().mean().item() == pytest.approx(0.2, abs=0.007)


def test_clashing_units_never_meet_and_either_may_win(generator):
    recipe = {"a": {unit: 1.0 for pair in CLASHES for unit in pair}}
    _, intensities = draw(recipe, ("a",), 500, generator, Conditions(distractors=0.5))
    for one, other in CLASHES:
        assert ((intensities[:, column(one)] > 0) & (intensities[:, column(other)] > 0)).sum() == 0
    for unit in (5, 43, 26, 27, 24):
        assert (intensities[:, column(unit)] > 0).any()


def test_a_distractor_never_drives_out_a_shown_unit(generator):
    _, intensities = draw({"a": {26: 1.0}}, ("a",), 500, generator, Conditions(weakest=0.5, distractors=1.0))
    assert intensities[:, column(26)].min() >= 0.5
    assert intensities[:, column(27)].max() == 0


def test_builtin_recipe_names_every_expression_and_draws_only_known_units():
    assert set(PROTOTYPES) == set(EXPRESSIONS)
    assert (probabilities(PROTOTYPES, EXPRESSIONS).max(dim=1).values[1:] > 0.5).all()


def test_unknown_units_and_probabilities_are_refused():
    with pytest.raises(BadCodebook, match="AU 99 of 'a' is not drawn"):
        probabilities({"a": {99: 1.0}}, ("a",))
    with pytest.raises(BadCodebook, match=r"0 to 1, found 1\.5"):
        probabilities({"a": {12: 1.5}}, ("a",))
