"""Codebooks against the tables that they cite, and their reader against broken files."""

import re

import pytest
import torch

from facsight.core.errors import BadCodebook
from facsight.core.labels import EXPRESSIONS, FERPLUS
from facsight.facs.codebook import codebook_names, load_codebook, parse_codebook
from facsight.facs.regions import REGIONS

SIX = {"anger", "disgust", "fear", "happiness", "sadness", "surprise"}
SURVEY = {
    "anger": {4, 5, 7, 10, 17, 22, 23, 24, 25, 26},
    "disgust": {9, 10, 16, 17, 25, 26},
    "fear": {1, 2, 4, 5, 20, 25, 26, 27},
    "happiness": {6, 12, 25},
    "sadness": {1, 4, 6, 11, 15, 17},
    "surprise": {1, 2, 5, 26, 27},
}


def units(name, expression):
    return set(load_codebook(name).expressions[expression])


def test_the_books_that_ship():
    assert set(codebook_names()) == {
        *("facsight", "martinez2017", "belharbi2024", "emfacs", "facs_guide", "du2014", "emotionet")
    }


@pytest.mark.parametrize("name", codebook_names())
def test_every_book_is_complete(name):
    book = load_codebook(name)
    assert book.name == name
    assert book.identity == f"{name}/{book.version}"
    assert set(book.expressions) >= SIX
    assert "neutral" not in book.expressions
    assert all(book.sources[expression] for expression in book.expressions)
    assert set(book.action_units) <= set(REGIONS), "a unit that cannot be drawn"
    assert list(book.action_units) == sorted({unit for row in book.expressions.values() for unit in row})


def test_survey():
    assert {name: units("martinez2017", name) for name in SIX} == SURVEY
    assert units("martinez2017", "pain") == {4, 6, 7, 9, 10, 12, 20, 25, 26, 27, 43}
    assert units("martinez2017", "cluelessness") == {1, 2, 5, 15, 17, 22}
    assert units("martinez2017", "speech") == {10, 14, 16, 17, 18, 20, 22, 23, 24, 25, 26, 28}


def test_the_default_is_the_survey_and_contempt_on_another_authority():
    book = load_codebook("facsight")
    assert {name: set(row) for name, row in book.expressions.items()} == {**SURVEY, "contempt": {12, 14}}
    assert "EMFACS" in book.sources["contempt"]
    assert "Martinez" in book.sources["anger"]


def test_the_paper_is_the_survey_without_the_units_it_cannot_draw():
    paper = load_codebook("belharbi2024")
    assert {name: set(row) for name, row in paper.expressions.items()} == {
        name: row - {11, 22} for name, row in SURVEY.items()
    }
    assert {10} <= units("belharbi2024", "disgust")
    assert 5 not in units("belharbi2024", "disgust")


def test_short_list():
    book = {name: set(row) for name, row in load_codebook("emfacs").expressions.items()}
    assert book == {
        "happiness": {6, 12},
        "sadness": {1, 4, 15},
        "surprise": {1, 2, 5, 26},
        "fear": {1, 2, 4, 5, 7, 20, 26},
        "anger": {4, 5, 7, 23},
        "disgust": {9, 15, 16},
        "contempt": {12, 14},
    }


def test_percentages_are_weights():
    book = load_codebook("du2014").expressions
    assert dict(book["happiness"]) == {6: 0.51, 12: 1.0, 25: 1.0}
    assert dict(book["sadly disgusted"]) == {
        **{1: 0.49, 4: 1.0, 6: 0.61, 9: 0.2, 10: 1.0, 11: 0.35, 15: 0.54, 17: 0.47, 25: 0.43}
    }
    assert dict(book["awed"]) == {1: 1.0, 2: 1.0, 4: 0.21, 5: 1.0, 20: 0.62, 25: 1.0, 26: 0.56}
    assert len(book) == 21
    # a prototype has more than 70 % of the subjects, a variant at most that, and at least the listed 20 %
    assert all(weight == 1 or 0.2 <= weight <= 0.7 for row in book.values() for weight in row.values())


def test_both_books_of_compounds_share_their_prototypes():
    du, emotionet = load_codebook("du2014").expressions, load_codebook("emotionet").expressions
    assert len(emotionet) == 23
    assert set(emotionet) - set(du) == {"happily sad", "happily fearful"}
    prototypes = {name: {unit for unit, weight in row.items() if weight == 1} for name, row in du.items()}
    differing = {name for name in du if prototypes[name] != set(emotionet[name])}
    assert differing == {"sadly fearful", "sadly angry", "appalled", "hatred"}


GUIDE = {
    "surprise": ("1+2+5+26; 1+2+5+27", "1+2+5; 1+2+26; 1+2+27; 5+26; 5+27"),
    "fear": (
        "1+2+4+5+20+(25|26|27); 1+2+4+5+(25|26|27)",
        "1+2+4+5+20+(25|26|27); 1+2+4+5; 1+2+5+(|25|26|27); 5+20+(|25|26|27)",
    ),
    "happiness": ("6+12; 12", ""),
    "sadness": ("1+4+11+15; 1+4+15; 6+15", "1+4+11; 1+4+15; 1+4+15+17; 11+15; 11+17"),
    "disgust": ("9; 9+16+(25|26); 9+17; 10; 10+16+(25|26); 10+17", ""),
    "anger": (
        "4+5+7+10+22+23+(25|26); 4+5+7+10+23+(25|26); 4+5+7+23+(25|26); "
        "4+5+7+17+23; 4+5+7+17+24; 4+5+7+23; 4+5+7+24",
        "",
    ),
}


