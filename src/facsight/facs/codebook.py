"""Codebooks: which action units make up which expression, by which authority.

A codebook is a TOML file. Some ship with facsight, beside this module; anyone's own loads by its path:

    name = "mine"
    version = "1"
    source = "who says so, and where"
    own_expressions = ["boredom"]              # optional: names that facsight does not know

    [expressions.happiness]
    action_units = [6, 12]                     # of weight 1 each, or
    weights = { 12 = 1.0, 25 = 1.0, 6 = 0.51 } # in (0, 1]
    source = "..."                             # optional: where this entry differs from the book's source
    note = "..."                               # optional

Codebooks differ a lot: some list every unit that may take part (large maps), some the typical ones (small
maps). Scores are comparable within one codebook and version only.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadCodebook, did_you_mean
from facsight.core.labels import ALIASES, EXPRESSIONS
from facsight.facs.action_units import ACTION_UNITS

#: Expressions made of two, after Du, Tao & Martinez 2014 and EmotioNet 2016.
COMPOUND_EXPRESSIONS = (
    *("happily surprised", "happily disgusted", "happily sad", "happily fearful"),
    *("sadly fearful", "sadly angry", "sadly surprised", "sadly disgusted"),
    *("fearfully angry", "fearfully surprised", "fearfully disgusted"),
    *("angrily surprised", "angrily disgusted", "disgustedly surprised"),
    *("appalled", "hatred", "awed"),
)

#: What else codebooks describe.
OTHER_STATES = ("pain", "cluelessness", "speech")

#: The one that has an entry for each compound expression of every dataset's label space.
COMPOUND_CODEBOOK = "emotionet"

_BOOK_KEYS = ("name", "version", "source", "note", "own_expressions", "expressions")
_ENTRY_KEYS = ("action_units", "weights", "source", "note")

#: The codebook of the shipped reader: that of the survey of Martinez et al. 2017, with contempt from EMFACS.
DEFAULT_CODEBOOK = "facsight"


@dataclass(frozen=True, eq=False)
class Codebook:
    """Expressions as weighted action units.

    `expressions` maps an expression to {FACS number: weight in (0, 1]}; `sources` says on whose authority,
    entry by entry; `notes` what else to know. Both have the expression's name as key.
    """

    name: str
    version: str
    source: str
    expressions: Mapping[str, Mapping[int, float]]
    sources: Mapping[str, str]
    notes: Mapping[str, str]

    @property
    def identity(self) -> str:
        """Name and version, to be stored with every score."""
        return f"{self.name}/{self.version}"

    @property
    def action_units(self) -> tuple[int, ...]:
        """Every unit that some expression has, sorted."""
        return tuple(sorted({unit for units in self.expressions.values() for unit in units}))

    def weights(self, classes: Sequence[str], action_units: Sequence[int]) -> Float[Tensor, "class au"]:
        """How much each unit belongs to each class; rows of classes without an entry (neutral) are zero.

        >>> load_codebook("emfacs").weights(["happiness", "neutral"], [6, 12, 15])
        tensor([[1., 1., 0.],
                [0., 0., 0.]])
        """
        rows = [self.expressions.get(_canonical(name), {}) for name in classes]
        return torch.tensor([[row.get(unit, 0.0) for unit in action_units] for row in rows]).reshape(
            len(classes), len(action_units)
        )


def codebook_names() -> tuple[str, ...]:
    """The codebooks that ship with facsight.

    >>> "facsight" in codebook_names()
    True
    """
    files = resources.files("facsight.facs").joinpath("codebooks").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_codebook(name_or_path: str | Path) -> Codebook:
    """A codebook by name, or anyone's own by the path of its TOML file; `BadCodebook` says what is wrong.

    >>> sorted(load_codebook("facsight").expressions["happiness"])
    [6, 12, 25]
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return parse_codebook(_read(path), str(path))
    return _shipped(str(name_or_path))


@cache
def _shipped(name: str) -> Codebook:
    if name not in codebook_names():
        advice = did_you_mean(name, codebook_names())
        raise BadCodebook(f"no codebook is called {name!r}: {advice}, or the path of a .toml file")
    file = resources.files("facsight.facs").joinpath("codebooks", f"{name}.toml")
    return parse_codebook(file.read_text(encoding="utf-8"), name)


