import zipfile

import pytest

from facsight.core.errors import BadLabels
from facsight.data.mock_files import write_lines
from facsight.data.mock_workbook import write_workbook
from facsight.data.workbook import sheet_of, workbook_rows

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def write(path, sheet, strings=None):
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "xl/worksheets/sheet1.xml", f"<worksheet {MAIN}><sheetData>{sheet}</sheetData></worksheet>"
        )
        if strings is not None:
            book.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{strings}</sst>")
    return path


def test_shared_inline_and_number_cells(tmp_path):
    path = write(
        tmp_path / "a.xlsx",
        '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="C1" t="s"><v>0</v></c></row>'
        '<row r="4"><c r="A4"><v>12.0</v></c><c r="B4" t="inlineStr"><is><t>in line</t></is></c>'
        '<c r="C4"><v>0.25</v></c></row>',
        "<si><t>one</t></si><si><r><t>two </t></r><r><t>runs</t></r><rPh><t>not this</t></rPh></si>",
    )
    rows, numbers = workbook_rows(path)
    assert rows == [["two runs", "", "one"], ["12", "in line", "0.25"]]
    assert numbers == [1, 4]


def test_names_with_a_prefix(tmp_path):
    sheet = '<x:row r="2"><x:c r="B2" t="s"><x:v>0</x:v></x:c></x:row>'
    rows, numbers = workbook_rows(write(tmp_path / "a.xlsx", sheet, "<x:si><x:t>text</x:t></x:si>"))
    assert (rows, numbers) == ([["", "text"]], [2])


def test_what_is_no_workbook(tmp_path):
    (tmp_path / "text.xlsx").write_text("Subject,Filename")
    write(tmp_path / "damaged.xlsx", "<row><c>")
    write(tmp_path / "pointer.xlsx", '<row r="1"><c r="A1" t="s"><v>7</v></c></row>', "<si><t>one</t></si>")
    for name in ("text", "damaged", "pointer", "absent"):
        with pytest.raises(BadLabels, match=r"is no Excel workbook \(\.xlsx\)"):
            workbook_rows(tmp_path / f"{name}.xlsx")


def test_entities_are_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        body = '<!DOCTYPE a [<!ENTITY b "bb">]><worksheet><row r="1"><c><v>&b;</v></c></row></worksheet>'
        book.writestr("xl/worksheets/sheet1.xml", body)
    with pytest.raises(BadLabels, match="it declares entities"):
        workbook_rows(path)


def test_parts_that_are_too_large_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("facsight.data.workbook.LARGEST", 100)
    with pytest.raises(BadLabels, match="larger than 100 bytes"):
        workbook_rows(write(tmp_path / "a.xlsx", "<row/>" * 50))


def test_a_sheet_below_titles_as_workbook_and_as_csv(tmp_path):
    rows = [
        ["Codes of a study"],
        [],
        ["Name", "", "'Code'", "Name"],
        ["x", "", 12, "y"],
        ["", "", "", ""],
        ["z"],
    ]
    write_workbook(tmp_path / "codes.xlsx", rows)
    lines = ["Codes of a study", "", "Name,,'Code',Name", "x,,12,y", ",,,", "z,,,"]
    write_lines(tmp_path / "codes.csv", lines, end="\r\n")
    for file in ("codes.xlsx", "codes.csv"):
        found = []
        table = sheet_of(tmp_path, file, found, ["Name", "Code"])
        assert table.columns == ["line", "Name", "column 2", "Code", "column 4"]
        assert table.rows() == [(4, "x", "", "12", "y"), (6, "z", "", "", "")]
        assert found == []


def test_sheets_that_are_not_as_expected(tmp_path):
    write_lines(tmp_path / "codes.csv", ["Name,Code", "a,b,c", "d,e"])
    found = []
    assert sheet_of(tmp_path, "codes.csv", found, ["Name"]).rows() == [(3, "d", "e")]
    assert [str(d) for d in found] == ["codes.csv, line 2: expected 2 fields"]
    with pytest.raises(BadLabels, match=r"expected a row with the columns Name, Age, lacks Age"):
        sheet_of(tmp_path, "codes.csv", found, ["Name", "Age"])
    write_lines(tmp_path / "codes.csv", ["Name", '"' + "x" * 200_000])
    with pytest.raises(BadLabels, match="cannot be read as a table"):
        sheet_of(tmp_path, "codes.csv", found, ["Name"])
