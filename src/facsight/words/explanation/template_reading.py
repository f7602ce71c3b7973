"""The checker's own way from a sentence back to what it says, by the templates alone."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from facsight.core.errors import BadRecipe, did_you_mean

_FIELD = re.compile(r"\{(\w+):([\w.]+)\}")
_DATA = resources.files("facsight.words")


@dataclass(frozen=True)
class Told:
    """What a field of a sentence says.

    Its text, the keys that this is a word of, a number with its decimals, the items of a list, or the name of
    a strength in `thresholds.toml`.
    """

    text: str
    keys: frozenset[str] = frozenset()
    number: float | None = None
    decimals: int = 0
    items: tuple["Told", ...] = ()
    strength: str | None = None

    def means(self, key: object) -> bool:
        """Whether the word is that of a key; a key that no list has stands as it is."""
        return str(key) in (self.keys or {self.text})


def read_sentence(sentence: str, in_language: str) -> Iterator[tuple[str, dict[str, Told]]]:
    """Every template that reads the whole sentence, with what its fields say."""
    for kind, template in wording(in_language)["sentences"].items():
        if (fields := _read(template, sentence, in_language)) is not None:
            yield kind, fields


@cache
def wording(in_language: str) -> dict[str, Any]:
    """The data file of explanations in a language, and the words of readings that it does not change."""
    home = _DATA.joinpath("explanation", "languages")
    known = sorted(file.name.removesuffix(".toml") for file in home.iterdir() if file.name.endswith(".toml"))
    if in_language not in known:
        raise BadRecipe(f"there are no explanations in {in_language!r}: {did_you_mean(in_language, known)}")
    general, own = (
        tomllib.loads(place.joinpath(f"{in_language}.toml").read_text(encoding="utf-8"))
        for place in (_DATA.joinpath("languages"), home)
    )
    for name, words in general["words"].items():
        own["words"][name] = {**words, **own["words"].get(name, {})}
    return {**own, "signed": general["signed"], "decimal": general["decimal"]}


@cache
def strengths() -> dict[str, list[list[Any]]]:
    """From which value on a word is used, smallest first."""
    return tomllib.loads(_DATA.joinpath("thresholds.toml").read_text(encoding="utf-8"))


def _read(template: str, text: str, in_language: str) -> dict[str, Told] | None:
    """What the fields say; None where the text is another, or says one field in two ways."""
    if (match := _pattern(template, in_language).fullmatch(text)) is None:
        return None
    found: dict[str, Told] = {}
    for (name, kind), said in zip(_FIELD.findall(template), match.groups(), strict=True):
        told = _field(kind, said, in_language)
        if told is None:
            return None
        earlier = found.get(name)
        if earlier is not None and (told := _both(earlier, told)) is None:
            return None
        found[name] = told
    return found


@cache
def _pattern(template: str, in_language: str) -> re.Pattern[str]:
    """A pattern of a whole sentence, a group a field."""
    table, (first, *rest) = wording(in_language), _FIELD.split(template)
    pattern = re.escape(first)
    for kind, after in zip(rest[1::3], rest[2::3], strict=True):
        pattern += f"({_form(kind, table)})" + re.escape(after)
    return re.compile(pattern)


def _both(one: Told, other: Told) -> Told | None:
    """One field that is said as a word and as a number: an action unit's two must mean the same."""
    word, number = (one, other) if one.number is None else (other, one)
    if word.strength is None and (number.number is None or f"{number.number:.0f}" not in word.keys):
        return None
    return replace(number, keys=word.keys, strength=word.strength)


def _form(kind: str, table: Mapping[str, Any]) -> str:
    """A pattern without groups for what a field may look like."""
    first, _, rest = kind.partition(".")
    number = rf"-?\d+(?:{re.escape(table['decimal'])}\d+)?"
    if kind.isdecimal():
        return number
    if kind == "percent":
        return rf"{number} %"
    if first == "by":
        return "|".join(re.escape(table["words"]["by"][key]) for key, _ in strengths()[rest])
    if first == "signed":
        return "|".join(re.escape(a) + number + re.escape(b) for a, b in map(_around, table["signed"][rest]))
    if first == "words":
        listed = sorted(table["words"][rest].values(), key=len, reverse=True)
        return "|".join([*map(re.escape, listed), r"[\w ]+?"])
    return ".+?"


def _around(form: str) -> tuple[str, str]:
    before, _, _, after = _FIELD.split(form)
    return before, after


def _field(kind: str, said: str, in_language: str) -> Told | None:
    table, (first, _, rest) = wording(in_language), kind.partition(".")
    if kind.isdecimal() or kind == "percent":
        return _numbered(said, said.removesuffix(" %"), table)
    if first == "by":
        (strength,) = (key for key, _ in strengths()[rest] if table["words"]["by"][key] == said)
        return Told(said, strength=strength)
    if first == "words":
        return Told(said, frozenset(key for key, word in table["words"][rest].items() if word == said))
    if first == "signed":
        return _signed(said, table["signed"][rest], table)
    parts = [_read(table["items"][rest], part, in_language) for part in said.split(", ")]
    if None in parts:
        return None
    return Told(said, items=tuple(field for part in parts if part for field in part.values()))


def _signed(said: str, forms: list[str], table: Mapping[str, Any]) -> Told | None:
    for sign, (before, after) in zip((1, -1), map(_around, forms), strict=True):
        if said.startswith(before) and said.endswith(after):
            told = _numbered(said, said[len(before) : len(said) - len(after)], table)
            if told is None or told.number is None or (sign < 0 and told.number == 0):
                return None  # nothing has no direction: only the first form says it
            return replace(told, number=sign * told.number)
    return None


def _numbered(said: str, digits: str, table: Mapping[str, Any]) -> Told | None:
    plain = digits.replace(table["decimal"], ".")
    if re.fullmatch(r"-?\d+(?:\.\d+)?", plain) is None:
        return None
    return Told(said, number=float(plain), decimals=len(plain.partition(".")[2]))
