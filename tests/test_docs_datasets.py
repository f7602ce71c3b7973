"""The page about datasets says what the cards and the label spaces say."""

import re
from pathlib import Path

from facsight.core.labels import label_space, label_space_names
from facsight.data.opening import COLUMNS, dataset_card
from facsight.data.sets import SETS

PAGE = Path(__file__).parents[1] / "docs" / "datasets.md"


def of_datasets():
    cards = [dataset_card(name) for name in SETS]
    rows = [
        f"| `{card.name}` | {card.title} | {card.kind} | {', '.join(card.labels) or 'any'} | {card.licence} |"
        for card in cards
    ]
    return "\n".join(["| name | dataset | holds | label spaces | licence |", "|---|---|---|---|---|", *rows])


def of_labels():
    spaces = [label_space(name) for name in label_space_names()]
    rows = [f"| `{space.name}` | {space.kind} | {len(space)} | {space.about} |" for space in spaces]
    return "\n".join(["| name | holds | of | by |", "|---|---|--:|---|", *rows])


def test_the_tables_of_the_page_are_those_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    for table in (of_datasets(), of_labels()):
        assert table in page, f"put this table into {PAGE.name}:\n{table}"


def test_every_column_of_the_table_is_explained():
    page = PAGE.read_text(encoding="utf-8")
    explained = set(re.findall(r"`(\w+)`", page))
    assert set(COLUMNS) <= explained
