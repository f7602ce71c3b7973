"""The page about readings in time says what the tables really hold, and its numbers are those of the code."""

from pathlib import Path

import pytest

from facsight.analysis.baseline import LEAST_FRAMES
from facsight.analysis.columns import as_markdown
from facsight.analysis.events import ACTION_UNIT, EXPRESSION
from facsight.analysis.in_time import AWAY
from facsight.analysis.time_columns import (
    EVENT_COLUMNS,
    person_columns,
    segment_summary_columns,
    smooth_columns,
)

PAGE = (Path(__file__).parents[1] / "docs" / "time.md").read_text(encoding="utf-8")


def test_the_events_in_the_docs_are_those_of_the_table():
    table = as_markdown(EVENT_COLUMNS)
    assert table in PAGE, f"put this table under 'Events' in time.md:\n{table}"


@pytest.mark.parametrize(
    "columns",
    [smooth_columns(["joy"]), person_columns(["joy"]), segment_summary_columns(["joy"], smoothed=True)],
)
def test_every_column_is_in_the_docs(columns):
    for column in columns:
        assert f"`{column.name.replace('joy', 'CLASS')}`" in PAGE, column.name


def test_numbers_in_the_docs_are_those_of_the_code():
    assert f"rises above {EXPRESSION.on}" in PAGE
    assert f"falls below {EXPRESSION.off}" in PAGE
    assert f"begin above {ACTION_UNIT.on} and end below {ACTION_UNIT.off}" in PAGE
    assert f"less than {EXPRESSION.bridge} s apart" in PAGE
    assert f"shorter than {EXPRESSION.shortest} s" in PAGE
    assert f"at least {LEAST_FRAMES} frames" in PAGE
    assert AWAY == 0.5
    assert "for more than half a\nsecond" in PAGE
