import pytest

from facsight.core.errors import BadLabels
from facsight.data.csv_rows import csv_of, headed
from facsight.data.mock_files import write_lines


def read(root, lines, columns=("name", "text"), **options):
    write_lines(root / "list.csv", lines, end=options.pop("end", "\n"))
    found = []
    return csv_of(root, "list.csv", found, columns, **options), [str(d) for d in found]


def test_quoted_fields_and_the_lines_where_rows_begin(tmp_path):
    lines = ["\ufeffname,text", 'a,"one, ""two"""', '"b","over', 'two lines"', "", "c,  last "]
    table, said = read(tmp_path, lines, end="\r\n")
    assert table.rows() == [(2, "a", 'one, "two"'), (3, "b", "over\ntwo lines"), (6, "c", "last")]
    assert said == []


def test_names_of_columns_are_found_in_quotes_and_with_blanks(tmp_path):
    table, _ = read(tmp_path, ["\"'name'\"\t text \t\tname", "a\tb\tc\td"], separator="\t")
    assert table.columns == ["line", "name", "text", "column 3", "column 4"]


def test_rows_of_another_length_are_told(tmp_path):
    table, said = read(tmp_path, ["name,text", "a,b", "c", "d,e,f", "g,h"])
    assert table["name"].to_list() == ["a", "g"]
    assert said == [
        "list.csv, line 3: expected 2 fields, found 1",
        "list.csv, line 4: expected 2 fields, found 3",
    ]


def test_a_quote_that_never_closes_is_told_where_it_opens(tmp_path):
    lines = ["name,text", "a,b", 'c,"open', *["x" * 1000] * 200]
    table, said = read(tmp_path, lines)
    assert table["name"].to_list() == ["a"]
    assert said[0].startswith("list.csv, line 3: expected a row of a table, reading ends here")


def test_windows_text(tmp_path):
    (tmp_path / "list.csv").write_bytes("name,text\na,café\n".encode("cp1252"))
    found = []
    table = csv_of(tmp_path, "list.csv", found, ["name", "text"])
    assert table["text"].to_list() == ["café"]
    assert [str(d) for d in found] == ["list.csv, line 2: is not UTF-8; read as Windows-1252"]


@pytest.mark.parametrize("lines", [[], ["a;b"], ["name;text", "a;b"]])
def test_another_separator_or_no_header(tmp_path, lines):
    with pytest.raises(BadLabels, match=r"expected a header with the columns name, text, lacks"):
        read(tmp_path, lines)


def test_titles_above_the_header():
    rows = [["Codes of a study", ""], ["", ""], ["Name", "name"], ["x", "a"]]
    table = headed(rows, [1, 5, 9, 10], "codes.xlsx", [], ["name"])
    assert table.rows() == [(10, "x", "a")]
    assert table.columns == ["line", "Name", "name"]
