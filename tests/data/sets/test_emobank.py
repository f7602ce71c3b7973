import pytest

from facsight.core.errors import BadLabels
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines

HEADER = "id,split,V,A,D,text"
ROWS = [
    '110CYL_1_2,train,3.0,2.5,3.2,"He said: ""No""."',
    '110CYL_3_4,dev,1,5,3.44,"Two, and',
    'a second line"',
    "110CYL_5_6,test,3,3,3,",
]


def test_values_texts_and_splits(tmp_path):
    write_lines(tmp_path / "corpus/emobank.csv", [HEADER, *ROWS])
    data = open_dataset("emobank", tmp_path)
    assert data.table.select("sample", "split", "text").rows() == [
        ("110CYL_1_2", "train", 'He said: "No".'),
        ("110CYL_3_4", "val", "Two, and\na second line"),
        ("110CYL_5_6", "test", None),
    ]
    assert data.table["valence"].to_list() == [3, 1, None]
    assert data.table["arousal"].to_list() == [2.5, 5, None]
    assert data.table["dominance"].to_list() == pytest.approx([3.2, 3.44, None])
    assert [str(d) for d in data.deviations] == ["corpus/emobank.csv, line 5: there is no text here"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,train,5.1,3,3,t", r"line 6: expected valence, arousal, dominance from 1 to 5, found 5.1, 3, 3"),
        ("x,train,nan,3,3,t", "line 6: expected valence"),
        ("x,train,,3,3,t", "line 6: expected valence"),
        ("x,eval,3,3,3,t", "line 6: expected a split train, dev or test, found 'eval'"),
    ],
)
def test_bad_rows(tmp_path, row, said):
    write_lines(tmp_path / "emobank.csv", [HEADER, *ROWS, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("emobank", tmp_path)
    assert len(open_dataset("emobank", tmp_path, tolerant=True)) == 3


def test_the_real_list(shared_data):
    data = open_dataset("emobank", shared_data / "text")
    assert not [d for d in data.deviations if d.fatal]
    assert (len(data.split("train")), len(data.split("val"))) == (8062, 1000)
    spread = data.table.select("valence", "arousal", "dominance").std().row(0)
    assert spread == pytest.approx((0.35, 0.26, 0.21), abs=0.01)  # as the folder's own description has it
