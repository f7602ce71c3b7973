import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import bp4d

HEADER = ",".join(str(i) for i in range(100))


def row(frame, **units):
    """A row of all 99 columns: those of the space 0, others not coded, but for those that are given."""
    coded = dict.fromkeys((1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24), 0)
    coded |= {int(name.removeprefix("au")): value for name, value in units.items()}
    return f"{frame}," + ",".join(str(coded.get(unit, 9)) for unit in range(1, 100))


def write_task(root, rows, task="F001_T1", header=HEADER):
    write_lines(root / f"AUCoding/AU_OCC/{task}.csv", [header, *rows], end="\r\n")


def test_occurrence_by_the_header_and_what_was_not_coded(tmp_path):
    write_task(tmp_path, [row(2440, au12=1, au24=9), row(2441, au1=1)])
    write_lines(tmp_path / "AUCoding/AU_INT/AU06/F001_T1_AU06.csv", ["2440,3", "2441,9"])
    write_lines(tmp_path / "Sequences(2D+3D)/F001/T1/2440.jpg", ["a picture"])
    found = []
    table = bp4d.read(tmp_path, found)
    assert table["sample"].to_list() == ["F001/T1/2440", "F001/T1/2441"]
    assert table["subject"].unique().to_list() == ["F001"]
    assert table["AU12"].to_list() == [1, 0]
    assert table["AU01"].to_list() == [0, 1]
    assert table["AU24"].to_list() == [None, 0]
    assert table["AU06_intensity"].to_list() == [3, None]
    assert table["AU10_intensity"].to_list() == [None, None]
    assert table["path"].to_list() == ["Sequences(2D+3D)/F001/T1/2440.jpg", None]
    said = [str(d) for d in found]
    assert "AUCoding/AU_OCC/F001_T1.csv, line 3: there is no picture of this frame" in said
    assert "AUCoding/AU_INT/AU10/F001_T1_AU10.csv: there are no intensities of this unit" in said


def test_releases_that_name_only_the_coded_units(tmp_path):
    header = "1,1,2,4,6,7,10,12,14,15,17,23,24"  # as the later releases: the first column is the frame
    write_task(tmp_path, ["7,0,0,0,0,0,0,1,0,0,0,0,9"], "M009_T6", header)
    write_lines(tmp_path / "2D+3D/M009/T6/007.jpg", ["three digits"])
    table = bp4d.read(tmp_path, [])
    assert table.select("AU10", "AU12", "AU24", "path").rows() == [(0, 1, None, "2D+3D/M009/T6/007.jpg")]


def test_bad_rows_and_headers(tmp_path):
    write_task(tmp_path, [row(1, au12=2), row(2), row(2), "3,0", row("x")])
    with pytest.raises(BadLabels) as error:
        open_dataset("bp4d", tmp_path)
    assert "F001_T1.csv, line 2: expected AU01, AU02" in str(error.value)
    assert "line 5: expected 100 fields" in str(error.value)
    assert "line 6: expected the number of a frame, from 0, found 'x'" in str(error.value)
    assert open_dataset("bp4d", tmp_path, tolerant=True).table["frame"].to_list() == [2]
    write_task(tmp_path, [row(1)], header=HEADER.replace(",12,", ",112,"))
    with pytest.raises(BadLabels, match="line 1: expected a header of units, it lacks AU12"):
        open_dataset("bp4d", tmp_path)


def test_no_tables(tmp_path):
    (tmp_path / "AUCoding/AU_OCC").mkdir(parents=True)
    with pytest.raises(MissingData, match=r"has no AUCoding/AU_OCC/F001_T1\.csv"):
        open_dataset("bp4d", tmp_path)
