"""Recipes: short TOML files that say what to train, checked against the signatures of what they name.

A recipe of several stages has a table [stages.NAME] for each, in their order: sections that are put over
those of the recipe. A later stage may name an earlier one.
"""

import copy
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facsight import catalog
from facsight.core.errors import BadRecipe, did_you_mean
from facsight.data.protocol import load_protocol
from facsight.recipe.kinds import (
    FACES,
    KINDS,
    PEOPLE,
    UNITS,
    Kind,
    kind_of,
    modality_options,
    section_options,
    supplied_to,
    takes_guide,
)
from facsight.recipe.values import as_toml, check_kind, override, plain_kinds, toml_key

__all__ = ["Recipe", "check_recipe", "read_recipe", "supplied_to", "takes_guide"]

TOP = {"about": str, "seed": int}


@dataclass(frozen=True)
class Recipe:
    """A checked recipe: plain values by section. `stages`, if any, are recipes themselves, by name."""

    about: str
    seed: int
    sections: Mapping[str, Mapping[str, Any]]
    kind: str = FACES.name
    stages: Mapping[str, "Recipe"] = field(default_factory=dict)

    def to_toml(self) -> str:
        """The resolved recipe, as TOML that `read_recipe` reads back to an equal recipe.

        One with stages cannot be written as a whole: each stage can.
        """
        lines = [f"about = {as_toml(self.about)}", f"seed = {self.seed}"]
        for section, options in self.sections.items():
            if section in ("guidance", "temporal", "postprocess", "source_stage") and not options:
                continue  # so that runs from before there were such sections are still of the same recipe
            lines += [
                "",
                f"[{section}]",
                *(f"{toml_key(key)} = {as_toml(value)}" for key, value in options.items()),
            ]
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
    # a section that is made to name something else keeps nothing of what it named before
    for one in sorted(overrides, key=lambda text: ".name=" not in text.replace(" ", "")):
        override(content, one)
    return check_recipe(content, source=str(path))


def check_recipe(content: Mapping[str, Any], *, source: str = "recipe") -> Recipe:
    """The recipe in these plain values; see `read_recipe`."""
    if "stages" not in content:
        return _checked(content, source)
    shared = {key: value for key, value in content.items() if key != "stages"}
    check_kind(source, "stages", content["stages"], dict)
    stages: dict[str, Recipe] = {}
    for name, own in content["stages"].items():
        check_kind(source, f"stages.{name}", own, dict)
        if not name.replace("_", "").isalnum():
            raise BadRecipe(f"{source}: stages are named by letters, digits and _, found {name!r}")
        stages[name] = _checked(_over(shared, own), f"{source}, stage {name}")
        _check_earlier(f"{source}, stage {name}", stages[name], list(stages)[:-1])
    if not stages:
        raise BadRecipe(f"{source}: [stages] names none")
    last = list(stages.values())[-1]
    return Recipe(last.about, last.seed, last.sections, last.kind, stages)


def _check_earlier(where: str, stage: Recipe, earlier: Sequence[str]) -> None:
    """The teacher and the donors of a stage are earlier stages, or run folders."""
    teacher = stage.sections["method"].get("teacher")
    named = [("teacher", teacher)] if teacher is not None else []
    named += [("donor", donor) for donor in stage.sections.get("network", {}).get("donors", ())]
    for role, name in named:
        if name not in earlier and not Path(name).exists():
            raise BadRecipe(
                f"{where}: the {role} is an earlier stage or a run folder: {did_you_mean(name, earlier)}"
            )


