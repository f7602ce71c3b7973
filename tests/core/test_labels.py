import re

import pytest

from facsight.core.errors import BadLabels
from facsight.core.labels import (
    EXPRESSIONS,
    FERPLUS,
    LabelSpace,
    canonical,
    convert,
    label_space,
    label_space_names,
)


def test_other_tools_words_are_understood():
    assert [canonical(w) for w in ("Happy", "ANGRY", "Surprise", " fearful")] == [
        "happiness",
        "anger",
        "surprise",
        "fear",
    ]


def test_ferplus_order_is_that_of_the_published_columns():
    assert EXPRESSIONS == (
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
    )


def test_columns_are_reordered_by_name_never_by_position():
    affectnet = ("Neutral", "Happy", "Sad", "Surprise", "Fear", "Disgust", "Anger", "Contempt")
    order = FERPLUS.order_from(affectnet)
    assert [canonical(affectnet[i]) for i in order] == list(FERPLUS.classes)


def test_unknown_class_names_the_nearest():
    with pytest.raises(BadLabels, match="did you mean 'anger'"):
        FERPLUS.index("angr")


def test_spaces_that_do_not_match_are_refused():
    with pytest.raises(BadLabels, match="contempt"):
        FERPLUS.order_from(["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"])


def test_doubled_class_is_refused():
    with pytest.raises(BadLabels, match="distinct"):
        LabelSpace("odd", ("a", "a"))


#: By hand from the documents of the datasets: (space, code, class).
CODES = [
    ("affectnet8", 0, "neutral"),
    ("affectnet8", 1, "happiness"),
    ("affectnet8", 6, "anger"),
    ("affectnet8", 7, "contempt"),
    ("affectnet8", 9, None),
    ("rafdb7", 1, "surprise"),
    ("rafdb7", 6, "anger"),
    ("rafdb7", 7, "neutral"),
    ("rafdb_compound11", 7, "fearfully angry"),
    ("rafdb_compound11", 9, "angrily surprised"),
    ("rafce14", 13, "happily sad"),
    ("fer2013", 0, "anger"),
    ("fer2013", 6, "neutral"),
    ("affwild2_expr8", 1, "anger"),
    ("affwild2_expr8", 7, "other"),
    ("affwild2_expr8", -1, None),
    ("cexpr7", 0, "fearfully surprised"),
    ("cexpr7", 6, "sadly angry"),
    ("ravdess8", 2, "calm"),
    ("cremad6", "FEA", "fear"),
    ("iemocap", "exc", "excitement"),
    ("iemocap", "xxx", None),
    ("biovid5", 4, "pain 4"),
]


@pytest.mark.parametrize(("name", "code", "word"), CODES)
def test_codes_are_those_of_the_dataset(name, code, word):
    assert label_space(name).from_code(code) == word


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("affwild2_au12", [1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26]),
        ("abaw1_au8", [1, 2, 4, 6, 12, 15, 20, 25]),
        ("disfa8", [1, 2, 4, 6, 9, 12, 25, 26]),
        ("bp4d12", [1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24]),
    ],
)
def test_action_units_are_those_of_the_dataset(name, units):
    assert label_space(name).columns == tuple(f"AU{unit:02d}" for unit in units)


def test_every_space_has_columns_and_says_where_it_comes_from():
    for name in label_space_names():
        space = label_space(name)
        assert len(set(space.columns)) == (1 if space.kind == "classes" else len(space))
        assert all(re.fullmatch(r"[A-Za-z0-9_]+", column) for column in (*space.columns, *space.shares))
        assert space.about


def test_an_unknown_space_or_code_is_refused_with_what_there_is():
    with pytest.raises(BadLabels, match="did you mean 'rafdb7'"):
        label_space("rafdb")
    with pytest.raises(BadLabels, match=r"rafdb7 has no code 0; it has 1 surprise, 2 fear"):
        label_space("rafdb7").from_code(0)


def test_action_units_are_found_however_they_are_written():
    space = label_space("affwild2_au12")
    assert [space.index(name) for name in ("AU1", "au02", "AU_4", " AU12")] == [0, 1, 2, 6]


def test_a_space_may_tell_a_word_from_its_alias():
    assert label_space("emi6").classes[label_space("emi6").index("Joy")] == "joy"
    assert label_space("meld7").classes[label_space("meld7").index("joy")] == "happiness"


def test_conversion_tells_what_it_costs():
    conversion = convert("affectnet8", "affectnet7")
    assert conversion.lost == ("contempt",)
    assert conversion.lossy
    back = convert("affectnet7", "affectnet8")
    assert (back.lost, back.never, back.lossy) == ((), ("contempt",), False)


def test_conversion_is_by_name_where_positions_differ():
    conversion = convert("fer2013", "rafdb7")
    assert all(source == target for source, target in conversion.to.items())
    assert len(conversion.to) == 7
    assert label_space("fer2013").classes != label_space("rafdb7").classes


def test_classes_that_count_as_one_are_told():
    conversion = convert("iemocap", "iemocap4")
    assert conversion.to["excitement"] == "happiness"
    assert conversion.merged == ("happiness",)
    assert set(conversion.lost) == {"frustration", "fear", "surprise", "disgust", "other"}


def test_values_are_rescaled_from_range_to_range():
    conversion = convert("emobank_vad", "affwild2_va")  # 1 to 5 becomes -1 to 1
    assert [v * conversion.factor + conversion.offset for v in (1, 3, 4, 5)] == [-1, 0, 0.5, 1]
    assert conversion.lost == ("dominance",)


def test_spaces_without_a_common_class_or_of_another_kind_are_not_converted():
    with pytest.raises(BadLabels, match="no class in common"):
        convert("rafdb7", "bah2")
    with pytest.raises(BadLabels, match="disfa12_intensity holds levels, disfa12 units"):
        convert("disfa12_intensity", "disfa12")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codes": (1,)}, "a code of its own for each of 2 classes"),
        ({"codes": (1, 1)}, "a code of its own"),
        ({"codes": (1, 2), "invalid": (2,)}, "either a class or invalid"),
        ({"kind": "numbers"}, "kind 'numbers'"),
        ({"kind": "values"}, "needs a range"),
        ({"kind": "values", "low": 1.0, "high": 1.0}, "needs a range"),
        ({"takes": (("c", "d"),)}, "no classes of it"),
    ],
)
def test_a_space_that_breaks_its_rules_is_refused(arguments, message):
    with pytest.raises(BadLabels, match=message):
        LabelSpace("odd", ("a", "b"), **arguments)
