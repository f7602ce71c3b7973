"""Recipes: short TOML files that say what to train, checked against the signatures of what they name."""

import inspect
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from facsight import catalog
from facsight.core.errors import BadRecipe, did_you_mean

#: Sections of a recipe and, for those that name something, the shelf it stands on.
SECTIONS = {
    "data": "datasets",
    "crop": None,
    "augmentation": None,
    "network": "backbones",
    "method": "methods",
    "guidance": None,
    "training": None,
}
TOP = {"about": str, "seed": int}
#: Options that recipes may give beside those of the named object.
EXTRA = {
    "data": {"name": str, "fraction": float, "shuffled_labels": bool},
    "network": {"name": str, "head": str, "dropout": float},
    "method": {"name": str},
}
CROP = {"size": int}
#: What the front desk supplies itself.
SUPPLIED = {
    "data": {"split"},
    "network": {"backbone", "classes"},
    "method": {"network", "guide"},
}


@dataclass(frozen=True)
class Recipe:
    """A checked recipe: plain values by section."""

    about: str
    seed: int
    sections: Mapping[str, Mapping[str, Any]]

    def to_toml(self) -> str:
        """The resolved recipe, as TOML that `read_recipe` reads back to an equal recipe."""
        lines = [f"about = {_toml(self.about)}", f"seed = {self.seed}"]
        for section, options in self.sections.items():
            if section == "guidance" and not options:
                continue  # so that runs from before there was this section are still of the same recipe
            lines += ["", f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in options.items())]
        return "\n".join(lines) + "\n"


def read_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and check a recipe; `overrides` are `key=value` or `section.key=value`, values as in TOML.

    Unknown keys, sections, names and values of the wrong kind raise `BadRecipe` with the nearest known one.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadRecipe(
            f"there is no recipe {path}; `facsight list recipes` names those that ship"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise BadRecipe(f"{path} is not a recipe in TOML: {error}") from error
    for override in overrides:
        _override(content, override)
    return check_recipe(content, source=str(path))


def check_recipe(content: Mapping[str, Any], *, source: str = "recipe") -> Recipe:
    """The recipe in these plain values; see `read_recipe`."""
    for key, value in content.items():
        if key not in SECTIONS and key not in TOP:
            raise BadRecipe(f"{source}: unknown key {key!r}: {did_you_mean(key, [*SECTIONS, *TOP])}")
        _check_kind(source, key, value, TOP.get(key, dict))
    for section in ("data", "method"):
        if "name" not in content.get(section, {}):
            raise BadRecipe(f"{source}: [{section}] needs a `name`; see `facsight list {SECTIONS[section]}`")
    sections = {name: dict(content.get(name, {})) for name in SECTIONS}
    sections["network"].setdefault("name", "small_resnet")
    sections["crop"].setdefault("size", 48)
    _settle_guidance(source, sections)
    for name, options in sections.items():
        _check_options(source, name, options)
    _check_ranges(source, sections)
    return Recipe(about=content.get("about", ""), seed=content.get("seed", 0), sections=sections)


def takes_guide(method: Callable[..., Any]) -> bool:
    """Whether a method of the catalogue is guided by action units: its weight then is `method.guidance`."""
    return "guide" in inspect.signature(method).parameters


def _settle_guidance(source: str, sections: Mapping[str, dict[str, Any]]) -> None:
    """Options of the guide that stand in [method], as before there was [guidance], move there."""
    method, guidance = sections["method"], sections["guidance"]
    if not takes_guide(catalog.load("methods", method["name"])):
        if guidance:
            raise BadRecipe(f"{source}: {method['name']!r} is not guided by action units: drop [guidance]")
        return
    for key in section_options("guidance", {}).keys() & method.keys():
        if key in guidance:
            raise BadRecipe(f"{source}: {key} stands in [method] and in [guidance]; keep the latter")
        guidance[key] = method.pop(key)


def _check_options(source: str, section: str, options: dict[str, Any]) -> None:
    """Refuse options that the section does not have, or of the wrong kind; whole numbers become fractions."""
    known = section_options(section, options)
    for key, value in options.items():
        if key not in known:
            owner = f"[{section}]" + (f" of {options['name']!r}" if "name" in options else "")
            raise BadRecipe(f"{source}: {owner} has no option {key!r}: {did_you_mean(key, known)}")
        _check_kind(source, f"{section}.{key}", value, known[key])
        if float in _plain_kinds(known[key]) and isinstance(value, int):
            options[key] = float(value)


def section_options(section: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a section accepts, with their annotations, read from the source itself.

    `chosen` are those that it has: its `name`, and a network's `head`, say which others there are.
    """
    if section == "crop":
        return dict(CROP)
    if section == "training":
        from facsight.training.plan import Plan

        return {field.name: field.type for field in fields(Plan)}
    if section == "augmentation":
        from facsight.data.crops import Augmentation

        return {field.name: field.type for field in fields(Augmentation)}
    if section == "guidance":
        from facsight.facs.guide import Guide

        return {k: v for k, v in signature_options(Guide).items() if k not in ("classes", "weight")}
    shelf = SECTIONS.get(section)
    if shelf is None:
        raise BadRecipe(f"there is no section [{section}]: {did_you_mean(section, SECTIONS)}")
    named = catalog.load(shelf, chosen["name"])
    options = EXTRA[section] | signature_options(named)
    if section == "network":
        options |= signature_options(catalog.load("heads", chosen.get("head", "gap")))
    if section == "method" and takes_guide(named):
        options["guidance"] = float
    return {key: kind for key, kind in options.items() if key not in SUPPLIED[section]}


def signature_options(thing: Callable[..., Any]) -> dict[str, Any]:
    """Parameter names and annotations of a function or of a class's constructor."""
    function = thing.__init__ if inspect.isclass(thing) else thing
    hints = get_type_hints(function)
    return {name: hints.get(name, Any) for name in inspect.signature(thing).parameters}


def _override(content: dict[str, Any], override: str) -> None:
    key, mark, text = override.partition("=")
    if not mark:
        raise BadRecipe(f"expected key=value, found {override!r}, e.g. seed=1 or method.guidance=0")
    section, dot, option = key.strip().partition(".")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word is a string: data.folder=faces/ferplus
    if dot:
        content.setdefault(section, {})[option] = value
    else:
        content[section] = value


def _check_kind(source: str, key: str, value: Any, annotation: Any) -> None:
    """Refuse a value whose kind cannot be the annotated one; whole numbers are fine for fractions."""
    if annotation is Any:
        return
    allowed = _plain_kinds(annotation)
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


def _plain_kinds(annotation: Any) -> tuple[type, ...]:
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
        return tuple(kind for arg in arguments for kind in _plain_kinds(arg))
    if annotation is Path:
        return (str,)
    return (annotation,) if annotation in (str, int, float, bool, dict) else ()


def _check_ranges(source: str, sections: Mapping[str, Mapping[str, Any]]) -> None:
    fraction = sections["data"].get("fraction", 1.0)
    if not 0 < fraction <= 1:
        raise BadRecipe(f"{source}: data.fraction is a share above 0, at most 1, found {fraction}")
    if not 16 <= sections["crop"]["size"] <= 512:
        raise BadRecipe(f"{source}: crop.size is 16 to 512 pixels, found {sections['crop']['size']}")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return repr(value)
