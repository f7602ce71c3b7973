import pytest

from facsight.core.errors import BadLabels
from facsight.core.labels import EXPRESSIONS, FERPLUS, LabelSpace, canonical


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
