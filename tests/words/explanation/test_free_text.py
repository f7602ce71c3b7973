"""What free text says, and whether the reading supports it, by hand."""

import random

import pytest

from facsight.words.explanation.free_text import check_text
from facsight.words.explanation.writing import explain_in_words, to_text
from facsight.words.sentences import languages
from planted_measured import SURE, TORN, any_measured


def told(text, measured=SURE, language="en"):
    return {(one.kind, one.said): one.supported for one in check_text(text, measured, language)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AU12 stands out (31 %).", {("unit", "AU 12"): True, ("number", "31"): True}),
        ("AU12 stands out (35 %).", {("unit", "AU 12"): True, ("number", "35"): False}),
        ("AUs 6 and 12 are there.", {("unit", "AU 6"): True, ("unit", "AU 12"): True}),
        ("Action units 4 + 12 show.", {("unit", "AU 4"): False, ("unit", "AU 12"): True}),
        ("The lip corner puller acts.", {("unit", "AU 12"): True}),
        ("The lip corners are pulled up (AU 6).", {("unit", "AU 12"): True, ("unit", "AU 6"): False}),
        ("AU12 (cheek raiser) acts.", {("unit", "AU 12"): False, ("unit", "AU 6"): True}),
        ("AU6 (cheek raiser) acts.", {("unit", "AU 6"): True}),
        ("1. AU 12, 0.31\n2) **AU 6**, 15%", {("unit", "AU 12"): True, ("number", "0.31"): True,
                                            ("unit", "AU 6"): True, ("number", "15"): True}),
        ("- **Conclusion:** happiness", {("expression", "happiness"): True}),
        ("The brows are lowered.", {("unit", "AU 4"): False}),
        ("AUs 6 and 12 have 15 % and 31 %.", {("unit", "AU 6"): True, ("unit", "AU 12"): True,
                                             ("number", "15"): True, ("number", "31"): True}),
        ("AUs 6 and 12 have 31 % and 15 %.", {("unit", "AU 6"): True, ("unit", "AU 12"): True,
                                             ("number", "31"): False, ("number", "15"): True}),
        ("AU 12 shows strongly.", {("unit", "AU 12"): True, ("strength", "strongly"): False}),
        ("It looks proud.", {("expression", "pride"): False}),
        ("AU 25 is looked at.", {("unit", "AU 25"): False}),  # 4 % is not worth naming
        ("There is no AU 12.", {("unit", "AU 12"): False}),
        ("AU 12C was scored.", {("unit", "AU 12C"): False}),
        ("It looks like happiness (93 %).", {("expression", "happiness"): True, ("number", "93"): True}),
        ("It looks like happiness, 0.93.", {("expression", "happiness"): True, ("number", "0.93"): True}),
        ("It looks joyful.", {("expression", "happiness"): True}),
        ("It looks angry.", {("expression", "anger"): False}),
        ("It does not look happy.", {("expression", "happiness"): False}),
        ("Surprise has 5 %.", {("expression", "surprise"): True, ("number", "5"): True}),
        ("Surprise has 50 %.", {("expression", "surprise"): False, ("number", "50"): False}),
        ("It is no surprise.", {("expression", "surprise"): True}),
        ("With 100 % probability it is a smile.", {("number", "100"): False, ("unit", "AU 12"): True}),
        ("The left lip corners are pulled up.", {("unit", "AU 12"): True, ("side", "left"): False}),
        ("The head is turned 12° to the right.", {("number", "12"): True, ("side", "right"): True}),
        ("The head is turned 12° to the left.", {("number", "12"): True, ("side", "left"): False}),
        ("The head is not turned to the right.", {("side", "right"): False}),
        ("Strong attention goes to AU 12.", {("strength", "Strong"): True, ("unit", "AU 12"): True}),
        ("Weak attention goes to AU 12.", {("strength", "Weak"): False, ("unit", "AU 12"): True}),
        ("50 % of the attention lies elsewhere.", {("number", "50"): True}),
        ("40 % of the attention lies elsewhere.", {("number", "40"): False}),
        ("She feels happy.", {("felt", "feels"): False, ("expression", "happiness"): True}),
        ("No wonder: it looks joyful.", {("expression", "happiness"): True, ("unknown", "No"): None}),
        ("A smile (AU 12).", {("unit", "AU 12"): True}),
        ("The weather is nice.", {("unknown", "The weather is nice."): None}),
    ],
)  # fmt: skip
def test_by_hand(text, expected):
    assert told(text) == expected


def test_a_network_of_units_has_the_last_word():
    assert told("The lip corners are pulled up.", TORN) == {("unit", "AU 12"): True}
    assert told("The brows are lowered.", TORN) == {("unit", "AU 4"): False}
    assert told("The brows are not lowered.", TORN) == {("unit", "AU 4"): True}


def test_german_by_hand():
    assert told("Die Mundwinkel sind hochgezogen, das Gesicht zeigt Freude (93 %).", language="de") == {
        ("unit", "AU 12"): True,
        ("expression", "happiness"): True,
        ("number", "93"): True,
    }
    assert told("Kein Ärger, aber Wut.", language="de") == {("expression", "anger"): False}


@pytest.mark.parametrize("language", languages())
def test_our_own_texts_are_supported_throughout(language):
    draw = random.Random(language)
    for _ in range(60):
        known = any_measured(draw)
        for style in ("chain", "short"):
            text = to_text(explain_in_words(known, style, language))
            assert [one for one in check_text(text, known, language) if one.supported is not True] == []


def test_sentences_of_the_templates_are_judged_strictly():
    (one,) = check_text("The face looks rather like happiness: calibrated probability 93 %.", SURE)
    assert (one.kind, one.supported) == ("clause", False)
    assert "calls 0.93 'likely'" in one.reason


@pytest.mark.parametrize("text", ["", "\n\n", "<b>AU</b>\x07", "AU", "AU 0 AU 99", "%" * 500, "1" * 400])
def test_odd_texts_end_nothing(text):
    assert all(one.supported is not True for one in check_text(text, SURE))
