"""Sentences by hand, and back again for random numbers, in every language."""

import random
import re
import tomllib
from importlib import resources

import pytest

from facsight.analysis.cautions import CAUTIONS
from facsight.core.errors import BadRecipe, BadTable
from facsight.core.labels import EXPRESSIONS
from facsight.facs.codebook import load_codebook
from facsight.words.cues import KINDS, Cue
from facsight.words.sentences import language, languages

EN = language("en")
UNITS = load_codebook("facsight").action_units
HEADINGS = {"file", "photo", "quoting", "no_transcript", "no_sound", "left_out", "stretch"}


def table(name):
    file = resources.files("facsight.words").joinpath("languages", f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def random_cue(kind, draw):
    """A cue of a kind with values from all over their range."""
    who = {"who": draw.choice(["person", "face"]), "number": draw.randint(1, 40)}
    names = draw.sample([*EXPRESSIONS, "happily surprised"], draw.randint(1, 9))
    text = "".join(draw.choice('ab .,"\\\n\u2028\x85ß→{}%') for _ in range(draw.randint(0, 20)))
    span = {"start": draw.uniform(0, 5000), "end": draw.uniform(0, 5000)}
    items = {
        "expression": [{"name": n, "share": draw.random()} for n in names],
        "above": [{"name": n, "change": draw.uniform(-100, 100)} for n in names],
        "units": [{"unit": u, "share": draw.random()} for u in draw.sample(UNITS, 4)],
        "caution": [{"name": n} for n in draw.sample(list(CAUTIONS), 2)],
    }
    numbers = {
        "loudness": draw.uniform(-40, 40),
        "pitch": draw.gauss(0, 5),
        "hertz": draw.uniform(60, 500),
        "voiced": draw.random(),
        "onsets": draw.uniform(0, 9),
        "usual_onsets": draw.uniform(0, 9),
        "pause": draw.random(),
    }
    own = {f"usual_{name}": draw.random() for name in ("spoken", "voiced", "onsets", "pause")}
    return Cue(
        kind,
        {
            **dict.fromkeys(items, None),
            "pose": who | {axis: draw.uniform(-180, 180) for axis in ("yaw", "pitch", "roll")},
            "affect": {
                "network": text,
                "items": [
                    {"name": n, "value": draw.uniform(-1, 1), "change": draw.uniform(-2, 2)}
                    for n in ("valence", "arousal", "dominance")
                ],
            },
            "side": who | {"left": draw.random()},
            "movement": who | {"speed": draw.uniform(0, 300)},
            "voice": numbers,
            "own_voice": numbers | own | {"spoken": draw.uniform(0, 9)},
            "said": span | {"text": text},
            "said_nothing": span,
            "stretch": span,
            "file": {"file": text, "seconds": span["end"], "people": 3},
            "photo": {"file": text, "people": 0},
            "no_sound": {"reason": text},
            "left_out": {"sentences": 3, "tokens": 900},
            **{name: who | {"items": some} for name, some in items.items()},
        }.get(kind, {}),
    )


@pytest.mark.parametrize("name", languages())
@pytest.mark.parametrize("kind", sorted({*KINDS, *HEADINGS}))
def test_what_is_said_is_read_back_as_it_was_rounded(name, kind):
    words, draw = language(name), random.Random(kind)
    for _ in range(40):
        cue = random_cue(kind, draw)
        sentence = words.say(cue)
        assert len(sentence.splitlines()) == 1
        read = words.read(sentence)
        assert read == words.rounded(cue)
        assert words.say(read) == words.say(words.rounded(read))


def test_numbers_are_rounded_by_half_of_their_last_digit_at_most():
    cue = Cue("pose", {"who": "person", "number": 2, "yaw": 12.4, "pitch": -3.6, "roll": -0.2})
    assert EN.say(cue) == (
        "The head of person 2 is turned 12° to the person's right, lowered by 4° and tilted 0° towards the "
        "person's right shoulder."
    )
    assert EN.read(EN.say(cue)).values == {"who": "person", "number": 2, "yaw": 12, "pitch": -4, "roll": 0}


def test_sentences_by_hand():
    person = {"who": "person", "number": 1}
    shares = [{"name": "happiness", "share": 0.414}, {"name": "neutral", "share": 0.3}]
    assert EN.say(Cue("expression", {**person, "items": shares})) == (
        "The expression that person 1 shows: happiness 41 %, neutral 30 %."
    )
    assert language("de").say(Cue("movement", {**person, "speed": 2.25})).endswith("um 2,2 Grad je Sekunde.")
    sure = [{"name": "anger", "share": 0.9996}]
    assert EN.say(Cue("expression", {**person, "items": sure})).endswith("anger 99 %.")
    units = [{"unit": 12, "share": 0.3}, {"unit": 6, "share": 0.15}, {"unit": 25, "share": 0.149}]
    assert EN.say(Cue("units", {**person, "items": units})) == (
        "On person 1 the reader looked at: lip corners pulled up (AU12) strongly (30 %), "
        "raised cheeks (AU6) clearly (15 %), parted lips (AU25) slightly (15 %)."
    )
    assert EN.say(Cue("said", {"start": 0, "end": 1.5, "text": 'a "b"\n'})) == (
        r'Said from 0.00 s to 1.50 s: "a \"b\"\n"'
    )


@pytest.mark.parametrize("name", languages())
def test_every_language_says_everything(name):
    own, english = table(name), table("en")
    for part in ("sentences", "items", "signed"):
        assert set(own[part]) == set(english[part])
        for key, template in english[part].items():
            fields = re.compile(r"\{[\w:.]+\}")
            assert sorted(fields.findall(str(own[part][key]))) == sorted(fields.findall(str(template))), key
    for listed, words in english["words"].items():
        assert set(own["words"][listed]) == set(words)
        assert len(set(own["words"][listed].values())) == len(words)
        assert all(", " not in word for word in own["words"][listed].values())
    assert set(own["sentences"]) == {*KINDS, *HEADINGS}
    assert set(own["words"]["unit"]) == {str(unit) for unit in UNITS}
    assert set(own["words"]["expression"]) == set(EXPRESSIONS)
    assert set(own["words"]["caution"]) == set(CAUTIONS)


def test_nobody_is_said_to_feel():
    for name, forbidden in (("en", r"\bfeels?\b|\bfeeling"), ("de", r"\bfühl|\bGefühl")):
        assert not re.search(forbidden, str(table(name)))


def test_what_is_no_sentence_and_no_language():
    with pytest.raises(BadTable, match="no sentence of facsight in 'en' reads 'Person 1 is happy"):
        EN.read("Person 1 is happy.")
    with pytest.raises(BadRecipe, match="in the language 'eng': did you mean 'en'"):
        language("eng")
