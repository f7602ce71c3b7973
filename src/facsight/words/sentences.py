"""Cues to sentences of a language, and sentences back to cues: the same templates serve both ways."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

from facsight.core.errors import BadRecipe, BadTable, did_you_mean
from facsight.words.cues import Cue

#: A field of a template, ends of lines that JSON does not write out, and a string of JSON.
_FIELD = re.compile(r"\{(\w+):([\w.]+)\}")
_BREAKS = re.compile("[\x85\u2028\u2029]")
_QUOTED = r'"(?:[^"\\]|\\.)*"'


@dataclass(frozen=True, eq=False)
class Language:
    """A language's templates and words, as its file in `languages/` has them."""

    table: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.table["language"]

    def say(self, cue: Cue) -> str:
        """The sentence of a cue, on one line. `BadRecipe` for a word that the language lacks."""
        return self._fill(self.table["sentences"][cue.kind], cue.values)

    def read(self, sentence: str) -> Cue:
        """The cue of a sentence, its numbers as rounded there; `BadTable` where no template fits."""
        for kind, (pattern, readers) in self._patterns.items():
            if match := pattern.fullmatch(sentence):
                return Cue(kind, _values(match, readers))
        raise BadTable(f"no sentence of facsight in {self.name!r} reads {sentence[:80]!r}")

    def rounded(self, cue: Cue) -> Cue:
        """The cue with its numbers as the sentence says them: what can be read back."""
        return Cue(cue.kind, self._round(self.table["sentences"][cue.kind], cue.values))

    @cached_property
    def _patterns(self) -> dict[str, tuple[re.Pattern[str], list[tuple[str, Callable[[str], Any]]]]]:
        sentences: Mapping[str, str] = self.table["sentences"]
        return {kind: self._compiled(template) for kind, template in sentences.items()}

    def _fill(self, template: str, values: Mapping[str, Any]) -> str:
        return _FIELD.sub(lambda field: self._written(values[field[1]], field[2]), template)

    def _round(self, template: str, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = {}
        for name, kind in _FIELD.findall(template):
            first, _, rest = kind.partition(".")
            if first == "items":
                kept[name] = [self._round(self.table["items"][rest], item) for item in values[name]]
            elif first != "by":
                kept[name] = self._reader(kind)(self._written(values[name], kind))
        return kept

    def _written(self, value: Any, kind: str) -> str:
        first, _, rest = kind.partition(".")
        if kind.isdecimal():
            return self._number(value, int(kind))
        if kind == "percent":
            return f"{self._number(_per_cent(value), 0)} %"
        if kind == "quoted":
            return _BREAKS.sub(lambda end: f"\\u{ord(end[0]):04x}", json.dumps(value, ensure_ascii=False))
        if first == "words":
            return self._word(rest, value)
        if first == "by":
            return self._word("by", _by_threshold(rest, value))
        if first == "signed":
            more, less = self.table["signed"][rest]
            return self._fill(less if value < 0 and self._size(more, value) else more, {"size": abs(value)})
        return ", ".join(self._fill(self.table["items"][rest], item) for item in value)

    def _size(self, template: str, value: float | int) -> float:
        """A number without its sign, as a template rounds it."""
        decimals = int(_FIELD.findall(template)[0][1])
        return abs(round(value, decimals))

    def _number(self, value: float | int, decimals: int) -> str:
        told = f"{value:.{decimals}f}"
        told = told.removeprefix("-") if float(told) == 0 else told
        return told.replace(".", self.table["decimal"])

    def _word(self, listed: str, key: Any) -> str:
        """A word of a list; a key that no list has, such as another reader's class, stands as it is."""
        words: Mapping[str, str] = self.table["words"][listed]
        return words.get(str(key), str(key))

    def _compiled(self, template: str) -> tuple[re.Pattern[str], list[tuple[str, Callable[[str], Any]]]]:
        pattern, readers, place = "", [], 0
        for field in _FIELD.finditer(template):
            pattern += re.escape(template[place : field.start()])
            matched, name = self._pattern(field[2]), field[1]
            if field[2].startswith("by."):
                pattern += f"(?:{matched})"
            else:
                pattern += f"({matched})"
                readers.append((name, self._reader(field[2])))
            place = field.end()
        return re.compile(pattern + re.escape(template[place:])), readers

    def _pattern(self, kind: str) -> str:
        first, _, rest = kind.partition(".")
        number = rf"-?\d+(?:{re.escape(self.table['decimal'])}\d+)?"
        if kind.isdecimal():
            return number
        if kind == "percent":
            return rf"{number} %"
        if kind == "quoted":
            return _QUOTED
        if first == "by":
            return "|".join(re.escape(word) for word in self.table["words"]["by"].values())
        if first == "signed":
            forms = (
                re.escape(form).replace(re.escape("{size:"), "{size:") for form in self.table["signed"][rest]
            )
            return "|".join(re.sub(r"\{size:(\d)\\\}", lambda _: number, form) for form in forms)
        if first == "words":
            return "|".join(re.escape(word) for word in self.table["words"][rest].values()) + r"|[\w ]+?"
        return r".+?"

    def _reader(self, kind: str) -> Callable[[str], Any]:
        first, _, rest = kind.partition(".")
        if kind.isdecimal():
            return self._read_number
        if kind == "percent":
            return lambda told: round(self._read_number(told.removesuffix(" %")) / 100, 4)
        if kind == "quoted":
            return json.loads
        if first == "words":
            meant = {word: key for key, word in self.table["words"][rest].items()}
            return lambda told: _key(meant.get(told, told))
        if first == "signed":
            return lambda told: self._read_signed(told, rest)
        return lambda told: self._read_items(told, rest)

    def _read_number(self, told: str) -> float:
        return float(told.replace(self.table["decimal"], "."))

    def _read_signed(self, told: str, name: str) -> float:
        for sign, form in zip((1, -1), self.table["signed"][name], strict=True):
            pattern, readers = self._compiled(form)
            if match := pattern.fullmatch(told):
                return sign * _values(match, readers)["size"]
        raise BadTable(f"expected a number with a direction, found {told!r}")

    def _read_items(self, told: str, name: str) -> list[dict[str, Any]]:
        pattern, readers = self._compiled(self.table["items"][name])
        matches = [pattern.fullmatch(part) for part in told.split(", ")]
        if None in matches:
            raise BadTable(f"expected a list, found {told[:80]!r}")
        return [_values(match, readers) for match in matches if match]


def languages() -> tuple[str, ...]:
    """The languages that there are templates of.

    >>> languages()
    ('de', 'en')
    """
    files = resources.files("facsight.words").joinpath("languages").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@cache
def language(name: str) -> Language:
    """A language by name; `BadRecipe` names those that there are.

    >>> language("en").say(Cue("movement", {"who": "person", "number": 1, "speed": 2.04}))
    'The head of person 1 moves by 2.0 degrees a second.'
    """
    if name not in languages():
        raise BadRecipe(f"there are no sentences in the language {name!r}: {did_you_mean(name, languages())}")
    file = resources.files("facsight.words").joinpath("languages", f"{name}.toml")
    return Language(tomllib.loads(file.read_text(encoding="utf-8")))


def _per_cent(share: float | int) -> int:
    """A share in whole per cent, never rounded up to a certainty.

    >>> _per_cent(0.414), _per_cent(0.9996), _per_cent(1.0)
    (41, 99, 100)
    """
    return round(100 * share) if share >= 1 else min(99, round(100 * share))


def _values(match: re.Match[str], readers: Sequence[tuple[str, Callable[[str], Any]]]) -> dict[str, Any]:
    told = match.groups()
    found: dict[str, Any] = {}
    for (name, reader), text in zip(readers, told, strict=True):
        found.setdefault(name, reader(text))
    return found


def _key(word: str) -> Any:
    """Action units have numbers as keys."""
    return int(word) if word.isdecimal() else word


def _by_threshold(name: str, value: float | int) -> str:
    return [word for word, least in _thresholds()[name] if value >= least][-1]


@cache
def _thresholds() -> dict[str, list[list[Any]]]:
    file = resources.files("facsight.words").joinpath("thresholds.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
