import polars as pl

from facsight.core.labels import LabelSpace
from facsight.data.unit_lists import units_of, with_units

SPACE = LabelSpace("three", ("AU01", "AU04", "AU12"), kind="units")


def test_lists_as_coders_write_them():
    assert units_of("1") == {1}
    assert units_of("4+L10") == {4, 10}
    assert units_of("R12+25") == {12, 25}
    assert units_of("AU4B + AU7") == {4, 7}
    assert units_of("1, 2,5C") == {1, 2, 5}
    assert units_of("4+?") is None
    assert units_of("null") is None
    assert units_of("") is None


def test_columns_of_units():
    table = pl.DataFrame({"line": [1, 2, 3, 4], "units": ["1+L12", "4", "null", "4+38"]})
    found = []
    read = with_units(table, SPACE, "list.txt", found)
    assert read.rows() == [(1, 1, 0, 1), (2, 0, 1, 0), (3, None, None, None), (4, 0, 1, 0)]
    assert [str(d) for d in found] == ["list.txt, line 4: unit 38 is not one of three: it is left out"]
    assert not found[0].fatal
