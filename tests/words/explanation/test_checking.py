"""The checker passes what a reading bears out and nothing else, and shares nothing with the writer."""

import ast
import random
from dataclasses import replace
from pathlib import Path

import pytest

import facsight.words.explanation
from facsight.core.errors import BadRecipe
from facsight.words.explanation.checking import check_clauses, check_explanation
from facsight.words.explanation.clause import STYLES, Clause, ClauseCue
from facsight.words.explanation.felt import says_felt
from facsight.words.explanation.writing import explain_in_words
from facsight.words.sentences import languages
from mutated_explanations import mutations
from planted_measured import NEUTRAL, SURE, TORN, any_measured

HOME = Path(facsight.words.explanation.__file__).parent
CHECKER = ("checking", "free_text", "template_reading", "lexicon", "felt", "stated")
SPEAKS = "What speaks for sadness instead (probability 20 %)"
TORN_APART = "Evidence and decision disagree, so trust this reading less"
LOOKS = Clause(
    "The face looks clearly like happiness: calibrated probability 93 %.",
    (ClauseCue("probability", "happiness", 0.93),),
)
LIPS = Clause(
    "Strong attention (31 %) goes to the corners of the lips, where pulling them up shows (AU 12).",
    (ClauseCue("attention", "AU12", 0.312, "mouth corners"),),
)


def reasons(clause, measured=SURE, language="en"):
    return [fault.reason for fault in check_clauses([clause], measured, language)]


def said(clause, old, new):
    assert old in clause.sentence
    return replace(clause, sentence=clause.sentence.replace(old, new))


def test_true_clauses_pass():
    assert reasons(LOOKS) == []
    assert reasons(LIPS) == []


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        (said(LOOKS, "93", "92"), "says 92 % where the reading has 0.93"),
        (said(LOOKS, "93", "94"), "says 94 %"),
        (said(LOOKS, "clearly", "rather"), "calls 0.93 'likely', which is 'surely'"),
        (said(LOOKS, "happiness", "surprise"), "names 'surprise' where the reading says 'happiness'"),
        (said(LOOKS, "looks", "does not look"), "is no sentence of the templates"),
        (said(LOOKS, "looks", "never looks"), "is no sentence of the templates"),
        (said(LIPS, "(AU 12)", "(AU 6)"), "is no sentence of the templates"),
        (
            said(LIPS, LIPS.sentence[32:-1], "the chin, where raising it shows (AU 17)"),
            "does not have: attention of AU17",
        ),
        (said(LIPS, "Strong", "Clear"), "calls 0.312 'clearly', which is 'strongly'"),
        (said(LIPS, "shows (AU 12).", "shows (AU 12). The person feels joy."), "names what is felt: 'feels'"),
        (replace(LIPS, cues=()), "states no cue"),
        (replace(LIPS, cues=LOOKS.cues), "its sentence states [('attention', 'AU12')]"),
        (replace(LIPS, cues=(replace(LIPS.cues[0], value=0.3),)), "is 0.3 where the reading has 0.312"),
        (replace(LIPS, cues=(replace(LIPS.cues[0], region="chin"),)), "lies at 'chin', not 'mouth corners'"),
        (replace(LIPS, cues=(replace(LIPS.cues[0], time=1.0),)), "is of 1.0 s, the reading of None s"),
        (replace(LIPS, cues=(replace(LIPS.cues[0], name="AU99"),)), "a cue that the reading does not have"),
    ],
)  # fmt: skip
def test_each_kind_of_falsehood_is_named(clause, reason):
    assert any(reason in told for told in reasons(clause)), reasons(clause)


@pytest.mark.parametrize(
    ("sentence", "measured"),
    [
        ("The attention fits these places better than those of any other expression (agreement 0.31).", TORN),
        ("More of the attention (61 %) lies on the right half of the face, as the person has it.", SURE),
        ("Close behind comes surprise, with 5 %.", SURE),
        ("Evidence and decision agree.", TORN),
        ("Take care: the face has few pixels.", SURE),
        ("No movement belongs to happiness, so there are no places to compare the attention with.", SURE),
        ("The places that belong to happiness could not be found on this face.", SURE),
        ("The brows are lowered (AU 4), with a probability of 10 %.", TORN),
        (f"{SPEAKS} lies most on the brows (AU 4): 10 % of it.", NEUTRAL),
        (f"{TORN_APART}: the attention fits another expression better.", SURE),
    ],
)  # fmt: skip
def test_words_that_the_reading_does_not_bear_out(sentence, measured):
    assert reasons(Clause(sentence, (ClauseCue("probability", measured.label, 0.5),)), measured)


