"""The page about scores names functions that exist, and the table of editions that the code has."""

import re
from pathlib import Path

import facsight.functional.agreement
import facsight.functional.intraclass
import facsight.metrics
from facsight.metrics.abaw import EDITIONS

PAGE = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")


def rows(heading):
    """The cells of each row of the tables under a heading."""
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]


def test_every_function_of_the_tables_exists():
    homes = (facsight.metrics, facsight.functional.agreement, facsight.functional.intraclass)
    named = [
        name
        for heading in ("Agreement of numbers", "Classes and units", "Challenges")
        for cells in rows(heading)
        for name in re.findall(r"`(\w+)`", cells[-1])
    ]
    assert len(named) > 25
    assert [name for name in named if not any(hasattr(home, name) for home in homes)] == []


def test_the_editions_of_each_task_are_those_of_the_code():
    told = {}
    for editions, tasks, *_ in (cells for cells in rows("Challenges") if len(cells) == 3):
        for task in tasks.split(", "):
            if editions[0].isdigit():
                told.setdefault(task, set()).update(int(number) for number in editions.split(", "))
    told["VA"] = {
        int(number) for number in re.findall(r"\d+", PAGE.split("VA was in editions")[1].split(".")[0])
    }
    known = {}
    for edition, protocols in EDITIONS.items():
        for task in protocols:
            known.setdefault(task, set()).add(edition)
    assert told == known
