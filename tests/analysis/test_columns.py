from facsight.analysis.columns import expression_columns, landmark_columns, reading_columns, unit_columns
from facsight.core.labels import EXPRESSIONS

ALL = (*reading_columns(EXPRESSIONS, (1, 12)), *landmark_columns())


def test_names_are_distinct_and_need_no_quoting():
    names = [column.name for column in ALL]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() for name in names)


def test_every_column_says_what_it_means_and_every_number_its_range():
    assert all(column.meaning for column in ALL)
    assert all(column.range for column in ALL if column.kind == "number")


def test_units_are_numbered_as_other_tools_number_them():
    assert [column.name for column in unit_columns((1, 12))] == ["evidence_AU01", "evidence_AU12"]


def test_compound_expressions_become_one_word():
    assert expression_columns(["happily surprised"])[0].name == "expression_happily_surprised"


def test_landmarks_come_x_first():
    names = [column.name for column in landmark_columns()]
    assert names[:2] + names[67:70] == ["x_0", "x_1", "x_67", "y_0", "y_1"]
    assert len(names) == 136


def test_a_description_is_plain_data():
    assert ALL[0].describe() == {
        "name": "file",
        "kind": "text",
        "unit": "",
        "range": "",
        "meaning": "the photo, as it was named when the table was made",
    }
