import polars as pl
import pytest

from planted_video import saved_video

OPENFACE = "frame, timestamp, confidence, success, pose_Rx, pose_Ry, AU12_c\n"
LIBREFACE = "frame_idx,frame_time_in_ms,pitch,yaw,au_12,facial_expression\n"


@pytest.fixture
def other_tools(tmp_path):
    """Two tools' tables of the same three frames; the first lost the face in the last of them."""
    (tmp_path / "a.csv").write_text(
        OPENFACE + "1, 0, 0.9, 1, -0.1, 0.1, 1\n2, 0.04, 0.9, 1, -0.2, 0.3, 0\n3, 0.08, 0, 0, 0, 0, 0\n"
    )
    (tmp_path / "b.csv").write_text(LIBREFACE + "0,0,5,-5,1,Fear\n1,0.04,9,-9,1,Fear\n2,0.08,9,-9,1,Fear\n")
    return tmp_path / "a.csv", tmp_path / "b.csv"


def test_two_tools(facsight, other_tools, tmp_path):
    code, told, _ = facsight("agree", *other_tools, "--out", tmp_path / "agreement.csv")
    assert code == 0
    assert "2 of 2 faces have a partner, 0 have none" in told
    assert "2 of 3 faces have a partner, 1 have none" in told
    assert "no number of independent observations" in told
    table = pl.read_csv(tmp_path / "agreement.csv")
    rows = {row["quantity"]: row for row in table.iter_rows(named=True)}
    assert set(rows) == {"yaw", "pitch", "AU12_presence"}
    assert rows["yaw"]["n"] == 2
    assert rows["yaw"]["pearson"] == pytest.approx(1)
    assert rows["AU12_presence"]["agreement"] == pytest.approx(0.5)


def test_a_study_agrees_with_itself_in_another_tools_columns(facsight, tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1] * 4 + [2] * 4 + [0])
    facsight("analyze", video, "--columns", "pyfeat", "--out", "out")
    code, told, _ = facsight("agree", "out", "out/readings.csv", "--out", "agreement.csv")
    assert code == 0
    assert told.count("12 of 12 faces have a partner") == 2
    assert "136 coordinates of points" in told
    table = pl.read_csv("agreement.csv")
    differences = table["mean_difference"].drop_nulls().abs()
    assert len(differences) > 150
    assert differences.max() < 1e-3
    assert table.filter(quantity="label")["agreement"].to_list() == [1.0]


def test_tables_that_share_no_face(facsight, other_tools, tmp_path):
    (tmp_path / "late.csv").write_text(LIBREFACE + "0,7,5,-5,1,Fear\n1,7.04,9,-9,1,Fear\n")
    code, _, complaint = facsight("agree", other_tools[0], tmp_path / "late.csv")
    assert code == 2
    assert "2 faces in a, 2 faces in late" in " ".join(complaint.split())


def test_what_is_no_table(facsight, other_tools, tmp_path):
    (tmp_path / "list.csv").write_text("name,price\nsoap,2\n")
    code, _, complaint = facsight("agree", other_tools[0], tmp_path / "list.csv")
    assert code == 2
    assert "no known tool" in " ".join(complaint.split())
    code, _, complaint = facsight("agree", other_tools[0], tmp_path / "gone.csv")
    assert code == 2
    assert "found nothing" in " ".join(complaint.split())


def test_figures_that_cannot_be_written(facsight, other_tools, tmp_path):
    code, _, complaint = facsight("agree", *other_tools, "--out", tmp_path / "no" / "where.csv")
    assert code == 1
    assert "could not be written" in " ".join(complaint.split())
