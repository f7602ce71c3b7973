"""CASME II, SAMM and SMIC: sheets and folders by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.mock_workbook import write_workbook

CASME = [
    "Subject",
    "Filename",
    "",
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    "",
    "Action Units",
    "Estimated Emotion",
]
ROWS = [
    [1, "EP02_01f", "", 46, 59, 86, "", "12", "happiness"],
    [2, "EP09_06f", "", 100, "/", 140, "", "4+L10", "others"],
    [26, "EP07_37", "", 5, 9, 20, "", "4+?", "repression"],
]


def write_casme(root, rows=ROWS, folders=("sub01/EP02_01f", "sub02/EP09_06f", "sub26/EP07_37")):
    write_workbook(root / "CASME2-coding-20140508.xlsx", [CASME, *rows])
    for folder in folders:
        write_lines(root / "CASME2_RAW_selected" / folder / "img46.jpg", ["never decoded"])


def test_a_sheet_of_clips(tmp_path):
    write_casme(tmp_path)
    data = open_dataset("casme2", tmp_path)
    assert data.deviations == ()
    assert data.table.select("sample", "subject", "path").rows() == [
        ("sub01/EP02_01f", "sub01", "CASME2_RAW_selected/sub01/EP02_01f"),
        ("sub02/EP09_06f", "sub02", "CASME2_RAW_selected/sub02/EP09_06f"),
        ("sub26/EP07_37", "sub26", "CASME2_RAW_selected/sub26/EP07_37"),
    ]
    assert data.table.select("onset", "apex", "offset").rows() == [(46, 59, 86), (100, None, 140), (5, 9, 20)]
    assert data.table["expression"].to_list() == ["happiness", "other", "repression"]
    assert data.table["AU12"].to_list() == [1, 0, None]
    assert data.table["AU10"].to_list() == [0, 1, None]


def test_the_sheet_as_csv_and_a_clip_without_pictures(tmp_path):
    lines = [",".join(str(cell) for cell in row) for row in [CASME, *ROWS]]
    write_lines(tmp_path / "CASME2-coding-20190701.csv", lines)
    write_lines(tmp_path / "Cropped/sub01/EP02_01f/reg_img46.jpg", ["never decoded"])
    data = open_dataset("casme2", tmp_path)
    assert data.table["path"].to_list() == ["Cropped/sub01/EP02_01f", None, None]
    assert [str(d) for d in data.deviations] == [
        "CASME2-coding-20190701.csv, line 3: there is no folder of pictures of this clip",
        "CASME2-coding-20190701.csv, line 4: there is no folder of pictures of this clip",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([3, "../EP", "", 7, 8, 9, "", "4", "fear"], "line 5: expected the name of a clip, found '../EP'"),
        (["", "EP", "", 7, 8, 9, "", "4", "fear"], "line 5: expected the name of a subject, found ''"),
        ([3, "EP", "", 9, 8, 7, "", "4", "fear"], "line 5: expected an onset before the offset"),
        (
            [3, "EP", "", "x", 8, 9, "", "4", "fear"],
            "line 5: expected the number of a frame, from 0, found 'x'",
        ),
        ([3, "EP", "", 7, 8, 9, "", "4", "glee"], "line 5: 'glee' is not a class of casme2"),
    ],
)
def test_bad_rows_of_a_sheet(tmp_path, row, said):
    write_casme(tmp_path, [*ROWS, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("casme2", tmp_path)
    assert len(open_dataset("casme2", tmp_path, tolerant=True)) == 3


def test_odd_rows_of_a_sheet(tmp_path):
    write_casme(tmp_path, [*ROWS, ROWS[0], [3, "EP", "", 7, 90, 9, "", "99", "fear"]])
    said = [str(d) for d in open_dataset("casme2", tmp_path).deviations]
    assert said == [
        "CASME2-coding-20140508.xlsx, line 6: expected the apex between onset and offset",
        "CASME2-coding-20140508.xlsx, line 6: unit 99 is not one of micro_units: it is left out",
        "CASME2-coding-20140508.xlsx, line 5: sample 'sub01/EP02_01f' stands here again; the first is kept",
        "CASME2-coding-20140508.xlsx, line 6: there is no folder of pictures of this clip",
    ]


def test_another_sheet_or_none(tmp_path):
    (tmp_path / "Cropped").mkdir()
    with pytest.raises(MissingData, match=r"has no CASME2-coding-20140508\.xlsx"):
        open_dataset("casme2", tmp_path)
    write_workbook(tmp_path / "CASME2-coding-20140508.xlsx", [["Subject", "Filename"], [1, "EP"]])
    with pytest.raises(BadLabels, match=r"lacks OnsetFrame, ApexFrame"):
        open_dataset("casme2", tmp_path)


def test_samm_has_titles_above_its_header(tmp_path):
    header = [
        "Subject",
        "Filename",
        "Inducement Code",
        "Onset Frame",
        "Apex Frame",
        "Offset Frame",
        "Duration",
    ]
    header += ["Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"]
    rows = [
        ["SAMM"],
        [],
        header,
        [6, "006_1_2", 1, 5562, 5588, 5632, 71, "Micro - 1/2", "1+2", "Surprise", 2],
    ]
    rows += [["011", "011_1_1", 1, 10, 20, 30, 21, "Micro - 1/2", "AU4+7", "Other", 7, "a note"]]
    write_workbook(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", rows)
    write_lines(tmp_path / "SAMM/006/006_1_2/006_05562.jpg", ["never decoded"])
    data = open_dataset("samm", tmp_path)
    assert data.table.select("sample", "subject", "path", "apex", "expression", "AU02", "AU07").rows() == [
        ("006/006_1_2", "006", "SAMM/006/006_1_2", 5588, "surprise", 1, 0),
        ("011/011_1_1", "011", None, 20, "other", 0, 1),
    ]
    assert "line 5: there is no folder of pictures" in str(data.deviations[0])


def test_smic_is_read_from_folders(tmp_path):
    for folder in (
        "HS/s1/micro/negative/s1_ne_01",
        "HS/s11/micro/Surprise/s11_sur_02",
        "NIR/s01/micro/positive/s01_po_01",
    ):
        write_lines(tmp_path / folder / "image1.bmp", ["never decoded"])
    write_lines(tmp_path / "HS/s1/non_micro/s1_n1/image1.bmp", ["never decoded"])
    data = open_dataset("smic", tmp_path)
    assert data.deviations == ()
    assert data.table.select("sample", "subject", "path", "expression").rows() == [
        ("HS/s1_ne_01", "s01", "HS/s1/micro/negative/s1_ne_01", "negative"),
        ("HS/s11_sur_02", "s11", "HS/s11/micro/Surprise/s11_sur_02", "surprise"),
        ("NIR/s01_po_01", "s01", "NIR/s01/micro/positive/s01_po_01", "positive"),
    ]


@pytest.mark.parametrize("folder", ["negative/s1_po_02", "angry/s1_ne_01", "negative/other"])
def test_smic_clips_in_the_folder_of_another_class(tmp_path, folder):
    for name in ("negative/s1_ne_01", folder):
        write_lines(tmp_path / "HS/s1/micro" / name / "image1.bmp", ["never decoded"])
    with pytest.raises(BadLabels, match=f"{folder}: expected a clip such as s1_ne_01"):
        open_dataset("smic", tmp_path)
    assert len(open_dataset("smic", tmp_path, tolerant=True)) == 1


def test_smic_without_clips(tmp_path):
    (tmp_path / "HS/s1").mkdir(parents=True)
    with pytest.raises(MissingData, match="has no HS/s1/micro/negative/s1_ne_01"):
        open_dataset("smic", tmp_path)
