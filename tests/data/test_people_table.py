import polars as pl
import pytest

from facsight.core.errors import BadPeople, BadTable, MissingData
from facsight.data.people_table import load_people_table

TABLE = pl.DataFrame(
    {
        "person": ["ben", "anna", "ben", "anna"],
        "clip": ["1", "1", "2", "1"],
        "label": ["happy", "neutral", "neutral", "neutral"],
        "note": ["a", "b", "c", "d"],
        "loud": [1, 2, 3, 4],
        "pitch": [0.5, 1.5, 2.5, 3.5],
    }
)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_rows_numbers_and_words_by_hand(tmp_path, ending):
    file = tmp_path / f"voices.{ending}"
    TABLE.write_parquet(file) if ending == "parquet" else TABLE.write_csv(file)
    found = load_people_table(str(file))
    assert (found.name, found.classes, found.neutral_class) == ("voices", ("happy", "neutral"), 1)
    assert found.people.names == ("anna", "ben")
    assert found.people.inputs.tolist() == [[1.0, 0.5], [2.0, 1.5], [3.0, 2.5], [4.0, 3.5]]
    assert found.people.label.tolist() == [0, 1, 1, 1]
    assert found.people.person.tolist() == [1, 0, 1, 0]
    clips = found.people.clip.tolist()
    assert clips[1] == clips[3]
    assert len({clips[0], clips[1], clips[2]}) == 3


def written(tmp_path, table):
    table.write_parquet(tmp_path / "table.parquet")
    return str(tmp_path / "table.parquet")


def test_classes_can_be_given_their_order(tmp_path):
    found = load_people_table(written(tmp_path, TABLE), classes=("neutral", "sad", "happy"))
    assert found.people.label.tolist() == [2, 0, 0, 0]
    assert load_people_table(written(tmp_path, TABLE), neutral="calm").neutral_class is None


def test_bad_tables_are_refused(tmp_path):
    with pytest.raises(MissingData, match="there is no table"):
        load_people_table(str(tmp_path / "none.csv"))
    with pytest.raises(BadTable, match="found no clip"):
        load_people_table(written(tmp_path, TABLE.drop("clip")))
    with pytest.raises(BadTable, match="columns of numbers"):
        load_people_table(written(tmp_path, TABLE.drop("loud", "pitch")))
    with pytest.raises(BadTable, match="found happy"):
        load_people_table(written(tmp_path, TABLE), classes=("neutral",))
    with pytest.raises(BadTable, match="1 empty cells"):
        load_people_table(written(tmp_path, TABLE.with_columns(label=pl.Series(["a", None, "b", "b"]))))
    with pytest.raises(BadPeople, match="1 row of 4, the first of which is row 2"):
        load_people_table(written(tmp_path, TABLE.with_columns(pitch=pl.Series([1.0, 2.0, None, 4.0]))))
