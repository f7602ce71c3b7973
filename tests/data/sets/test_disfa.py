import polars as pl
import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import label_space
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import disfa

UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


def write_person(root, name="SN002", frames=3, **given):
    """All units 0 in `frames` frames, but for the lines that are given, as au12=[...]."""
    for unit in UNITS:
        lines = given.get(f"au{unit}", [f"{frame},0" for frame in range(1, frames + 1)])
        write_lines(root / f"ActionUnit_Labels/{name}/{name}_au{unit}.txt", lines)


def test_intensities_and_what_counts_as_shown(tmp_path):
    write_person(tmp_path, au12=["1,0", "2,1", "3,2"], au4=["1,5", "2,0", "3,0"])
    found = []
    table = disfa.read(tmp_path, found)
    assert table["sample"].to_list() == ["SN002/1", "SN002/2", "SN002/3"]
    assert table["frame"].to_list() == [1, 2, 3]
    assert table["AU12_intensity"].to_list() == [0, 1, 2]
    assert table["AU12"].to_list() == [0, 0, 1]
    assert table["AU04_intensity"].to_list() == [5, 0, 0]
    assert table["AU04"].to_list() == [1, 0, 0]
    assert [str(d) for d in found] == ["ActionUnit_Labels/SN002: there is no video of SN002"]


def test_files_of_other_lengths_keep_their_frames(tmp_path):
    write_person(tmp_path, au1=["1,3", "3,4"])
    found = []
    table = disfa.read(tmp_path, found)
    assert table["AU01_intensity"].to_list() == [3, None, 4]
    assert table["AU01"].to_list() == [1, None, 1]
    assert table["AU02_intensity"].to_list() == [0, 0, 0]
    assert "such as 2" in str(found[0])
    assert not found[0].fatal


def test_either_camera(tmp_path):
    write_person(tmp_path)
    for path in ("Videos_LeftCamera/LeftVideoSN002_comp.avi", "Video_RightCamera/RightVideoSN002_Comp.avi"):
        write_lines(tmp_path / path, ["not read here"])
    assert set(disfa.read(tmp_path, [])["path"]) == {"Videos_LeftCamera/LeftVideoSN002_comp.avi"}
    right = disfa.read(tmp_path, [], camera="right")
    assert set(right["path"]) == {"Video_RightCamera/RightVideoSN002_Comp.avi"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["1,0", "2,6", "3,0"], "line 2: expected AU09_intensity from 0 to 5, found 6"),
        (["1,0", "2,x", "3,0"], "line 2: expected AU09_intensity from 0 to 5, found x"),
        (["1,0", "2 0", "3,0"], r"line 2: expected 2 fields \(frame, AU09_intensity\), found 1"),
        (["0,0", "2,0", "3,0"], "line 1: expected the number of a frame, from 1, found '0'"),
    ],
)
def test_bad_rows_are_named_with_file_and_line(tmp_path, lines, said):
    write_person(tmp_path, au9=lines)
    with pytest.raises(BadLabels, match=f"SN002_au9.txt, {said}"):
        open_dataset("disfa", tmp_path)
    table = open_dataset("disfa", tmp_path, tolerant=True).table
    assert table["AU09_intensity"].null_count() == 1
    assert table["AU01_intensity"].null_count() == 0


def test_a_unit_without_a_file_is_fatal(tmp_path):
    write_person(tmp_path)
    (tmp_path / "ActionUnit_Labels/SN002/SN002_au26.txt").unlink()
    with pytest.raises(BadLabels, match=r"SN002_au26.txt: expected the intensities of a unit"):
        open_dataset("disfa", tmp_path)
    assert open_dataset("disfa", tmp_path, tolerant=True).table["AU26"].null_count() == 3


def test_half_downloaded(tmp_path):
    (tmp_path / "Videos_LeftCamera").mkdir()
    with pytest.raises(MissingData, match="has no ActionUnit_Labels"):
        open_dataset("disfa", tmp_path)
    (tmp_path / "ActionUnit_Labels").mkdir()
    with pytest.raises(MissingData, match="has no ActionUnit_Labels/SN001"):
        open_dataset("disfa", tmp_path)


def test_the_mock_has_its_quirks(tmp_path):
    disfa.mock(tmp_path)
    data = open_dataset("disfa", tmp_path)
    assert [s.name for s in data.spaces] == ["disfa12_intensity", "disfa12"]
    assert {str(d).split(":")[0] for d in data.deviations} == {
        "ActionUnit_Labels/SN013/SN013_au2.txt, line 3",
        "ActionUnit_Labels/SN013",
    }
    assert data.table.filter(pl.col("subject") == "SN013")["frame"].to_list() == [1, 2, 3, 4, 5]
    assert set(label_space("disfa8").columns) <= set(data.table.columns)
