"""Any table in facsight's names: which tool wrote it, and ours in other tools' columns read back."""

import polars as pl
import pytest

import facsight
from facsight.analysis.conventions import CONVENTIONS, arrange, arrange_frames
from facsight.analysis.frame_table import as_rows
from facsight.analysis.other_tables import read_libreface, read_openface, read_pyfeat, read_table
from facsight.analysis.reader import Reader
from facsight.analysis.run import analyse
from facsight.analysis.study import analyse_videos
from facsight.analysis.table import as_frame
from facsight.core.errors import BadTable, MissingData
from facsight.faces.face import HeadPose
from planted import PlantedFinder, saved_photo
from planted_video import saved_video

TABLES = {
    "openface": "frame, success, pose_Rx, AU12_r\n1, 1, 0.1, 2\n",
    "pyfeat": "frame,FaceRectX,FaceScore,AU12,Happy\n0,1,0.9,0.5,0.75\n",
    "libreface": "frame_idx,frame_time_in_ms,au_12,facial_expression\n0,0,1,Happiness\n",
    "facsight": "file,frame,face,status,expression_happiness,label\na.mp4,0,1,ok,0.75,happiness\n",
}
READERS = {"openface": read_openface, "pyfeat": read_pyfeat, "libreface": read_libreface}
CORE = ["file", "frame", "time", "face", "status", "confidence", "box_x0", "box_y0", "box_x1", "box_y1"]
CORE += ["yaw", "pitch", "roll", "label"]


@pytest.fixture
def turned(weights):
    return Reader(weights, finder=PlantedFinder(pose=HeadPose(yaw=30.0, pitch=20.0, roll=10.0)))


@pytest.fixture
def saved(tmp_path):
    def saved(tool):
        (tmp_path / f"{tool}.csv").write_text(TABLES[tool])
        return tmp_path / f"{tool}.csv"

    return saved


@pytest.mark.parametrize("tool", TABLES)
def test_a_table_tells_which_tool_wrote_it(saved, tool):
    table = read_table(saved(tool))
    assert table.columns[: len(CORE)] == CORE
    assert table.select("frame", "face", "status").row(0) == (0, 1, "ok")
    if tool in READERS:
        assert table.equals(READERS[tool](saved(tool)))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("tool", TABLES)
def test_a_reader_takes_its_own_tools_tables_only(saved, reader, tool):
    if reader == tool:
        return
    with pytest.raises(BadTable, match=rf"expected a table of .* found one of .*{tool}.csv"):
        READERS[reader](saved(tool))


def test_the_package_has_it_and_takes_a_name(saved):
    assert facsight.read_table(str(saved("pyfeat"))).equals(read_pyfeat(str(saved("pyfeat"))))


def test_a_table_of_no_known_tool(tmp_path):
    (tmp_path / "list.csv").write_text("name,price\nsoap,2\n")
    with pytest.raises(BadTable, match=r"OpenFace: success.*found name, price"):
        read_table(tmp_path / "list.csv")


def test_nothing_there(tmp_path):
    with pytest.raises(MissingData, match="found nothing"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(MissingData, match="folder"):
        read_table(tmp_path)
    with pytest.raises(MissingData, match="found a folder"):
        read_openface(tmp_path)


def test_a_damaged_parquet_file(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadTable, match=r"a.parquet is no Parquet file"):
        read_table(tmp_path / "a.parquet")


def test_a_name_that_looks_like_a_pattern(tmp_path):
    (tmp_path / "day[1].csv").write_text(TABLES["openface"])
    assert read_table(tmp_path / "day[1].csv")["file"].to_list() == ["day[1]"]


def test_a_folder_of_tables_a_video(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(TABLES["openface"])
    (tmp_path / "one.avi").write_text("not read")
    assert read_table(tmp_path)["file"].to_list() == ["one", "two"]


@pytest.mark.parametrize("name", CONVENTIONS)
def test_our_tables_of_videos_come_back(turned, tmp_path, name):
    """Photos of faces, frames with two and with none, written at full precision, read back as they were."""
    video = saved_video(tmp_path / "clip.mkv", [1, 2, 0, 1], times=[0.5, 0.54, 0.61, 61.2])
    classes, units = turned.classes, turned.action_units
    rows = as_rows("day 1/clip.mkv", turned.read_video(video), classes, units)
    written, own = (
        rows.select(
            e.alias(c.name) for c, e in arrange_frames(wanted, classes, units, landmarks=True).columns
        )
        for wanted in (name, "facsight")
    )
    written.write_csv(tmp_path / "table.csv")
    assert_same(read_table(tmp_path / "table.csv"), own)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_our_tables_of_photos_come_back(turned, tmp_path, name):
    photos = [saved_photo(tmp_path / "a.png", 2), saved_photo(tmp_path / "b.png", 0), tmp_path / "gone.png"]
    classes, units = turned.classes, turned.action_units
    records = as_frame(enumerate(turned.read_many(photos), 1), classes, units)
    written, own = (
        records.select(e.alias(c.name) for c, e in arrange(wanted, classes, units, landmarks=True).columns)
        for wanted in (name, "facsight")
    )
    written.write_csv(tmp_path / "table.csv")
    sizes = ("photo_width", "photo_height") if name == "pyfeat" else ()  # there called Frame...
    assert_same(read_table(tmp_path / "table.csv"), own.drop(sizes))


def assert_same(read, own):
    """Every column of ours is there with the same cells; numbers to the precision of their arithmetic."""
    assert set(own.columns) <= set(read.columns)
    for name in own.columns:
        told, expected = (
            read[name],
            own[name].replace("", None) if own[name].dtype == pl.String else own[name],
        )
        assert told.is_null().to_list() == expected.is_null().to_list(), name
        if expected.dtype.is_float():
            assert told.drop_nulls().to_list() == pytest.approx(expected.drop_nulls().to_list(), rel=1e-6), (
                name
            )
        else:
            assert told.to_list() == expected.to_list(), name


def test_a_folder_of_videos_is_read_from_its_parquet_files(turned, tmp_path):
    videos = [saved_video(tmp_path / f"{name}.mkv", [1, 0]) for name in "ab"]
    analyse_videos(videos, tmp_path / "out", turned, convention="openface")
    table = read_table(tmp_path / "out")
    assert table["file"].to_list() == [str(video) for video in videos for _ in range(2)]
    assert table["yaw"].to_list() == pytest.approx([30, None, 30, None])
    by_csv = read_table(tmp_path / "out" / "readings.csv")
    assert by_csv["x_30"].to_list() == pytest.approx(table["x_30"].to_list(), abs=1e-4)


def test_an_unfinished_folder_of_videos(turned, tmp_path):
    (tmp_path / "readings").mkdir()
    with pytest.raises(MissingData, match="not finished"):
        read_table(tmp_path)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_folder_of_photos_in_any_columns(turned, tmp_path, name):
    analyse([saved_photo(tmp_path / "a.png", 1)], tmp_path / "out", turned, convention=name)
    row = read_table(tmp_path / "out").row(0, named=True)
    assert (row["file"], row["status"]) == (str(tmp_path / "a.png"), "ok")
    assert (row["yaw"], row["pitch"], row["roll"]) == pytest.approx((30, 20, 10))


def test_the_full_records_of_photos(turned, tmp_path):
    analyse([saved_photo(tmp_path / "a.png", 1)], tmp_path / "out", turned, landmarks=True)
    records = read_table(tmp_path / "out" / "evidence.parquet")
    table = pl.read_parquet(tmp_path / "out" / "readings.parquet")
    assert records["y_67"].to_list() == pytest.approx(table["y_67"].to_list())
