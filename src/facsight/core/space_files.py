"""The files of label spaces: one a family, each space a table, and other words for the same classes.

[aliases]
happy = "happiness"

[rafdb7]
classes = ["surprise", "fear"]    # or action_units = [1, 2], which names them AU01 and AU02
kind = "classes"                  # one of (the default); or units (each yes or no), levels, values
column = "expression"             # of a table, where the kind is classes
codes = [1, 2]                    # the dataset's own number or letters for each class
invalid = [-1]                    # the dataset's marks for no label
low = 0                           # the range of levels and values
high = 5
takes = { joy = "happiness" }     # classes of other spaces that count as one of these
about = "who says so"
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from facsight.core.errors import BadLabels, did_you_mean

KINDS = ("classes", "units", "levels", "values")
KEYS = {
    "classes": list,
    "action_units": list,
    "kind": str,
    "column": str,
    "codes": list,
    "invalid": list,
    "low": (int, float),
    "high": (int, float),
    "takes": dict,
    "about": str,
}


def shipped_files() -> Iterator[tuple[str, str]]:
    """Name and text of each file of label spaces that ships with facsight."""
    folder = resources.files("facsight.core").joinpath("spaces")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text(encoding="utf-8")


def parse_spaces(text: str, origin: str) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The spaces of a file, as arguments of `LabelSpace`, and its aliases; `origin` names it in errors."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadLabels(f"label spaces {origin}: not valid TOML: {error}") from error
    aliases = content.pop("aliases", {})
    _check_words(aliases, f"label spaces {origin}, [aliases]")
    return {name: _space(name, entry, origin) for name, entry in content.items()}, aliases


def _space(name: str, entry: object, origin: str) -> dict[str, Any]:
    where = f"label space {name} of {origin}"
    if not isinstance(entry, dict):
        raise BadLabels(f"{where}: expected a table [{name}], found {entry!r}")
    for key, value in entry.items():
        if key not in KEYS:
            raise BadLabels(f"{where}: key {key!r} is not known; {did_you_mean(key, KEYS)}")
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise BadLabels(f"{where}: {key} = {value!r} is of the wrong kind")
    entry = dict(entry)
    if ("classes" in entry) == ("action_units" in entry):
        raise BadLabels(f"{where} needs either classes or action_units, not both and not neither")
    if not all(isinstance(word, str) for word in entry.get("classes", [])):
        raise BadLabels(f"{where}: classes are words, found {entry['classes']!r}")
    units = entry.pop("action_units", [])
    if not all(isinstance(unit, int) for unit in units):
        raise BadLabels(f"{where}: action_units are numbers such as [1, 2, 12], found {units!r}")
    entry["classes"] = tuple(entry.get("classes", [f"AU{unit:02d}" for unit in units]))
    entry["takes"] = _check_words(entry.get("takes", {}), f"{where}, takes")
    entry |= {key: tuple(entry[key]) for key in ("codes", "invalid") if key in entry}
    return entry | {key: float(entry[key]) for key in ("low", "high") if key in entry}


def _check_words(table: object, where: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(table, Mapping) or not all(isinstance(word, str) for word in table.values()):
        raise BadLabels(f'{where}: expected words such as happy = "happiness", found {table!r}')
    return tuple(table.items())
