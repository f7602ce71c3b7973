"""Values of recipes: given on the command line, checked against annotations, written as TOML."""

import inspect
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from facsight.core.errors import BadRecipe, did_you_mean


def override(content: dict[str, Any], override: str) -> None:
    """Change one value of a recipe's content; with another `name`, a section begins anew."""
    key, mark, text = override.partition("=")
    if not mark:
        raise BadRecipe(f"expected key=value, found {override!r}, e.g. seed=1 or method.guidance=0")
    *sections, option = key.strip().split(".")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word is a string: data.folder=faces/ferplus
    for section in sections:
        content = content.setdefault(section, {})
        if not isinstance(content, dict):
            raise BadRecipe(f"{key.strip()}: {section} is no section but has a value of its own")
    if option == "name" and content.get("name", value) != value:
        content.clear()
    content[option] = value


def check_kind(source: str, key: str, value: Any, annotation: Any) -> None:
    """Refuse a value whose kind cannot be the annotated one; whole numbers are fine for fractions."""
    if annotation is Any:
        return
    allowed = plain_kinds(annotation)
    if isinstance(value, bool) and bool not in allowed:
        fits = False
    else:
        fits = any(isinstance(value, kind) or (kind is float and isinstance(value, int)) for kind in allowed)
    choices = [arg for arg in get_args(annotation) if isinstance(arg, str)]
    if choices and isinstance(value, str) and value not in choices:
        raise BadRecipe(f"{source}: {key} = {value!r}: {did_you_mean(value, choices)}")
    if allowed and not fits:
        names = " or ".join(sorted({kind.__name__ for kind in allowed}))
        raise BadRecipe(f"{source}: {key} expects {names}, found {value!r}")


def plain_kinds(annotation: Any) -> tuple[type, ...]:
    """The Python types that a TOML value may have for an annotation; empty when anything goes."""
    arguments = get_args(annotation)
    if arguments and all(isinstance(arg, str) for arg in arguments):
        return (str,)
    origin = getattr(annotation, "__origin__", None)
    if origin is not None and inspect.isclass(origin):
        if issubclass(origin, Mapping):
            return (dict,)
        if issubclass(origin, Sequence):
            return (list, tuple)
    if arguments:
        return tuple(kind for arg in arguments for kind in plain_kinds(arg))
    if annotation is Path:
        return (str,)
    return (annotation,) if annotation in (str, int, float, bool, dict) else ()


def toml_key(name: str) -> str:
    """A key as TOML has it: in quotes where it holds more than letters, digits, _ and -.

    >>> toml_key("size"), toml_key("audio:voice")
    ('size', '"audio:voice"')
    """
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else as_toml(name)


def as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_key(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    return repr(value)
