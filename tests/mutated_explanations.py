"""Clauses made false in one place, by rules written by hand that know neither writer nor checker."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace

from facsight.words.explanation.clause import Clause
from facsight.words.explanation.measured import Measured

_NUMBER = re.compile(r"(?<!AU )(?<![\w.,])\d+(?:[.,]\d+)?")
_UNIT = re.compile(r"AU (\d+)")
WORDS = {
    "en": {
        "expressions": ("happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
        "strengths": (("Some", "Clear", "Strong"), ("a little", "rather", "clearly")),
        "turns": (("left", "right"), ("raised by", "lowered by")),
        "denied": (
            (r"\b(is|are|lies|looks|goes|fits|comes|agree|would|stays|hold)\b", r"\1 not"),
            (r"^", "It is not true that "),
        ),
        "felt": ("The person feels {}.", "This person is {}.", "Their {} is strong."),
        "adjectives": {"happiness": "happy", "sadness": "sad", "anger": "angry"},
    },
    "de": {
        "expressions": ("Freude", "Überraschung", "Trauer", "Ärger", "Ekel", "Angst", "Verachtung"),
        "strengths": (("Etwas", "Deutliche", "Starke"), ("ein wenig", "eher", "deutlich")),
        "turns": (("linke", "rechte"), ("gehoben", "gesenkt")),
        "denied": (
            (r"\b(ist|sind|liegt|liegen|sieht|gilt|passt|folgt|fällt|betrifft|wird)\b", r"\1 nicht"),
            (r"^", "Es stimmt nicht: "),
        ),
        "felt": ("Die Person fühlt {}.", "Diese Person empfindet {}.", "Ihre {} ist stark."),
        "adjectives": {},
    },
}


def mutations(
    clause: Clause, measured: Measured, draw: random.Random, language: str = "en"
) -> Iterator[tuple[str, Clause]]:
    """What was done, and the clause with it: its sentence, or one of its cues, says something false."""
    words, said = WORDS[language], clause.sentence
    for match in _NUMBER.finditer(said):
        yield (
            "number",
            replace(clause, sentence=said[: match.start()] + _off(match[0], draw) + said[match.end() :]),
        )
    for match in _UNIT.finditer(said):
        other = draw.choice(
            [unit for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 17, 20, 25) if unit != int(match[1])]
        )
        yield "unit", replace(clause, sentence=said[: match.start(1)] + str(other) + said[match.end(1) :])
    yield from (
        ("expression", replace(clause, sentence=one)) for one in _others(said, words["expressions"], draw)
    )
    for scale in words["strengths"]:
        if language == "en" and "clearly" in scale and "clearly" not in said and "looks" not in said:
            continue
        yield from (("strength", replace(clause, sentence=one)) for one in _others(said, scale, draw))
    for turn in () if re.search(r"(?<!\d)0°", said) else words["turns"]:  # to no side is to either
        yield from (("side", replace(clause, sentence=one)) for one in _others(said, turn, draw))
    for pattern, denied in words["denied"]:
        changed = re.sub(pattern, denied, said, count=1)
        if changed != said:
            yield "negation", replace(clause, sentence=changed)
    emotion = draw.choice(words["expressions"])
    yield "felt", replace(clause, sentence=f"{said} {draw.choice(words['felt']).format(emotion)}")
    yield from _changed_cues(clause, measured)


def _off(number: str, draw: random.Random) -> str:
    """A number that differs from another by more than rounding, with as many decimals and the same sign."""
    digits = number.replace(",", ".")
    decimals = len(digits.partition(".")[2])
    step = 10.0**-decimals * draw.choice([2, 3, 5, 8])
    told = f"{float(digits) + step:.{decimals}f}"
    return told.replace(".", ",") if "," in number else told


def _others(said: str, listed: tuple[str, ...], draw: random.Random) -> Iterator[str]:
    """The text with each word of a list exchanged for another one of it."""
    for match in re.finditer(rf"\b(?:{'|'.join(map(re.escape, listed))})\b", said):
        other = draw.choice([word for word in listed if word != match[0]])
        yield said[: match.start()] + other + said[match.end() :]


def _changed_cues(clause: Clause, measured: Measured) -> Iterator[tuple[str, Clause]]:
    for place, cue in enumerate(clause.cues):
        others = (
            ("cue value", replace(cue, value=0.5 if cue.value is None else cue.value + 0.02)),
            ("cue name", replace(cue, name="AU99" if cue.name.startswith("AU") else f"{cue.name}s")),
            ("cue region", replace(cue, region="chin" if cue.region != "chin" else "brows")),
            ("cue time", replace(cue, time=(measured.time or 0.0) + 1.0)),
        )
        for what, changed in others:
            cues = (*clause.cues[:place], changed, *clause.cues[place + 1 :])
            yield what, replace(clause, cues=cues)
    yield "cue missing", replace(clause, cues=clause.cues[1:])
    yield "cue twice", replace(clause, cues=(*clause.cues, clause.cues[0]))
