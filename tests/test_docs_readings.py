"""The page about a readings folder says what the table really holds."""

from pathlib import Path

from facsight.analysis.columns import as_markdown, reading_columns
from facsight.core.labels import EXPRESSIONS
from facsight.facs.codebook import load_codebook

PAGE = Path(__file__).parents[1] / "docs" / "readings.md"


def test_the_columns_in_the_docs_are_those_of_the_table():
    book = load_codebook("facsight")
    units = [unit for unit in book.action_units if book.weights(EXPRESSIONS, [unit]).any()]
    table = as_markdown(reading_columns(EXPRESSIONS, units))
    assert table in PAGE.read_text(encoding="utf-8"), (
        f"put this table under 'Columns' in {PAGE.name}:\n{table}"
    )