def share(configurations: str, unit: int) -> float:
    """The share of configurations with the unit; alternatives split theirs evenly."""
    listed = [line.strip() for line in configurations.split(";") if line.strip()]
    found = 0.0
    for line in listed:
        options = re.search(r"\((.*)\)", line)
        options = options[1].split("|") if options else []
        sure = re.sub(r"\+?\(.*\)", "", line).split("+")
        found += 1.0 if str(unit) in sure else options.count(str(unit)) / max(len(options), 1)
    return found / max(len(listed), 1)


@pytest.mark.parametrize("expression", GUIDE)
def test_guide_weights_follow_their_rule(expression):
    prototypes, variants = GUIDE[expression]
    named = {int(number) for number in re.findall(r"\d+", f"{prototypes}; {variants}")}
    expected = {unit: max(share(prototypes, unit), share(variants, unit) / 2) for unit in sorted(named)}
    assert dict(load_codebook("facs_guide").expressions[expression]) == pytest.approx(expected, abs=0.005)


def test_weights_are_looked_up_by_name_and_number():
    book = load_codebook("du2014")
    table = book.weights(["Sad", "neutral", "happiness"], [25, 6, 4])
    torch.testing.assert_close(table, torch.tensor([[0, 0.5, 1], [0, 0, 0], [1, 0.51, 0]]))


def test_weights_of_a_label_space():
    book = load_codebook("facsight")
    table = book.weights(FERPLUS.classes, book.action_units)
    assert table.shape == (len(EXPRESSIONS), 21)
    assert table.sum(dim=1).tolist() == [0, 3, 5, 6, 10, 6, 8, 2]
    assert book.weights([], book.action_units).shape == (0, 21)


def test_a_book_cannot_be_changed():
    with pytest.raises(TypeError):
        load_codebook("facsight").expressions["happiness"][12] = 0.0  # pyright: ignore[reportIndexIssue]


HEAD = 'name = "mine"\nversion = "1"\nsource = "me"\n'


def test_anyones_own_book_by_path(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        HEAD + 'own_expressions = ["Boredom"]\n[expressions.boredom]\nweights = { AU43 = 0.5, 15 = 1 }'
    )
    book = load_codebook(file)
    assert dict(book.expressions["boredom"]) == {15: 1.0, 43: 0.5}
    assert book.sources["boredom"] == "me"
    file.write_text(file.read_text().replace("0.5", "0.7"))
    assert load_codebook(str(file)).expressions["boredom"][43] == 0.7, "an edited file must be read anew"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not valid TOML"),
        ('version = "1"\nsource = "me"\n[expressions.fear]\naction_units = [1]', "needs a name"),
        (
            'name = "mine"\nversion = 1\nsource = "me"\n[expressions.fear]\naction_units = [1]',
            "version.*found 1",
        ),
        ('name = "mine"\nversion = "1"\n[expressions.fear]\naction_units = [1]', "needs a source"),
        (HEAD, "no entry"),
        (
            HEAD + "sauce = 1\n[expressions.fear]\naction_units = [1]",
            "'sauce' is not known; did you mean 'source'",
        ),
        (HEAD + "[expressions.hapiness]\naction_units = [12]", "did you mean 'happiness'.*own_expressions"),
        (HEAD + "[expressions.happy]\naction_units = [12]\n[expressions.joy]\naction_units = [6]", "already"),
        (
            HEAD + "[expressions.fear]\naction_units = [1]\n[expressions.fear]\naction_units = [2]",
            "not valid TOML",
        ),
        (HEAD + "[expressions.fear]\naction_units = [3]", "3 is not a FACS action unit"),
        (HEAD + "[expressions.fear]\naction_units = [true]", "True is not a FACS action unit"),
        (HEAD + "[expressions.fear]\naction_units = [1.5]", "1.5 is not a FACS action unit"),
        (HEAD + "[expressions.fear]\naction_units = [1, 2, 1]", "AU1 is listed twice"),
        (HEAD + "[expressions.fear]\nweights = { 1 = 1.0, AU1 = 0.5 }", "AU1 is listed twice"),
        (HEAD + "[expressions.fear]\nweights = { 1 = 0 }", "weight of AU1 is 0"),
        (HEAD + "[expressions.fear]\nweights = { 1 = 1.01 }", "weight of AU1 is 1.01"),
        (HEAD + "[expressions.fear]\nweights = { 1 = nan }", "weight of AU1 is nan"),
        (HEAD + '[expressions.fear]\nweights = { 1 = "much" }', "weight of AU1 is 'much'"),
        (HEAD + "[expressions.fear]\naction_units = []", "names no action unit"),
        (HEAD + "[expressions.fear]\nnote = 'x'", "either action_units"),
        (HEAD + "[expressions.fear]\naction_units = [1]\nweights = { 2 = 1 }", "either action_units"),
        (HEAD + "[expressions.fear]\naction_units = 1", "action_units is a list"),
        (HEAD + "[expressions.fear]\nunits = [1]", "'units' is not known"),
        (HEAD + "[expressions.fear]\naction_units = [1]\nsource = ''", "needs a source"),
        (HEAD + "[expressions]\nfear = 1", "an entry is a table"),
        (HEAD + "own_expressions = 'x'\n[expressions.fear]\naction_units = [1]", "list of names"),
    ],
)
def test_a_broken_book_says_what_is_wrong(text, message):
    with pytest.raises(BadCodebook, match=message) as caught:
        parse_codebook(text, "mine.toml")
    assert "mine.toml" in str(caught.value)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(BadCodebook, match="did you mean 'emfacs'"):
        load_codebook("emfac")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(BadCodebook, match="cannot be read"):
        load_codebook(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadCodebook, match="cannot be read"):
        load_codebook(tmp_path / "bytes.toml")
