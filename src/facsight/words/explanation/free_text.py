"""Which statements of any text, such as a language model's, does a reading support?

A sentence of our templates is judged as strictly as a clause. In any other, words of the lexicon are looked
for: action units, expressions, numbers, strengths, sides, denials and feelings. A sentence of which no word
is known cannot be judged, which is said. What is supported is what the reading has; it need not be true of
the person.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from facsight.words.explanation.checking import judge_sentence
from facsight.words.explanation.felt import says_felt
from facsight.words.explanation.lexicon import Lexicon, Mention, lexicon, whole_words
from facsight.words.explanation.measured import Measured
from facsight.words.explanation.stated import Number, in_order, numbers, supports
from facsight.words.explanation.template_reading import strengths, wording

Kind = Literal["clause", "unit", "expression", "number", "strength", "side", "felt", "unknown"]

_ENDS = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ\"„*-])|\n+")

#: What stands between a phrase and the number that it is given, on either side; and marks of lists.
_GIVEN = re.compile(r"\s?[(\[=:]\s?")
_MARKS = re.compile(r"^\s*(?:\d+[.)]|[-*#•]+)\s+", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One thing that a sentence says; `supported` is None where it cannot be judged."""

    sentence: str
    kind: Kind
    said: str
    supported: bool | None
    reason: str = ""


def check_text(text: str, measured: Measured, in_language: str = "en") -> list[Statement]:
    """Every statement that is found in a text, and whether the reading supports it, in order.

    >>> known = Measured("happiness", {"happiness": 0.9, "fear": 0.1}, {12: 0.3}, tied=(6, 12))
    >>> [(s.said, s.supported) for s in check_text("AU 12 and AU 4 look like happiness.", known)]
    [('AU 12', True), ('AU 4', False), ('happiness', True)]
    """
    return [
        one for sentence in sentences(text, in_language) for one in _judged(sentence, measured, in_language)
    ]


def sentences(text: str, in_language: str) -> list[str]:
    """The sentences of a text, without the headings of an explanation."""
    heads = "|".join(re.escape(head) for head in wording(in_language)["parts"].values())
    plain = (
        re.sub(rf"^(?:[*#-]+\s*)?(?:{heads})\s*:?\**\s*", "", part.strip())
        for part in _ENDS.split(_MARKS.sub("", text))
    )
    return [part for part in plain if part]


def _judged(sentence: str, m: Measured, in_language: str) -> Iterator[Statement]:
    if sentence == wording(in_language)["note"]:
        yield Statement(sentence, "clause", sentence, True)
        return
    faults = judge_sentence(sentence, m, in_language)
    if faults is not None:
        yield Statement(sentence, "clause", sentence, not faults, "; ".join(faults))
        return
    found = dict.fromkeys(_by_words(sentence, m, in_language))  # a phrase and its number are one statement
    yield from found or [
        Statement(sentence, "unknown", sentence, None, "nothing in it is known to the checker")
    ]


def _by_words(sentence: str, m: Measured, in_language: str) -> Iterator[Statement]:
    words = lexicon(in_language)
    if felt := says_felt(sentence, in_language):
        yield Statement(sentence, "felt", felt, False, "feelings were not measured")
    units, named = words.units(sentence), _expressions(words, sentence, m)
    said = numbers(sentence, units, words)
    for one in units:
        yield _unit(sentence, one, m, words)
    for one in named:
        yield _expression(sentence, one, m, words, said)
    for number in said:
        fits = supports(number, sentence, units, named, m, words) or in_order(number, said, units, m)
        place = number.start, number.end
        reason = "" if fits else "no such number was measured of what it stands by"
        yield _unless_denied(Statement(sentence, "number", number.text, fits, reason), place, words)
    yield from _strengths(sentence, units, m, words)
    yield from _sides(sentence, units, m, words)
    if units or named or said:
        yield from _loose_denials(sentence, [*units, *named, *said], words)


def _loose_denials(sentence: str, known: Sequence[Mention | Number], words: Lexicon) -> Iterator[Statement]:
    """Denials of what the checker does not know, beside something that it knows."""
    for start, end in words.places("negations", sentence):
        first, last = _segment(sentence, (start, end), words)
        if not any(first <= one.start < last for one in known):
            yield Statement(sentence, "unknown", sentence[start:end], None, "it denies what is not known")


def _unit(sentence: str, one: Mention, m: Measured, words: Lexicon) -> Statement:
    number = int(one.key.rstrip("ABCDE"))
    said, told = f"AU {one.key}", m.present.get(number)
    if one.key[-1].isalpha():
        return Statement(sentence, "unit", said, False, "how strongly a unit acts was not measured")
    if denied(sentence, one.place, words):
        reason = "denied" if told is False else "it was not found absent"
        return Statement(sentence, "unit", said, told is False, reason)
    if other := _contradicted(sentence, one, words):
        return Statement(sentence, "unit", said, False, f"it stands by the words for AU {other}")
    if told is None:
        looked = max(m.attention.get(number, 0.0), m.contrast.get(number, 0.0)) >= 0.05
        reason = "only that the reader looked there was measured" if looked else "it is not in the reading"
        return Statement(sentence, "unit", said, looked, reason)
    return Statement(sentence, "unit", said, told, "" if told else "the reading finds it absent")


