import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import rainman

COLUMNS = ["frame", *rainman.COLUMNS, "AU2X", "AD19", "Abnormal-avg"]


def row(frame, rating="1.4", **units):
    values = [str(units.get(name, 0)) for name in COLUMNS[1:-1]]
    return ",".join([str(frame), *values, rating])


def test_sides_groups_and_ratings(tmp_path):
    rows = [row(3, AU1=1, AU2=2, AU43=5), row(7, "4", AU2X=1)]
    write_lines(tmp_path / "AU-ab-5-level-end/ASD/S6.csv", [",".join(COLUMNS), *rows])
    write_lines(tmp_path / "AU-ab-5-level-end/TD/S6.csv", [",".join(COLUMNS[:-1]), row(3).rpartition(",")[0]])
    write_lines(tmp_path / "origin/S6/3_0.jpg", ["never decoded"])
    data = open_dataset("rainman", tmp_path)
    names = ["sample", "subject", "frame", "path", "AU01", "AU02", "AU04", "AU43"]
    assert data.table.select(names).rows() == [
        ("S6/3", "S6", 3, "origin/S6/3_0.jpg", 1, 1, 0, 1),
        ("S6/7", "S6", 7, None, 0, 0, 0, 0),
        ("S6TD/3", "S6TD", 3, None, 0, 0, 0, 0),
    ]
    assert data.table["atypicality"].to_list() == pytest.approx([1.4, 4, None])
    assert [str(d) for d in data.deviations] == [
        "AU-ab-5-level-end/TD/S6.csv, line 1: there is no column Abnormal-avg"
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (row(3, AU1=6), "line 2: expected AU01 to be from 0 to 5, found '6'"),
        (row("x"), "line 2: expected the number of a frame"),
        (row(3, "5"), "line 2: expected atypicality from 0 to 4, found 5"),
    ],
)
def test_bad_rows(tmp_path, line, said):
    write_lines(tmp_path / "AU-ab-5-level-end/ASD/S6.csv", [",".join(COLUMNS), line])
    with pytest.raises(BadLabels, match=said):
        open_dataset("rainman", tmp_path)


def test_no_tables(tmp_path):
    (tmp_path / "AU-ab-5-level-end").mkdir()
    with pytest.raises(MissingData, match=r"has no AU-ab-5-level-end/ASD/S6\.csv"):
        open_dataset("rainman", tmp_path)
