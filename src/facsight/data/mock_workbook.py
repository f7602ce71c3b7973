"""A workbook for mock copies of datasets, as small as Excel takes it."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{OFFICE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{OFFICE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
#: The time of every part, so that a copy follows from its seed.
TIME = (1980, 1, 1, 0, 0, 0)


def write_workbook(path: Path, rows: Sequence[Sequence[str | int]]) -> None:
    """One sheet of text and whole numbers; its folder is made, and an empty text makes no cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = "".join(_row(number, row) for number, row in enumerate(rows, start=1))
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{written}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in (PARTS | {"xl/worksheets/sheet1.xml": sheet}).items():
            book.writestr(zipfile.ZipInfo(name, TIME), f'<?xml version="1.0" encoding="UTF-8"?>{text}')


def _row(number: int, row: Sequence[str | int]) -> str:
    cells = (_cell(f"{chr(ord('A') + i)}{number}", value) for i, value in enumerate(row) if value != "")
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: str | int) -> str:
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
