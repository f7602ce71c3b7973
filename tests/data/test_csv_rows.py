import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data.csv_rows import csv_of, csv_rows


@pytest.fixture
def write(tmp_path):
    def of(content):
        (tmp_path / "a.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "a.csv"

    return of


def rows(path, needed=("file", "label"), **options):
    found = []
    table = csv_rows(path, path.parent, found, needed, **options)
    return table.rows(), [(d.line, d.message, d.fatal) for d in found]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n"])
def test_the_wanted_columns_with_the_numbers_of_their_lines(write, end, last):
    path = write(f"file,other,label{end}a.jpg,x,1{end}b.jpg,,2{last.replace(chr(10), end)}")
    assert rows(path) == ([(2, "a.jpg", "1"), (3, "b.jpg", "2")], [])


def test_blanks_around_names_and_values_and_a_mark_at_the_start_of_the_file(write):
    path = write("\ufefffile, label\n a.jpg ,1 \n,2\n")
    assert rows(path) == ([(2, "a.jpg", "1"), (3, None, "2")], [])


def test_quoted_fields_may_hold_separators(write):
    assert rows(write('file,label\n"a,b.jpg",1\n')) == ([(2, "a,b.jpg", "1")], [])


def test_fields_of_several_lines_keep_the_numbers_of_lines(write):
    path = write('file,label\n"a\nb.jpg",1\n\nc.jpg,2\nd.jpg,3,4\n')
    found, told = rows(path)
    assert found == [(2, "a\nb.jpg", "1"), (5, "c.jpg", "2")]
    assert told == [(6, "expected 2 fields, found 3", True)]


def test_all_columns_with_empty_text(write):
    path = write('file,label,"a note"\na,,\nb,2,x\n')
    found = []
    table = csv_of(path.parent, "a.csv", found, ["file", "label"])
    assert table.columns == ["line", "file", "label", "a note"]
    assert table.rows() == [(2, "a", "", ""), (3, "b", "2", "x")]


def test_optional_columns_come_where_they_are(write):
    path = write("file,label,split\na,1,train\n")
    assert rows(path, optional=("split", "video"))[0] == [(2, "a", "1", "train")]
    assert rows(path, needed=("file",), optional=None)[0] == [(2, "a", "1", "train")]


def test_a_file_without_a_header(write):
    found, told = rows(write("a,1\nb,2\n"), header=("file", "label"))
    assert found == [(1, "a", "1"), (2, "b", "2")]
    assert [(line, fatal) for line, _, fatal in told] == [(1, False)]


def test_lines_with_fields_too_many_are_named_and_left_out(write):
    found, told = rows(write("file,label\na,1\nb,2,3\nc,3\n"))
    assert found == [(2, "a", "1"), (4, "c", "3")]
    assert told == [(3, "expected 2 fields, found 3", True)]


def test_a_blank_line_does_not_move_the_numbers_of_lines(write):
    found, told = rows(write("file,label\n\na,1\n\n\nb,2\n"))
    assert (found, told) == ([(3, "a", "1"), (6, "b", "2")], [])


def test_bytes_of_another_encoding_are_named_and_read(write):
    found, told = rows(write(b"file,label\nJos\xe9.jpg,1\nJos\xc3\xa9.jpg,2\n"))
    assert found == [(2, "José.jpg", "1"), (3, "José.jpg", "2")]
    assert told == [(2, "is not UTF-8; read as Windows-1252", False)]


def test_many_wrong_lines_are_told_as_one(write):
    _, told = rows(write("file,label\n" + "a,1,2\n" * 100))
    assert told == [(2, "expected 2 fields, found 3 (the first of 100 such lines)", True)]


def test_a_quote_that_never_ends_is_told(write):
    _, told = rows(write('file,label\na,1\n"b,2\n' + "c,3\n" * 100_000))
    assert any(fatal for _, _, fatal in told)


@pytest.mark.parametrize(("mark", "spoken"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_named(write, mark, spoken):
    with pytest.raises(BadLabels, match=f"line 1: expected commas between fields, found {spoken}"):
        rows(write(f"file{mark}label\na{mark}1\n"))
    assert rows(write(f"file{mark}label\na{mark}1\n"), separator=mark)[0] == [(2, "a", "1")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,lable\n", r"expected the columns file, label, found 'file,lable' \(without label\)"),
        ("", "expected the columns file, label, found ''"),
        ("file,label,label\n", "two columns label"),
    ],
)
def test_a_header_that_is_not_as_expected(write, text, message):
    with pytest.raises(BadLabels, match=message):
        rows(write(text))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingData, match=r"there is no .*a.csv"):
        rows(tmp_path / "a.csv")


def test_a_header_alone_has_no_rows(write):
    assert rows(write("file,label\n")) == ([], [])
