"""What words of free text mean: action units, expressions, strengths, sides and regions, by data files."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

from facsight.facs.action_units import ACTION_UNITS
from facsight.words.explanation.template_reading import wording

#: An action unit by its number, with a letter of intensity, if there is one, and the others listed after it.
_LISTED = r"\s*(?:,|\+|/|and|und|&)\s*(?:AU ?)?0*\d{1,2}(?!\d|[.,]\d|\s*(?:%|per|°|s\b))"
_NUMBERS = re.compile(
    rf"\b(?:AUs?|action units?)[ -]?\(?0*(\d{{1,2}})([A-E]?)\b((?:{_LISTED})*)", re.IGNORECASE
)


@dataclass(frozen=True)
class Mention:
    """What a place of a text names, by the key of its list, and where it begins and ends."""

    key: str
    start: int
    end: int

    @property
    def place(self) -> tuple[int, int]:
        return self.start, self.end


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words of a language, each list as one pattern a key."""

    table: Mapping[str, Any]
    phrases: Mapping[str, tuple[str, ...]]

    def mentions(self, listed: str, text: str) -> list[Mention]:
        """Everything of a list that a text names, in order; a longer phrase hides one that lies inside it."""
        found = [
            Mention(key, match.start(), match.end())
            for key, pattern in self._patterns[listed].items()
            for match in pattern.finditer(text)
        ]
        outer = [one for one in found if not any(_inside(one, other) for other in found)]
        return sorted(set(outer), key=lambda one: (one.start, one.key))

    def units(self, text: str) -> list[Mention]:
        """Action units by phrase or number; a letter of intensity stays in the key, as in "12C"."""
        return sorted([*self.mentions("units", text), *_numbered(text)], key=lambda one: (one.start, one.key))

    def has(self, listed: str, text: str) -> bool:
        """Whether any word of a plain list stands in a text."""
        return bool(self._plain[listed].search(text))

    def places(self, listed: str, text: str) -> list[tuple[int, int]]:
        """Where words of a plain list stand in a text."""
        return [match.span() for match in self._plain[listed].finditer(text)]

    def first(self, listed: str, text: str) -> str | None:
        """The first word of a plain list in a text."""
        match = self._plain[listed].search(text)
        return match[0] if match else None

    @cached_property
    def _plain(self) -> dict[str, re.Pattern[str]]:
        return {name: whole_words(words) for name, words in self.table.items() if isinstance(words, list)}

    @cached_property
    def _patterns(self) -> dict[str, dict[str, re.Pattern[str]]]:
        lists = {name: words for name, words in self.table.items() if isinstance(words, dict)}
        found = {name: {key: whole_words(words) for key, words in lists[name].items()} for name in lists}
        for unit, phrases in self.phrases.items():
            own = self.table["units"].get(unit, [])
            found["units"][unit] = whole_words([*own, *map(re.escape, phrases)])
        return found


@cache
def lexicon(in_language: str) -> Lexicon:
    """The lexicon of a language, with the phrases of its templates and the FACS names of units."""
    words = wording(in_language)["words"]
    home = resources.files("facsight.words.explanation")
    table = tomllib.loads(home.joinpath("lexicons", f"{in_language}.toml").read_text(encoding="utf-8"))
    phrases = {
        unit: (words["shown"][unit], words["where"][unit], ACTION_UNITS[int(unit)].name)
        for unit in words["shown"]
    }
    others = {str(n): (unit.name,) for n, unit in ACTION_UNITS.items() if str(n) not in phrases}
    return Lexicon(table, phrases | others)


def whole_words(words: Iterable[str]) -> re.Pattern[str]:
    """One pattern of many, each between ends of words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def _numbered(text: str) -> Iterator[Mention]:
    for match in _NUMBERS.finditer(text):
        yield Mention(match[1] + match[2].upper(), match.start(), match.end())
        yield from (Mention(n, match.start(3), match.end(3)) for n in re.findall(r"[1-9]\d?", match[3]))


def _inside(one: Mention, other: Mention) -> bool:
    """Whether one lies in the other, which is longer."""
    wider = other.end - other.start > one.end - one.start
    return wider and other.start <= one.start and one.end <= other.end
