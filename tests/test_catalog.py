import ast
from pathlib import Path

import pytest

from facsight import catalog
from facsight.core.errors import UnknownName
from facsight.nn.weights import BACKBONES, HEADS

SOURCE = Path(__file__).parent.parent / "src" / "facsight"
SHELF_FOLDERS = ("losses", "fusion", "methods", "explain", "nn/heads", "nn/encoders", "nn/temporal")
#: Files of the shelves that are no single paper: the call that runs explainers, what judges them, and losses
#: by the kind of their labels.
NO_PAPER = {"__init__", "run", "faithfulness", "sanity", "causal_units", "label_spaces"}
ENTRIES = [(shelf, name) for shelf, entries in catalog.SHELVES.items() for name in entries]


@pytest.mark.parametrize(("shelf", "name"), ENTRIES)
def test_every_entry_loads(shelf, name):
    assert callable(catalog.load(shelf, name))


def papers():
    for folder in SHELF_FOLDERS:
        yield from (p for p in (SOURCE / folder).rglob("*.py") if p.stem not in NO_PAPER)


@pytest.mark.parametrize("path", list(papers()), ids=lambda p: p.stem)
def test_every_paper_is_catalogued_and_has_a_card(path):
    module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
    named = [entry for entries in catalog.SHELVES.values() for entry in entries.values()]
    assert any(entry.startswith(module + ":") for entry in named), f"no line in catalog.py names {module}"
    card = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert "Paper " in card or "Source " in card, f"{path.name} does not cite its paper"


def test_no_name_stands_on_two_shelves():
    names = [name for entries in catalog.SHELVES.values() for name in entries]
    assert len(names) == len(set(names))


def test_backbones_and_heads_are_those_that_weights_can_name():
    listed = {name: catalog.load("backbones", name) for name in catalog.BACKBONES}
    assert listed == BACKBONES
    assert {name: catalog.load("heads", name) for name in catalog.HEADS} == HEADS


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'action_units'"):
        catalog.load("methods", "action_unit")
    with pytest.raises(UnknownName, match="did you mean 'methods'"):
        catalog.load("method", "supervised")
    with pytest.raises(UnknownName, match="did you mean 'ferplus'"):
        catalog.shelf_of("ferpluss")
