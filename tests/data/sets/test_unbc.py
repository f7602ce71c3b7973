import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import unbc

SEQUENCE = "042-ll042/ll042t1aaaff"


def write_frame(root, frame, pain, units=(), sequence=SEQUENCE):
    name = f"{sequence}/{sequence.split('/')[1]}{frame:03d}"
    write_lines(root / f"Frame_Labels/PSPI/{name}_facs.txt", [pain])
    if units is not None:
        write_lines(root / f"Frame_Labels/FACS/{name}_facs.txt", units, last="")
    write_lines(root / f"Images/{name}.png", ["never decoded"])


def test_pain_units_and_ratings(tmp_path):
    units = ["   4.0000000e+00   2.0000000e+00   0.0   0.0", "7 3 0 0", "43 0 0 0"]
    write_frame(tmp_path, 1, "   0.0000000e+00")
    write_frame(tmp_path, 2, "   6.0000000e+00", units)
    write_lines(tmp_path / f"Sequence_Labels/VAS/{SEQUENCE}.txt", ["   7.0000000e+00"])
    found = []
    table = unbc.read(tmp_path, found)
    assert found == []
    assert table.select("sample", "subject", "video", "frame").rows() == [
        ("ll042t1aaaff001", "042-ll042", SEQUENCE, 1),
        ("ll042t1aaaff002", "042-ll042", SEQUENCE, 2),
    ]
    assert table["path"][1] == f"Images/{SEQUENCE}/ll042t1aaaff002.png"
    assert table["pspi"].to_list() == [0, 6]
    assert table["AU04_intensity"].to_list() == [0, 2]
    assert table["AU07_intensity"].to_list() == [0, 3]
    assert table["AU43_intensity"].to_list() == [0, 1]
    assert table["AU12_intensity"].to_list() == [0, 0]
    assert table["vas"].to_list() == [7, 7]
    assert table["opr"].to_list() == [None, None]


def test_frames_without_units_or_picture(tmp_path):
    write_frame(tmp_path, 1, "1")
    write_frame(tmp_path, 2, "2", units=None)
    (tmp_path / f"Images/{SEQUENCE}/ll042t1aaaff001.png").unlink()
    found = []
    table = unbc.read(tmp_path, found)
    assert table["AU04_intensity"].to_list() == [0, None]
    assert table["path"].to_list() == [None, f"Images/{SEQUENCE}/ll042t1aaaff002.png"]
    assert [(d.file.split("/")[-1], d.fatal) for d in found] == [
        ("ll042t1aaaff002_facs.txt", False),
        ("ll042t1aaaff001.png", False),
    ]


@pytest.mark.parametrize(
    ("pain", "units", "said"),
    [
        ("17", [], r"PSPI/.*001_facs.txt: expected one number from 0 to 16, found '17'"),
        ("nan", [], r"PSPI/.*001_facs.txt: expected one number"),
        ("1 2", [], r"PSPI/.*001_facs.txt: expected one number"),
        ("1", ["4 6 0 0"], r"FACS/.*001_facs.txt, line 1: expected a unit and its intensity"),
        ("1", ["4 1 0 0", "x"], r"FACS/.*001_facs.txt, line 2: expected a unit and its intensity"),
        ("1", ["inf 1 0 0"], r"FACS/.*001_facs.txt, line 1: expected a unit and its intensity"),
    ],
)
def test_bad_frames(tmp_path, pain, units, said):
    write_frame(tmp_path, 1, pain, units)
    write_frame(tmp_path, 2, "0")
    with pytest.raises(BadLabels, match=said):
        open_dataset("unbc", tmp_path)
    table = open_dataset("unbc", tmp_path, tolerant=True).table
    assert table["pspi"].to_list() in ([0], [1, 0])


def test_units_that_are_not_of_the_space(tmp_path):
    write_frame(tmp_path, 1, "0", ["50 1 0 0"])
    data = open_dataset("unbc", tmp_path)
    assert "AU50 is not one of unbc_intensity" in str(data.deviations[0])


def test_no_labels(tmp_path):
    (tmp_path / "Frame_Labels/PSPI").mkdir(parents=True)
    with pytest.raises(MissingData, match=r"ll042t1aaaff001_facs\.txt; UNBC"):
        open_dataset("unbc", tmp_path)