def parse_codebook(text: str, origin: str) -> Codebook:
    """Read and check the text of a codebook; `origin` names it in messages."""
    try:
        book = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadCodebook(
            f"codebook {origin} is not valid TOML (a key given twice is not either): {error}"
        ) from error
    _refuse_unknown_keys(book, _BOOK_KEYS, f"codebook {origin}")
    for key in ("name", "version", "source"):
        _text(book, key, f"codebook {origin}")
    own = _names(book.get("own_expressions", []), origin)
    known = (*EXPRESSIONS, *COMPOUND_EXPRESSIONS, *OTHER_STATES, *own)
    entries = book.get("expressions")
    if not isinstance(entries, dict) or not entries:
        raise BadCodebook(
            f"codebook {origin} has no entry: write [expressions.happiness] and its action units"
        )
    expressions, sources, notes = {}, {}, {}
    for written, entry in entries.items():
        name, where = _expression(written, known, origin), f"codebook {origin}, {written!r}"
        if name in expressions:
            raise BadCodebook(f"{where}: {name!r} has an entry already; join the two")
        expressions[name] = MappingProxyType(_entry_weights(entry, where))
        sources[name] = _text(entry, "source", where) if "source" in entry else book["source"]
        notes[name] = _text(entry, "note", where) if "note" in entry else ""
    parts = (MappingProxyType(part) for part in (expressions, sources, notes))
    return Codebook(book["name"], book["version"], book["source"], *parts)


def _canonical(name: str) -> str:
    word = name.strip().lower().replace("_", " ")
    return ALIASES.get(word, word)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCodebook(f"codebook {path} cannot be read as a text file: {error}") from error


def _refuse_unknown_keys(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise BadCodebook(f"{where}: key {key!r} is not known; {did_you_mean(key, known)}")


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadCodebook(f'{where} needs a {key}: a text such as {key} = "...", found {value!r}')
    return value


def _names(names: object, origin: str) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadCodebook(f"codebook {origin}: own_expressions is a list of names, found {names!r}")
    return tuple(_canonical(name) for name in names)


def _expression(written: str, known: Sequence[str], origin: str) -> str:
    name = _canonical(written)
    if name not in known:
        raise BadCodebook(
            f"codebook {origin}: {written!r} is no expression that facsight knows; "
            f"{did_you_mean(name, known)}. For one of your own add own_expressions = [{written!r}] at the top"
        )
    return name


def _entry_weights(entry: object, where: str) -> dict[int, float]:
    """The checked weights of one entry, by FACS number, sorted."""
    if not isinstance(entry, dict):
        raise BadCodebook(f"{where}: an entry is a table with action_units or weights, found {entry!r}")
    _refuse_unknown_keys(entry, _ENTRY_KEYS, where)
    if ("action_units" in entry) == ("weights" in entry):
        raise BadCodebook(
            f"{where} needs either action_units = [...] or weights = {{ ... }}, not both and not neither"
        )
    listed = entry.get("action_units", [])
    if not isinstance(listed, list) or not isinstance(entry.get("weights", {}), dict):
        raise BadCodebook(
            f"{where}: action_units is a list such as [6, 12], weights a table such as {{ 12 = 1.0 }}"
        )
    pairs = [(unit, 1.0) for unit in listed] or list(entry.get("weights", {}).items())
    if not pairs:
        raise BadCodebook(f"{where} names no action unit; leave the entry out if the expression has none")
    weights: dict[int, float] = {}
    for written, weight in pairs:
        unit = _unit(written, where)
        if unit in weights:
            raise BadCodebook(f"{where}: AU{unit} is listed twice")
        weights[unit] = _weight(weight, unit, where)
    return dict(sorted(weights.items()))


def _unit(written: object, where: str) -> int:
    number = str(written).removeprefix("AU")
    if isinstance(written, bool) or not number.isdecimal() or int(number) not in ACTION_UNITS:
        raise BadCodebook(
            f"{where}: {written!r} is not a FACS action unit; known numbers: {sorted(ACTION_UNITS)}"
        )
    return int(number)


def _weight(weight: object, unit: int, where: str) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1:
        raise BadCodebook(
            f"{where}: the weight of AU{unit} is {weight!r}, expected a number above 0, at most 1"
        )
    return float(weight)
