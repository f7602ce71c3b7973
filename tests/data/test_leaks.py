import polars as pl
import pytest

from facsight.core.errors import BadFolds
from facsight.data.leaks import leaks

TABLE = pl.DataFrame(
    {
        "sample": ["1", "2", "3", "4", "5", "6", "6"],
        "split": ["train", "train", "val", "test", None, "test", "test"],
        "subject": ["ann", "bob", "ann", "ann", "bob", "", ""],
        "video": ["v_left", "w", "v_right", "x", "w", None, None],
        "near_copies": [4, 5, 5, None, 4, 6, 6],
    }
)


def test_everything_shared_is_listed_with_its_sides_and_counts():
    assert leaks(TABLE).rows() == [
        ("subject", "ann", ["test", "train", "val"], [1, 1, 1]),
        ("video", "v", ["train", "val"], [1, 1]),
        ("near_copies", "5", ["train", "val"], [1, 1]),
        ("sample", "6", ["test"], [2]),
    ]


def test_other_columns_on_request():
    table = TABLE.with_columns(scene=pl.Series(["kitchen"] * 7))
    found = leaks(table, "scene")
    assert found["kind"].to_list() == ["scene", "sample"]
    assert found["samples"].to_list() == [[3, 2, 1], [2]]


def test_nothing_shared_gives_no_rows_of_the_same_columns():
    clean = leaks(TABLE[:1])
    assert clean.is_empty()
    assert clean.schema == leaks(TABLE).schema
    assert leaks(TABLE.clear()).is_empty()


def test_a_table_without_splits_is_refused():
    with pytest.raises(BadFolds, match="found no split"):
        leaks(TABLE.drop("split"))
