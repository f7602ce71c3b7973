"""Numbers of free text, and whether a reading has them of what they stand by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from facsight.words.explanation.lexicon import Lexicon, Mention
from facsight.words.explanation.measured import Measured

_NUMBER = re.compile(r"(?<![\w.,])[-−]?\d+(?:[.,]\d+)?(?![\w])")


@dataclass(frozen=True)
class Number:
    """A number as a text has it, whether in hundredths, and where."""

    text: str
    value: float
    decimals: int
    hundred: bool
    start: int
    end: int

    def is_rounded(self, part: float) -> bool:
        """Whether this is a part of 1, in per cent or not, rounded, but never to a certainty."""
        value = 100 * part if self.hundred else part
        if self.hundred and 99.0 <= value < 100.0:
            return self.value in (99.0, round(value, self.decimals)) and self.value < 100.0
        return abs(self.value - value) <= 0.5 * 10.0**-self.decimals + 1e-9

    def is_angle(self, degrees: float) -> bool:
        """Whether this is an angle, rounded, in either direction."""
        return not self.hundred and abs(abs(self.value) - abs(degrees)) <= 0.5 * 10.0**-self.decimals + 1e-9


def numbers(sentence: str, units: Sequence[Mention], words: Lexicon) -> list[Number]:
    """The numbers of a sentence that are not those of action units."""
    found = []
    for match in _NUMBER.finditer(sentence):
        if any(one.start <= match.start() < one.end for one in units):
            continue
        plain = match[0].replace(",", ".").replace("−", "-")
        after = sentence[match.end() :].lstrip()
        hundred = bool(re.match(rf"(?:{'|'.join(words.table['percent'])})(?!\w)", after, re.IGNORECASE))
        found.append(
            Number(match[0], float(plain), len(plain.partition(".")[2]), hundred, match.start(), match.end())
        )
    return found


def supports(
    number: Number,
    sentence: str,
    units: Sequence[Mention],
    named: Sequence[Mention],
    m: Measured,
    words: Lexicon,
) -> bool:
    """Whether the reading has this number of the mention nearest to it, or of a word for a measure."""
    nearest = min([*units, *named], key=lambda one: _distance(one, number), default=None)
    own: list[float] = []
    if nearest in units and nearest is not None:
        own += _of_unit(nearest, m)
    elif nearest is not None and nearest.key in m.expression:
        own.append(m.expression[nearest.key])
    if any(number.is_rounded(value) for value in own):
        return True
    return _of_a_measure(number, sentence, bool(named), m, words)


def in_order(number: Number, said: Sequence[Number], units: Sequence[Mention], m: Measured) -> bool:
    """Whether numbers that follow all units, as many as these, are theirs in the same order."""
    own = list({one.key: one for one in units}.values())
    if len(own) != len(said) or len(own) < 2 or said[0].start < max(one.end for one in own):
        return False
    return any(number.is_rounded(value) for value in _of_unit(own[list(said).index(number)], m))


def _of_unit(one: Mention, m: Measured) -> list[float]:
    """All that was measured of a unit."""
    unit = int(one.key.rstrip("ABCDE"))
    tables = (m.attention, m.contrast, m.units, m.hidden, m.hidden_elsewhere)
    return [values[unit] for values in tables if unit in values]


def _of_a_measure(number: Number, sentence: str, named: bool, m: Measured, words: Lexicon) -> bool:
    """Whether it is a measure of the whole face that the sentence has a word for."""
    measures = {one.key for one in words.mentions("scalars", sentence)}
    parts = {"elsewhere": m.elsewhere, "floor": m.floor, "agreement": m.agreement, "rank": m.rank}
    parts |= {"together": None if m.elsewhere is None else 1 - m.elsewhere, "time": m.time}
    parts |= {} if named else {"probability": m.expression[m.label]}
    values = [parts[name] for name in measures if parts.get(name) is not None]
    values += [] if m.left is None or "side" not in measures else [m.left, 1 - m.left]
    if any(number.is_rounded(float(value)) for value in values if value is not None):
        return True
    return any(number.is_angle(m.pose[axis]) for axis in measures if axis in m.pose)


def _distance(one: Mention, number: Number) -> int:
    return max(one.start - number.end, number.start - one.end, 0)
