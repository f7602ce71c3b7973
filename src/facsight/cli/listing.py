"""`facsight list` and `facsight show`: the catalogue and its cards, read from the source itself."""

import inspect
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from facsight import catalog


def list_(
    shelf: Annotated[
        str | None, typer.Argument(help="methods, datasets, labels, backbones, explainers ...")
    ] = None,
) -> None:
    """What there is, by name.

    Example: facsight list methods
    """
    from facsight.core.errors import UnknownName, did_you_mean
    from facsight.core.labels import label_space_names

    shelves = {name: list(entries) for name, entries in catalog.SHELVES.items()} | _files()
    shelves["labels"] = list(label_space_names())
    if shelf is not None and shelf not in shelves:
        raise UnknownName(f"there is no shelf {shelf!r}: {did_you_mean(shelf, shelves)}")
    for name, entries in shelves.items():
        if shelf in (None, name):
            typer.echo(f"{name}: {', '.join(entries) or 'none here'}")


def show(name: Annotated[str, typer.Argument(help="A name from `facsight list`.")]) -> None:
    """The card of a paper, dataset or part, and its options with their defaults.

    Example: facsight show action_units
    """
    from facsight.recipe import supplied_to, takes_guide

    shelf = catalog.shelf_of(name)
    thing = catalog.load(shelf, name)
    typer.echo(f"{name} ({shelf})\n")
    typer.echo(_card(name, thing.__module__))
    typer.echo("\n" + inspect.cleandoc(thing.__doc__ or ""))
    gone = supplied_to(shelf)
    options = [str(p) for key, p in inspect.signature(thing).parameters.items() if key not in gone]
    guided = shelf == "methods" and takes_guide(thing)
    weight, others = _guide_options() if guided else ([], [])
    for title, lines in (("Options", options + weight), ("Options in [guidance]", others)):
        if lines:
            typer.echo(f"\n{title}")
            for line in lines:
                typer.echo(f"  {line}")


def _card(name: str, module: str) -> str:
    """What is known of a dataset, or the first words of a paper's file."""
    from facsight.data.sets import SETS

    if name not in SETS:
        return inspect.cleandoc(import_module(module).__doc__ or "")
    from facsight.data.opening import dataset_card

    return str(dataset_card(name))


def _guide_options() -> tuple[list[str], list[str]]:
    """The weight of a guided method, and the other options of its guide."""
    from facsight.facs.guide import Guide

    options = inspect.signature(Guide).parameters
    weight = options["weight"].replace(name="guidance")
    return [str(weight)], [str(p) for name, p in options.items() if name not in ("classes", "weight")]


def _files() -> dict[str, list[str]]:
    """What stands in files rather than in the catalogue: codebooks, and recipes below the current folder."""
    from facsight.facs.codebook import codebook_names

    recipes = (
        sorted(str(path) for path in Path("recipes").rglob("*.toml")) if Path("recipes").is_dir() else []
    )
    return {"codebooks": list(codebook_names()), "recipes": recipes}