@pytest.mark.parametrize("language", languages())
def test_classes_that_no_language_has_a_word_for(language):
    known = replace(
        TORN,
        label="happily surprised",
        expression={"happily surprised": 0.6, "sadly angry": 0.4},
        cautions=(),
    )
    explanation = explain_in_words(known, "chain", language)
    assert "happily surprised" in explanation.parts["conclusion"][0].sentence
    assert check_explanation(explanation, known) == []
    looks = explanation.parts["conclusion"][0]
    assert check_clauses([said(looks, "happily surprised", "sadly angry")], known, language)


def test_a_certainty_is_never_rounded_to():
    almost = replace(SURE, expression={"happiness": 0.9996, "surprise": 0.0004})
    cues = (ClauseCue("probability", "happiness", 0.9996),)
    looks = "The face looks clearly like happiness: calibrated probability {} %."
    assert reasons(Clause(looks.format(99), cues), almost) == []
    assert reasons(Clause(looks.format(100), cues), almost)


@pytest.mark.parametrize("language", languages())
def test_every_clause_of_any_reading_passes(language):
    draw = random.Random(language)
    for _ in range(100):
        known = any_measured(draw)
        for style in STYLES:
            assert check_explanation(explain_in_words(known, style, language), known) == []


@pytest.mark.parametrize("language", languages())
def test_every_mutated_clause_is_rejected(language):
    draw = random.Random(language)
    tried = 0
    for known in [SURE, TORN, NEUTRAL, *(any_measured(draw) for _ in range(25))]:
        for clause in explain_in_words(known, "chain", language).clauses:
            for what, changed in mutations(clause, known, draw, language):
                tried += 1
                assert check_clauses([changed], known, language), (what, changed.sentence)
    assert tried > 3000


@pytest.mark.parametrize("language", languages())
def test_a_clause_of_another_reading_is_rejected(language):
    for clause in explain_in_words(SURE, "chain", language).clauses:
        assert check_clauses([clause], NEUTRAL, language)


def test_another_note_is_a_fault():
    explanation = replace(explain_in_words(SURE), note="The person was truly happy.")
    (fault,) = check_explanation(explanation, SURE)
    assert "note" in fault.reason


def test_unknown_languages_are_refused():
    with pytest.raises(BadRecipe, match="no explanations in 'fr'"):
        check_clauses([LOOKS], SURE, "fr")


@pytest.mark.parametrize(
    "sentence",
    [
        "The person feels happy.",
        "She is happy.",
        "This man is clearly very angry.",
        "Her sadness is plain.",
        "They experience fear.",
        "The person does not feel happy.",
        "An emotional face.",
        "The astronaut is proud and happy.",
        "It is a happy person inside.",
    ],
)
def test_feelings_are_found(sentence):
    assert says_felt(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The face looks happy.",
        "The face is happy.",
        "The label is happiness.",
        "The face shows anger.",
        "This does not say what is felt.",
        "It is a face.",
    ],
)
def test_what_a_face_shows_is_no_feeling(sentence):
    assert says_felt(sentence) is None


def test_feelings_are_found_in_german():
    for sentence in ("Die Person fühlt Freude.", "Sie ist traurig.", "Ihre Wut ist stark."):
        assert says_felt(sentence, "de"), sentence
    assert says_felt("Das Gesicht zeigt Freude.", "de") is None


@pytest.mark.parametrize("module", CHECKER)
def test_the_checker_shares_no_code_with_the_writer(module):
    tree = ast.parse((HOME / f"{module}.py").read_text(encoding="utf-8"))
    used = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    own = {name.rsplit(".", 1)[1] for name in used if name.startswith("facsight.words")}
    assert own <= {*CHECKER, "measured", "clause"}
