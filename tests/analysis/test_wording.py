import os

from facsight.analysis.wording import printable, sentence

NAN = (float("nan"), float("nan"))
SHARES = {"happiness": 0.94, "neutral": 0.04, "anger": 0.02}


def test_what_how_sure_where_and_which_action_units():
    told = sentence("happiness", SHARES, {12: 0.41, 6: 0.27, 25: 0.20}, (0.12, 0.1), (), has_units=True)
    assert told == (
        "Looks like happiness (94 %). Of the reader's attention, 41 % lies where AU12 lip corner puller "
        "acts, 27 % where AU6 cheek raiser and lid compressor acts, 20 % where AU25 lips part acts and 12 % "
        "elsewhere (10 % even at best)."
    )


def test_small_shares_are_not_listed():
    told = sentence("happiness", SHARES, {12: 0.9, 6: 0.04}, (0.06, 0.1), (), has_units=True)
    assert "AU6" not in told
    assert told.endswith("90 % lies where AU12 lip corner puller acts and 6 % elsewhere (10 % even at best).")


def test_attention_that_misses_every_unit_is_told():
    told = sentence("happiness", SHARES, {12: 0.03}, (0.97, 0.1), ("elsewhere",), has_units=True)
    assert "Of the reader's attention, 97 % lies outside the action units of happiness." in told


def test_an_uncertain_reading_names_the_runner_up_and_warns():
    told = sentence(
        "fear",
        {"fear": 0.4, "surprise": 0.35, "anger": 0.25},
        {1: 0.8},
        (0.2, 0.1),
        ("uncertain",),
        has_units=True,
    )
    assert told.startswith("Looks most like fear (40 %), then surprise (35 %).")
    assert told.endswith("Take care: the reader is uncertain.")


def test_another_class_says_what_the_reading_is():
    told = sentence("anger", SHARES, {4: 0.7}, (0.3, 0.1), (), has_units=True)
    assert told.startswith("Asked about anger (2 %; the reading is happiness, 94 %).")


def test_a_class_map_is_not_called_attention():
    told = sentence("anger", SHARES, {4: 0.7}, (0.3, 0.1), (), has_units=True, kind="class map")
    assert "Of what spoke for anger, 70 % lies where AU4 brow lowerer acts and 30 % elsewhere (10 %" in told
    assert "attention" not in told


def test_an_expression_without_action_units_claims_no_region():
    told = sentence("neutral", {"neutral": 0.9, "anger": 0.1}, {}, NAN, (), has_units=False)
    assert told == (
        "Looks like neutral (90 %). FACS ties no action unit to neutral, so there is no region to compare "
        "the attention with."
    )


def test_a_face_without_landmarks_says_so_and_gives_no_number():
    told = sentence("happiness", SHARES, {}, NAN, ("no_landmarks",), has_units=True)
    assert "could not be compared with action units on this face" in told
    assert "no facial landmarks were found" in told
    assert "nan" not in told


def test_no_word_of_feelings():
    told = sentence("sadness", {"sadness": 1.0}, {15: 1.0}, (0.0, 0.1), (), has_units=True)
    assert "feel" not in told
    assert "emotion" not in told


def test_names_are_printable_whatever_they_hold():
    assert printable("tab\there") == "tab\\there"
    assert printable("<b>.jpg") == "<b>.jpg"
    assert printable("größe 笑.jpg") == "größe 笑.jpg"
    assert printable(os.fsdecode(b"caf\xe9.jpg")) == "caf\\xe9.jpg"
