import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines


def test_parts_and_words(tmp_path):
    rows = ["sample_1,worried,-2.5", "sample_2,happy,5"]
    write_lines(tmp_path / "train-label.csv", ["name,discrete,valence", *rows], end="\r\n")
    write_lines(tmp_path / "test3-label.csv", ["name,discrete", "sample_1,angry"])
    write_lines(tmp_path / "train/sample_1.avi", ["never decoded"])
    data = open_dataset("mer2023", tmp_path, sealed=False)
    assert data.table.select("sample", "split", "path", "emotion", "valence").rows() == [
        ("train/sample_1", "train", "train/sample_1.avi", "worry", -2.5),
        ("train/sample_2", "train", None, "happiness", 5),
        ("test3/sample_1", "test", None, "anger", None),
    ]
    assert [str(d) for d in data.deviations] == [
        "train-label.csv, line 3: there is no clip of this name",
        "test3-label.csv, line 2: there is no clip of this name",
    ]
    assert open_dataset("mer2023", tmp_path).table["emotion"].to_list() == ["worry", "happiness", None]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,glad,1", "line 2: 'glad' is not a class of mer2023"),
        ("a,happy,6", "line 2: expected valence from -5 to 5, found 6"),
        ("a,happy", "line 2: expected 3 fields, found 2"),
    ],
)
def test_bad_rows(tmp_path, row, said):
    write_lines(tmp_path / "train-label.csv", ["name,discrete,valence", row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("mer2023", tmp_path)


def test_no_list(tmp_path):
    (tmp_path / "train").mkdir()
    with pytest.raises(MissingData, match=r"has no train-label\.csv"):
        open_dataset("mer2023", tmp_path)