def _over(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with the sections of a stage over its own; one that names something else starts anew."""
    merged = copy.deepcopy(dict(shared))
    for key, value in own.items():
        known = merged.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            renamed = key == "modalities" or ("name" in value and value["name"] != known.get("name"))
            merged[key] = dict(value) if renamed else known | value
        else:
            merged[key] = value
    return merged


def _checked(content: Mapping[str, Any], source: str) -> Recipe:
    for section in ("data", "method"):
        check_kind(source, section, content.get(section, {}), dict)
    known = [*dict.fromkeys(section for one in KINDS for section in one.sections), *TOP]
    for key in content:
        if key not in known:
            raise BadRecipe(f"{source}: unknown key {key!r}: {did_you_mean(key, known)}")
    for section in ("data", "method"):
        if "name" not in content.get(section, {}):
            raise BadRecipe(f"{source}: [{section}] needs a `name`; see `facsight list {section}s`")
    kind = kind_of(content["method"]["name"])
    for key, value in content.items():
        if key not in (*kind.sections, *TOP):
            raise BadRecipe(
                f"{source}: a recipe of {kind.name} has no [{key}]: {did_you_mean(key, kind.sections)}"
            )
        check_kind(source, key, value, TOP.get(key, dict))
    sections = {
        name: dict(kind.defaults.get(name, {})) | dict(content.get(name, {})) for name in kind.sections
    }
    if kind is FACES:
        _settle_guidance(source, sections)
    for name, options in sections.items():
        if name == "modalities":
            _check_modalities(source, options)
        elif options or name not in kind.optional:
            _check_options(source, kind, name, options)
    _check_ranges(source, kind, sections)
    return Recipe(content.get("about", ""), content.get("seed", 0), sections, kind.name)


def _settle_guidance(source: str, sections: Mapping[str, dict[str, Any]]) -> None:
    """Options of the guide that stand in [method], as before there was [guidance], move there."""
    method, guidance = sections["method"], sections["guidance"]
    if not takes_guide(catalog.load("methods", method["name"])):
        if guidance:
            raise BadRecipe(f"{source}: {method['name']!r} is not guided by action units: drop [guidance]")
        return
    for key in section_options(FACES, "guidance", {}).keys() & method.keys():
        if key in guidance:
            raise BadRecipe(f"{source}: {key} stands in [method] and in [guidance]; keep the latter")
        guidance[key] = method.pop(key)


def _check_options(source: str, kind: Kind, section: str, options: dict[str, Any]) -> None:
    """Refuse options that the section does not have, or of the wrong kind; whole numbers become fractions."""
    owner = f"[{section}]" + (f" of {options['name']!r}" if "name" in options else "")
    if section in kind.named and "name" not in options:
        raise BadRecipe(f"{source}: [{section}] needs a `name`; see `facsight list {kind.named[section]}`")
    _refuse(source, owner, section, options, section_options(kind, section, options))
    if section == "data" and "datasets" in options:
        options["datasets"] = _datasets(source, kind, options["datasets"])


def _datasets(source: str, kind: Kind, datasets: Mapping[str, Any]) -> dict[str, Any]:
    """The options of each of several datasets: those that [data] has for it alone, without folds."""
    found = {}
    for name, own in datasets.items():
        check_kind(source, f"data.datasets.{name}", own, dict)
        found[name] = dict(own)
        _check_options(source, kind, "data", found[name])
        for key in ("fold", "folds", "protocol", "groups", "datasets"):
            if key in own:
                raise BadRecipe(f"{source}: data.{key} is of all datasets together, not of {name!r}")
    return found


def _check_modalities(source: str, modalities: dict[str, Any]) -> None:
    for name, options in modalities.items():
        check_kind(source, f"modalities.{name}", options, dict)
        modalities[name] = dict(options)
        _refuse(
            source, f"[modalities.{name}]", f"modalities.{name}", modalities[name], modality_options(options)
        )
        if options.get("frames", 1) < 1:
            raise BadRecipe(f"{source}: modalities.{name}.frames is 1 or more, found {options['frames']}")


def _refuse(source: str, owner: str, section: str, options: dict[str, Any], known: Mapping[str, Any]) -> None:
    for key, value in options.items():
        if key not in known:
            raise BadRecipe(f"{source}: {owner} has no option {key!r}: {did_you_mean(key, known)}")
        check_kind(source, f"{section}.{key}", value, known[key])
        if float in plain_kinds(known[key]) and isinstance(value, int):
            options[key] = float(value)


def _check_ranges(source: str, kind: Kind, sections: Mapping[str, Mapping[str, Any]]) -> None:
    if kind in (FACES, UNITS):
        fraction = sections["data"].get("fraction", 1.0)
        if not 0 < fraction <= 1:
            raise BadRecipe(f"{source}: data.fraction is a share above 0, at most 1, found {fraction}")
        if not 16 <= sections["crop"]["size"] <= 512:
            raise BadRecipe(f"{source}: crop.size is 16 to 512 pixels, found {sections['crop']['size']}")
    if kind is PEOPLE:
        _check_people(source, sections)
    _check_folds(source, sections["data"])


def _check_people(source: str, sections: Mapping[str, Mapping[str, Any]]) -> None:
    """A source stage is the one that the method starts from; what it is compared with are no bounds."""
    stage = catalog.load("adaptation", sections["method"]["name"]).stage
    chosen = sections["source_stage"].get("name", stage)
    if chosen != stage:
        raise BadRecipe(
            f"{source}: expected the source stage {stage!r}, from which {sections['method']['name']!r} "
            f"starts, found {chosen!r}"
        )
    for name in sections["comparison"]["methods"]:
        if name not in catalog.SOURCE_STAGES and kind_of(name) is not PEOPLE:
            raise BadRecipe(f"{source}: comparison.methods adapt to a person, {name!r} does not")
    for name in sections["comparison"].get("bounds", ()):
        catalog.load("bounds", name)


def _check_folds(source: str, data: Mapping[str, Any]) -> None:
    fold, folds, protocol = data.get("fold"), data.get("folds"), data.get("protocol")
    if protocol is not None:
        known = load_protocol(protocol)
        if "scheme" in data:
            known.scheme(data["scheme"])
    elif "scheme" in data:
        raise BadRecipe(f"{source}: data.scheme is one of a protocol: give data.protocol, too")
    if fold is None and folds is None:
        return
    if folds is None and protocol is not None and fold is not None and fold >= 1:
        return  # how many folds the protocol has is known when there are recordings
    if fold is None or folds is None or not (folds >= 2 and 1 <= fold <= folds):
        raise BadRecipe(f"{source}: data.fold is 1 to data.folds, at least 2, found {fold} of {folds}")
