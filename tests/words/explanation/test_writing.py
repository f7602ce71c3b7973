"""Clauses by hand, in every style and language, each with its cues."""

import json
import random
import re
import tomllib
from importlib import resources

import pytest

from facsight.analysis.cautions import CAUTIONS
from facsight.core.errors import BadRecipe, BadTable
from facsight.core.labels import EXPRESSIONS
from facsight.facs.regions import REGIONS
from facsight.words.explanation.clause import STYLES, ClauseCue, explanation_from_plain
from facsight.words.explanation.writing import explain_in_words, request, templates, to_text
from facsight.words.sentences import languages
from planted_measured import NEUTRAL, SURE, TORN, any_measured


def sentences(measured, style="chain", language="en"):
    explanation = explain_in_words(measured, style, language)
    return {name: [clause.sentence for clause in part] for name, part in explanation.parts.items()}


def test_a_sure_reading_by_hand():
    assert sentences(SURE) == {
        "observations": [
            "Strong attention (31 %) goes to the corners of the lips, where pulling them up shows (AU 12).",
            "Some attention (15 %) goes to the cheeks, where raising them shows (AU 6).",
            "Outside the places of this expression lies 50 % of the attention; a perfect match would leave "
            "40 % there.",
            "More of the attention (61 %) lies on the left half of the face, as the person has it.",
            "The head is turned 12° to the person's right, lowered by 4° and tilted 0° towards the person's "
            "right shoulder.",
        ],
        "interpretation": [
            "Together, the places that belong to happiness hold 50 % of the attention.",
            "The attention fits these places better than those of any other expression (agreement 0.91).",
            "Hiding the skin above the corners of the lips (AU 12) would take the probability of happiness "
            "from 93 % to 62 %; hiding as much elsewhere, to 90 %.",
        ],
        "conclusion": [
            "The face looks clearly like happiness: calibrated probability 93 %.",
            "Evidence and decision agree.",
        ],
    }


def test_a_torn_reading_by_hand():
    told = sentences(TORN)
    assert told["observations"][:3] == [
        "The picture stands at 1.25 s of the recording.",
        "The corners of the lips are pulled up (AU 12), with a probability of 80 %.",
        "Clear attention (20 %) goes to the brows, where lowering them shows (AU 4).",
    ]
    assert told["interpretation"] == [
        "But none of the 2 movements that belong to sadness is found.",
        "Together, the places that belong to sadness hold 35 % of the attention.",
        "But the attention fits the places of another expression better: sadness is number 3 by fit "
        "(agreement 0.31).",
    ]
    assert told["conclusion"] == [
        "The face looks a little like sadness: calibrated probability 41 %.",
        "Close behind comes a neutral face, with 39 %.",
        "Evidence and decision disagree, so trust this reading less: the attention fits another expression "
        "better, none of its movements is found.",
        "Take care: the reader is uncertain.",
    ]


def test_a_neutral_face_by_hand():
    assert sentences(NEUTRAL) == {
        "observations": [
            "What speaks for sadness instead (probability 20 %) lies most on the cheeks (AU 6): 16 % of it."
        ],
        "interpretation": [
            "No movement belongs to a neutral face, so there are no places to compare the attention with."
        ],
        "conclusion": ["The face looks rather like a neutral one: calibrated probability 80 %."],
    }


def test_german_by_hand():
    told = sentences(SURE, language="de")
    assert told["observations"][0] == (
        "Starke Aufmerksamkeit (31 %) gilt den Mundwinkeln, wo sich ein Hochziehen zeigt (AU 12)."
    )
    assert told["interpretation"][1].endswith("(Übereinstimmung 0,91).")
    assert told["conclusion"][0] == (
        "Das Gesicht sieht deutlich nach Freude aus: kalibrierte Wahrscheinlichkeit 93 %."
    )


def test_each_clause_has_the_cues_that_it_states():
    first, *_, pose = explain_in_words(SURE, "observations").clauses
    assert first.cues == (ClauseCue("attention", "AU12", 0.312, "mouth corners", None),)
    assert [(cue.name, cue.value, cue.region) for cue in pose.cues] == [
        ("yaw", 12.4, "head"),
        ("pitch", -3.6, "head"),
        ("roll", 0.2, "head"),
    ]
    assert {cue.time for clause in explain_in_words(TORN).clauses for cue in clause.cues} == {1.25}


def test_styles_have_their_parts():
    assert list(explain_in_words(SURE, "observations").parts) == ["observations"]
    assert list(explain_in_words(SURE, "chain").parts) == ["observations", "interpretation", "conclusion"]
    assert sentences(SURE, "short")["conclusion"][0].startswith("The face looks clearly like happiness")
    assert any("disagree" in one for one in sentences(TORN, "short")["conclusion"])
    assert sentences(SURE, "observations")["observations"] == sentences(SURE)["observations"]


def test_text_has_headings_where_there_are_parts_and_a_note():
    lines = to_text(explain_in_words(SURE)).split("\n")
    assert [line.split(":")[0] for line in lines[:3]] == ["Observations", "Interpretation", "Conclusion"]
    assert lines[3].endswith("what goes on inside the person was not measured.")
    assert not to_text(explain_in_words(SURE, "short")).startswith("Conclusion")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("language", languages())
def test_any_reading_has_clauses_with_cues_that_json_keeps(style, language):
    draw = random.Random(f"{style} {language}")
    for _ in range(50):
        explanation = explain_in_words(any_measured(draw), style, language)
        assert all(clause.cues for clause in explanation.clauses)
        again = explanation_from_plain(json.loads(json.dumps(explanation.plain(), allow_nan=False)))
        assert again == explanation
        # a number of an action unit stands in parentheses only
        assert not re.search(r"(?<!\()AU", to_text(explanation))


def test_the_question_names_the_box_of_several_faces_only():
    assert "box" not in request(None, "en")
    assert "from (10, 20) to (31, 40)" in request((10.2, 19.8, 30.7, 40.0), "en")
    assert "von (10, 20) bis (31, 40)" in request((10.2, 19.8, 30.7, 40.0), "de")


def test_unknown_styles_and_languages_are_refused_with_the_nearest():
    with pytest.raises(BadRecipe, match="no style 'chains': did you mean 'chain'"):
        explain_in_words(SURE, "chains")
    with pytest.raises(BadRecipe, match="in the language 'fr'"):
        explain_in_words(SURE, "chain", "fr")


@pytest.mark.parametrize(
    "told", [None, [], {}, {"parts": {"conclusion": [{"sentence": "a"}]}, "style": "chain"}]
)
def test_other_data_is_no_explanation(told):
    with pytest.raises(BadTable, match="expected an explanation"):
        explanation_from_plain(told)


def own_table(language):
    home = resources.files("facsight.words.explanation").joinpath("languages", f"{language}.toml")
    return tomllib.loads(home.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", languages())
def test_every_language_says_everything(language):
    own, english, fields = own_table(language), own_table("en"), re.compile(r"\{[\w:.]+\}")
    for part in ("sentences", "items", "request", "parts"):
        assert set(own[part]) == set(english[part])
        for key, template in english[part].items():
            assert sorted(fields.findall(own[part][key])) == sorted(fields.findall(template)), key
    words = templates(language).table["words"]
    assert set(words["looks"]) == set(words["expression"]) == set(EXPRESSIONS)
    assert set(words["caution"]) == {*CAUTIONS, "none_found"}
    for listed in ("shown", "where", "place"):
        assert set(words[listed]) == {str(unit) for unit in REGIONS}
        assert len(set(words[listed].values())) == len(words[listed])
    assert all(", " not in word for word in words["caution"].values())
