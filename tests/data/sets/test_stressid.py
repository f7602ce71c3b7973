import pytest

from facsight.core.errors import BadLabels
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines

HEADER = "subject/task,binary-stress,affect3-class"


def test_labels_and_files(tmp_path):
    rows = ["2ea4_Math,1,2.0", "2ea4_Speaking,0.0,1", "b9w0_Breathing,,", "b9w0_Math,0,0"]
    write_lines(tmp_path / "labels.csv", [HEADER, *rows])
    write_lines(tmp_path / "Videos/2ea4/2ea4_Math.mp4", ["never decoded"])
    write_lines(tmp_path / "Physiological/2ea4/2ea4_Speaking.txt", ["never read"])
    write_lines(tmp_path / "Physiological/c1/c1_Relax.txt", ["never read"])
    data = open_dataset("stressid", tmp_path)
    assert data.table.select("sample", "subject", "stress", "affect").rows() == [
        ("2ea4_Math", "2ea4", "stressed", "stressed"),
        ("2ea4_Speaking", "2ea4", "not stressed", "neutral"),
        ("b9w0_Breathing", "b9w0", None, None),
        ("b9w0_Math", "b9w0", "not stressed", "relaxed"),
    ]
    assert data.table["path"].to_list() == ["Videos/2ea4/2ea4_Math.mp4", None, None, None]
    assert data.table["signals"].to_list() == [None, "Physiological/2ea4/2ea4_Speaking.txt", None, None]
    assert [str(d) for d in data.deviations] == ["Physiological/c1/c1_Relax.txt: labels.csv does not name it"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2ea4_Math,2,1", "line 2: expected a label of stressid2 .* found '2'"),
        ("2ea4_Math,1,3", "line 2: expected a label of stressid3 .* found '3'"),
        ("Math,1,1", "line 2: expected a name of subject and task, such as 2ea4_Math, found 'Math'"),
    ],
)
def test_bad_rows(tmp_path, row, said):
    write_lines(tmp_path / "labels.csv", [HEADER, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("stressid", tmp_path)
