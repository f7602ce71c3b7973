"""The page about adaptation: its tables are those of the code, and its commands are of recipes that ship."""

import re
from pathlib import Path

from facsight import catalog
from facsight.recipe import read_recipe
from facsight.training.people_plan import BASELINES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "personal.md").read_text(encoding="utf-8")


def test_the_table_of_what_is_run_has_bounds_and_baselines_and_what_they_see():
    part = PAGE.split("## What is run\n", 1)[1].split("\n## ", 1)[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", part, re.MULTILINE))
    sees = {name: catalog.load("adaptation", name).sees for name in BASELINES}
    assert rows == {"supervised_people": "nothing", "fine_tuning": "labels"} | sees


def test_the_commands_are_of_recipes_that_ship():
    commands = re.findall(r"^facsight train (\S+)(?: (data\.\S+=\"[^\"]*\"))?", PAGE, re.MULTILINE)
    assert commands
    for recipe, change in commands:
        read_recipe(ROOT / recipe, [change.replace('"', "")] if change else [])


def test_what_the_page_points_at_is_there():
    for path in re.findall(r"`((?:data|core|training|nn|methods|functional)/[\w/]+\.py)", PAGE):
        assert (ROOT / "src" / "facsight" / path).is_file(), path
    for name in ("target_groups", "split_clips"):
        assert f"def {name}(" in (ROOT / "src/facsight/data/people_set.py").read_text(encoding="utf-8")
