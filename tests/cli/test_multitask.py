"""`facsight multitask` from a recipe to tables."""

import json

import pytest
from typer.testing import CliRunner

from facsight.cli.app import build

SMALL = [
    "recipes/multitask/tasks.toml",
    "planted_affect",
    "data.labelled.affect=1.0",
    "data.recordings=18",
    "data.steps=16",
    'data.spaces=["planted_affect","planted_units"]',
    "training.epochs=1",
    "training.batch_size=6",
]


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    out = tmp_path_factory.mktemp("cli") / "search"
    told = CliRunner().invoke(
        build(),
        ["multitask", "search", *SMALL, "--out", str(out), "--parts", "2"],
        catch_exceptions=False,
    )
    assert told.exit_code == 0
    return out, told.output


def test_a_search_says_what_is_best_and_what_choosing_is_worth(searched):
    out, told = searched
    found = json.loads((out / "planted_affect" / "search-greedy.json").read_text())
    assert f"best: {found['best']['name']}, " in told
    assert "choosing, cross-fitted: " in told
    assert f"the best looks {found['optimism']:.4f} better" in told


def test_a_table_is_printed_and_written(searched, tmp_path):
    file = tmp_path / "table.json"
    told = CliRunner().invoke(
        build(), ["multitask", "table", str(searched[0]), "--out", str(file)], catch_exceptions=False
    )
    assert told.exit_code == 0
    rows = json.loads(file.read_text())
    assert {row["task"] for row in rows} == {"planted_affect", "planted_units"}
    assert "alone" in told.output
