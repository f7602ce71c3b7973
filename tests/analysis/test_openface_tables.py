"""Tables in OpenFace's format, with numbers of our own, and one that OpenFace wrote."""

import csv
import math

import pytest

from facsight.analysis.other_tables import read_openface
from facsight.core.errors import BadTable

HEADER = "frame, face_id, timestamp, confidence, success, pose_Rx, pose_Ry, pose_Rz, x_0, y_0, AU12_r, AU12_c"
SEEN = "1, 0, 0.000, 0.98, 1, 0.5236, 0.3491, -0.1745, 99.5, 0, 3.25, 1"
LOST = "2, 0, 0.033, 0.02, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0"


@pytest.fixture
def read(tmp_path):
    """Reads a table of these lines."""

    def read(*lines, end="\n", start=b"", name="day1.csv"):
        (tmp_path / name).write_bytes(start + (end.join(lines) + end).encode())
        return read_openface(tmp_path / name)

    return read


def test_frames_count_from_zero_and_faces_from_one(read):
    table = read(HEADER, SEEN, SEEN.replace("1, 0, 0.000", "7, 2, 0.2"))
    assert table["frame"].to_list() == [0, 6]
    assert table["face"].to_list() == [1, 3]
    assert table["time"].to_list() == [0, 0.2]
    assert table["file"].to_list() == ["day1", "day1"]


def test_angles_are_in_degrees_with_our_signs(read):
    """It looks down, to the picture's left (the person's right), and tilts counter-clockwise."""
    row = read(HEADER, SEEN).row(0, named=True)
    assert (row["pitch"], row["yaw"], row["roll"]) == pytest.approx((-30, 20, 10), abs=0.01)


def test_points_count_from_the_corner_of_the_picture(read):
    assert read(HEADER, SEEN).select("x_0", "y_0").row(0) == (100.0, 0.5)


def test_action_units_say_what_they_measure(read):
    assert read(HEADER, SEEN).select("AU12_intensity", "AU12_presence").row(0) == (3.25, 1)


def test_what_is_written_where_the_face_was_lost_is_no_measurement(read):
    table = read(HEADER, SEEN, LOST)
    assert table["status"].to_list() == ["ok", "no_face"]
    lost = table.row(1, named=True)
    kept = {name for name, value in lost.items() if value is not None}
    assert kept == {"file", "frame", "time", "status"}


def test_boxes_and_labels_which_it_lacks_are_there_and_empty(read):
    row = read(HEADER, SEEN).row(0, named=True)
    assert row["box_x0"] is None
    assert row["label"] is None


def test_a_table_of_a_photo_has_its_faces_counted_from_zero(read):
    table = read("face, confidence, pose_Rx, AU12_r", "0, 0.9, 0, 1", "1, 0.8, 0, 2", name="party.csv")
    assert table["face"].to_list() == [1, 2]
    assert table["frame"].null_count() == table["time"].null_count() == 2
    assert table["status"].to_list() == ["ok", "ok"]


def test_a_table_of_action_units_alone(read):
    table = read("frame, timestamp, AU01_r, AU01_c", "1, 0, 0.5, 0")
    row = table.row(0, named=True)
    assert (row["AU01_intensity"], row["AU01_presence"], row["face"], row["yaw"]) == (0.5, 0, 1, None)


@pytest.mark.parametrize(
    "variant",
    [
        {"start": b"\xef\xbb\xbf"},
        {"end": "\r\n"},
        {"start": b"\xef\xbb\xbf", "end": "\r\n"},
        {"end": "\n\n"},
    ],
)
def test_marks_and_ends_of_lines_do_not_matter(read, variant):
    assert read(HEADER, SEEN, LOST, **variant).equals(read(HEADER, SEEN, LOST, name="day1.csv"))


def test_semicolons_with_decimal_commas(read):
    saved_by_a_spreadsheet = [line.replace(",", ";").replace(".", ",") for line in (HEADER, SEEN, LOST)]
    assert read(*saved_by_a_spreadsheet).equals(read(HEADER, SEEN, LOST))


def test_tabs(read):
    assert read(*(line.replace(", ", "\t") for line in (HEADER, SEEN))).equals(read(HEADER, SEEN))


@pytest.mark.parametrize("word", ["nan", "NaN", "-nan(ind)", "-nan", "", "inf", "NA", "1.#IND"])
def test_no_number_is_null(read, word):
    row = read(HEADER, SEEN.replace("3.25", word).replace("99.5", word)).row(0, named=True)
    assert row["AU12_intensity"] is None
    assert row["x_0"] is None
    assert row["AU12_presence"] == 1


def test_a_word_where_a_number_should_be_is_named(read):
    with pytest.raises(BadTable, match=r"day1.csv.*three"):
        read(HEADER, SEEN.replace("3.25", "three"))


def test_a_column_twice_counts_once_unless_the_two_differ(read):
    once = read(HEADER, SEEN)
    assert read(HEADER + ", AU12_r", SEEN + ", 3.25").equals(once)
    with pytest.raises(BadTable, match="two different columns of the name 'AU12_r'"):
        read(HEADER + ", AU12_r", SEEN + ", 3.5")


def test_a_row_that_is_too_long(read):
    with pytest.raises(BadTable, match=r"day1.csv"):
        read(HEADER, SEEN + ", 1, 2")


def test_a_row_that_was_cut_off_lacks_its_end_only(read):
    row = read(HEADER, "1, 0, 0, 0.98, 1, 0.5236").row(0, named=True)
    assert (row["confidence"], row["yaw"]) == (0.98, None)


def test_a_table_without_rows(read):
    table = read(HEADER)
    assert table.is_empty()
    assert {"frame", "yaw", "AU12_intensity"} <= set(table.columns)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_an_empty_file(tmp_path, content):
    (tmp_path / "empty.csv").write_bytes(content)
    with pytest.raises(BadTable, match=r"empty.csv is empty"):
        read_openface(tmp_path / "empty.csv")


def test_a_file_in_another_encoding(tmp_path):
    (tmp_path / "wide.csv").write_text(HEADER + "\n" + SEEN, encoding="utf-16")
    with pytest.raises(BadTable, match="UTF-8"):
        read_openface(tmp_path / "wide.csv")


def test_another_tools_table_is_named(tmp_path):
    (tmp_path / "feat.csv").write_text("frame,FaceRectX,FaceScore,AU12\n0,1,0.9,0.5\n")
    with pytest.raises(BadTable, match=r"OpenFace.*success.*found one of py-feat.*FaceRectX"):
        read_openface(tmp_path / "feat.csv")


def test_a_real_table(shared_data):
    path = shared_data / "samples/tables/OpenFace_Test.csv"
    with path.open() as file:
        theirs = [{name.strip(): cell for name, cell in row.items()} for row in csv.DictReader(file)]
    table = read_openface(path)
    assert len(table) == len(theirs) == 100
    for told, row in zip(table.iter_rows(named=True), theirs, strict=True):
        assert told["frame"] == int(row["frame"]) - 1
        assert told["time"] == float(row["timestamp"])
        assert told["yaw"] == pytest.approx(math.degrees(float(row["pose_Ry"])))
        assert told["pitch"] == pytest.approx(-math.degrees(float(row["pose_Rx"])))
        assert told["y_67"] == pytest.approx(float(row["y_67"]) + 0.5)
        assert told["AU45_intensity"] == float(row["AU45_r"])
        assert told["AU28_presence"] == int(row["AU28_c"])
    intensities = [name for name in table.columns if name.endswith("_intensity")]
    assert len(intensities) == 17
    assert table.select(intensities).max_horizontal().max() <= 5
