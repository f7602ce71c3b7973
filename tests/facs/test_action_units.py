"""The table of action units against counts and names known from FACS."""

import pytest

from facsight.facs.action_units import ACTION_UNITS
from facsight.facs.codebook import codebook_names, load_codebook


def test_the_numbers_are_those_of_facs():
    # 3 exists in infants' FACS only; 40, 47 to 50, 59 and 60 are no single actions or positions
    facs = {*range(1, 40), *range(41, 47), *range(51, 59), *range(61, 67)} - {3}
    assert set(ACTION_UNITS) == facs
    assert len(ACTION_UNITS) == 27 + 11 + 6 + 8 + 6
    assert list(ACTION_UNITS) == sorted(ACTION_UNITS)


def test_every_unit_is_filed_under_its_own_number_and_has_its_own_name():
    assert all(number == unit.number for number, unit in ACTION_UNITS.items())
    assert len({unit.name for unit in ACTION_UNITS.values()}) == len(ACTION_UNITS)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "Inner Brow Raiser"),
        (2, "Outer Brow Raiser"),
        (4, "Brow Lowerer"),
        (5, "Upper Lid Raiser"),
        (7, "Lid Tightener"),
        (9, "Nose Wrinkler"),
        (10, "Upper Lip Raiser"),
        (11, "Nasolabial Furrow Deepener"),
        (12, "Lip Corner Puller"),
        (14, "Dimpler"),
        (15, "Lip Corner Depressor"),
        (16, "Lower Lip Depressor"),
        (17, "Chin Raiser"),
        (18, "Lip Pucker"),
        (20, "Lip Stretcher"),
        (22, "Lip Funneler"),
        (23, "Lip Tightener"),
        (25, "Lips Part"),
        (26, "Jaw Drop"),
        (27, "Mouth Stretch"),
        (28, "Lips Suck"),
        (43, "Eyes Closed"),
        (45, "Blink"),
        (46, "Wink"),
    ],
)
def test_names(number, name):
    assert ACTION_UNITS[number].name == name


@pytest.mark.parametrize(
    ("number", "muscle"),
    [
        (1, "frontalis (pars medialis)"),
        (2, "frontalis (pars lateralis)"),
        (4, "corrugator supercilii"),
        (5, "levator palpebrae superioris"),
        (6, "orbicularis oculi (pars orbitalis)"),
        (9, "levator labii superioris alaeque nasi"),
        (10, "levator labii superioris (caput infraorbitalis)"),
        (11, "zygomaticus minor"),
        (12, "zygomaticus major"),
        (14, "buccinator"),
        (15, "depressor anguli oris"),
        (16, "depressor labii inferioris"),
        (17, "mentalis"),
        (20, "risorius"),
        (23, "orbicularis oris"),
        (31, "masseter"),
    ],
)
def test_muscles(number, muscle):
    assert muscle in ACTION_UNITS[number].muscles


def test_positions_have_no_muscle_and_actions_have_one():
    for number, unit in ACTION_UNITS.items():
        assert bool(unit.muscles) == (number < 50), unit


def test_sides():
    # contempt scores one side of a pair; lips and chin have no side; a wink is one eye by definition
    assert all(ACTION_UNITS[number].sides == "paired" for number in (1, 2, 4, 6, 9, 10, 12, 14, 15, 20))
    assert all(ACTION_UNITS[number].sides == "midline" for number in (17, 18, 22, 23, 24, 25, 26, 27, 28))
    assert ACTION_UNITS[46].sides == "one side"


@pytest.mark.parametrize("name", codebook_names())
def test_every_codebook_speaks_of_known_units(name):
    assert set(load_codebook(name).action_units) <= set(ACTION_UNITS)


def test_a_unit_reads_as_a_person_would_write_it():
    assert str(ACTION_UNITS[12]) == "AU12 (Lip Corner Puller)"