def _contradicted(sentence: str, one: Mention, words: Lexicon) -> str | None:
    """The unit whose phrase a number is given to, before it or behind it, where that is another unit."""
    own = set()
    for other in words.mentions("units", sentence):
        gap = sentence[other.end : one.start] or sentence[one.end : other.start]
        if _GIVEN.fullmatch(gap):
            own.add(other.key)
    return None if not own or one.key in own else sorted(own)[0]


def _expression(
    sentence: str, one: Mention, m: Measured, words: Lexicon, said: Sequence[Number]
) -> Statement:
    if one.key not in m.expression:
        return Statement(sentence, "expression", one.key, False, "the reader knows no such expression")
    chance, is_label = m.expression[one.key], one.key == m.label
    if denied(sentence, one.place, words):
        fits = not is_label and chance < 0.5
        reason = "denied" if fits else "the reading says the opposite"
        return Statement(sentence, "expression", one.key, fits, reason)
    near = _segment(sentence, one.place, words)
    own = any(near[0] <= n.start < near[1] and n.is_rounded(chance) for n in said)
    fits = is_label or own
    return Statement(sentence, "expression", one.key, fits, "" if fits else f"the reading says {m.label}")


def _strengths(sentence: str, units: Sequence[Mention], m: Measured, words: Lexicon) -> Iterator[Statement]:
    for one in words.mentions("strengths", sentence):
        start, end = _segment(sentence, one.place, words)
        for unit in (int(u.key.rstrip("ABCDE")) for u in units if start <= u.start < end):
            if unit not in m.attention or not words.has("looked", sentence[start:end]):
                fits, reason = False, f"how strongly AU {unit} acts was not measured"
            else:
                own = [word for word, least in strengths()["share"] if m.attention[unit] >= least][-1]
                fits, reason = (
                    own == one.key,
                    "" if own == one.key else f"the attention to AU {unit} is {own!r}",
                )
            yield Statement(sentence, "strength", sentence[one.start : one.end], fits, reason)


def _sides(sentence: str, units: Sequence[Mention], m: Measured, words: Lexicon) -> Iterator[Statement]:
    for one in words.mentions("sides", sentence):
        start, end = _segment(sentence, one.place, words)
        fits, reason = _side_fits(sentence[start:end], one.key, m, words)
        if any(start <= unit.start < end for unit in units):
            fits, reason = False, "no side was measured of a single unit"
        told = Statement(sentence, "side", sentence[one.start : one.end], fits, reason)
        yield _unless_denied(told, one.place, words)


def _side_fits(segment: str, side: str, m: Measured, words: Lexicon) -> tuple[bool, str]:
    """Whether the head is turned, or the attention lies, to this side; angles are positive to the right."""
    asked = [one.key for one in words.mentions("scalars", segment) if one.key in ("yaw", "roll")]
    if asked:
        angle = m.pose.get(asked[-1])
        fits = angle is not None and (angle >= 0) == (side == "right")
        shown = "none" if angle is None else f"{angle:.1f}° (positive: to the person's right)"
        return fits, "" if fits else f"its {asked[-1]} is {shown}"
    fits = m.left is not None and (m.left >= 0.5) == (side == "left")
    shown = "an unknown share" if m.left is None else f"{m.left:.2f}"
    return fits, "" if fits else f"{shown} of the attention lies on the left half"


def _expressions(words: Lexicon, sentence: str, m: Measured) -> list[Mention]:
    """Expressions by the lexicon, and the reader's own classes by their names."""
    found = words.mentions("expressions", sentence)
    for name in m.expression:
        if name not in words.table["expressions"]:
            found += [
                Mention(name, x.start(), x.end()) for x in whole_words([re.escape(name)]).finditer(sentence)
            ]
    return found


def _unless_denied(told: Statement, place: tuple[int, int], words: Lexicon) -> Statement:
    """A statement, or what becomes of it where it is denied: to deny what was measured is not supported."""
    if not denied(told.sentence, place, words):
        return told
    fits = False if told.supported else None
    return replace(
        told, supported=fits, reason="the reading says the opposite" if told.supported else told.reason
    )


def denied(sentence: str, place: tuple[int, int], words: Lexicon) -> bool:
    """Whether the part of a sentence that a mention stands in says that it is not so."""
    start, end = _segment(sentence, place, words)
    return words.has("negations", sentence[start:end]) or words.has("denials", sentence)


def _segment(sentence: str, place: tuple[int, int], words: Lexicon) -> tuple[int, int]:
    """From where to where the part of a sentence goes that a mention stands in: between commas and "but"s."""
    cuts = [x.span() for x in re.finditer(r",(?!\d)|[;:]", sentence)]
    cuts += [x.span() for x in whole_words(words.table["breaks"]).finditer(sentence)]
    start = max((end for _, end in cuts if end <= place[0]), default=0)
    return start, min((begin for begin, _ in cuts if begin >= place[1]), default=len(sentence))
