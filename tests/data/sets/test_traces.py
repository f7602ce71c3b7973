"""RECOLA, SEWA and VEATIC: folders written by hand, whose truth is written by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset

ARFF = (
    "@relation GOLDSTANDARD\n\n@attribute Instance_name string\n@attribute frameTime numeric\n"
    "@attribute GoldStandard numeric\n\n\n@data\n\n\n"
)


@pytest.fixture
def write(tmp_path):
    def file(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    return file


def rows(data, *names):
    return data.table.select(names).rows()


def told(data):
    return [str(deviation) for deviation in data.deviations]


class TestRecola:
    FOLDER = "RECOLA-Annotation/emotional_behaviour"

    def test_the_mean_of_the_raters(self, tmp_path, write):
        write(
            f"{self.FOLDER}/arousal/P16.csv", "time;FM1 ;FM2 ;FF3\r\n0;0.1;0.2;0.6\r\n0.04;-0.5;0;0.5\r\n\r\n"
        )
        write(f"{self.FOLDER}/valence/P16.csv", "time;FM1 ;FM2 ;FF3\r\n0;0;0;0\r\n0.04;0.9;0.9;0.9\r\n")
        write("RECOLA-Video-recordings/P16.mp4")
        data = open_dataset("recola", tmp_path)
        assert rows(data, "sample", "split", "subject", "path", "start") == [
            ("P16/0", None, "P16", "RECOLA-Video-recordings/P16.mp4", 0.0),
            ("P16/0.04", None, "P16", "RECOLA-Video-recordings/P16.mp4", 0.04),
        ]
        assert data.table["arousal"].to_list() == pytest.approx([0.3, 0.0], abs=1e-7)
        assert data.table["valence"].to_list() == pytest.approx([0.0, 0.9])
        assert told(data) == []

    def test_the_gold_standard_and_its_splits(self, tmp_path, write):
        for name, value in (("train_1", 0.25), ("dev_2", -0.5)):
            for quantity, sign in (("arousal", 1), ("valence", -1)):
                row = f"'{name}',0.00,{sign * value}\n"
                write(f"ratings_gold_standard/{quantity}/{name}.arff", ARFF + row)
        write("recordings_audio/train_1.wav")
        data = open_dataset("recola", tmp_path)
        assert rows(data, "sample", "split", "path", "arousal", "valence") == [
            ("dev_2/0.00", "val", None, -0.5, 0.5),
            ("train_1/0.00", "train", "recordings_audio/train_1.wav", 0.25, -0.25),
        ]
        assert "no recording of dev_2" in told(data)[-1]

    def test_a_moment_that_only_one_file_has_and_times_that_go_back(self, tmp_path, write):
        write(f"{self.FOLDER}/arousal/P16.csv", "time;A\n0;0\n0.08;0\n0.04;0\n0.12;0\n")
        write(f"{self.FOLDER}/valence/P16.csv", "time;A\n0;0\n0.08;0\n0.04;0\n0.16;0\n")
        with pytest.raises(BadLabels, match="line 5: a moment without valence"):
            open_dataset("recola", tmp_path)
        data = open_dataset("recola", tmp_path, tolerant=True)
        assert rows(data, "start") == [(0.0,), (0.08,)]
        assert any(
            "arousal/P16.csv, line 4: expected a later moment than before" in line for line in told(data)
        )
        assert any("valence/P16.csv, line 5: a moment without arousal" in line for line in told(data))

    def test_a_rating_that_is_none_or_out_of_range(self, tmp_path, write):
        write(f"{self.FOLDER}/arousal/P16.csv", "time;A;B\n0;0;x\n0.04;2;2\n0.08;1;1\n")
        write(f"{self.FOLDER}/valence/P16.csv", "time;A\n0;0\n0.04;0\n0.08;0\n")
        data = open_dataset("recola", tmp_path, tolerant=True)
        assert rows(data, "start", "arousal") == [(0.08, 1.0)]

    def test_other_attributes(self, tmp_path, write):
        for quantity in ("arousal", "valence"):
            write(f"ratings_gold_standard/{quantity}/train_1.arff", "@data\n'train_1',0,0\n")
        with pytest.raises(BadLabels, match="expected the attributes Instance_name, frameTime, GoldStandard"):
            open_dataset("recola", tmp_path)

    def test_valence_missing(self, tmp_path, write):
        write(f"{self.FOLDER}/arousal/P16.csv", "time;A\n0;0\n")
        with pytest.raises((BadLabels, MissingData)):
            open_dataset("recola", tmp_path)


class TestSewa:
    def test_with_a_header_and_without(self, tmp_path, write):
        write(
            "labels/Train_DE_01.csv", "name;timestamp;valence;arousal;liking\r\n'x';0.0;0.1;0.2;0.3\r\n\r\n"
        )
        write("labels/Devel_01.csv", "'y';0.0;0.4;0.5;0.6\n'y';0.1;0;0;0\n")
        write("video/Devel_01.avi")
        data = open_dataset("sewa", tmp_path)
        assert rows(data, "sample", "split", "path", "start") == [
            ("Devel_01/0.0", "val", "video/Devel_01.avi", 0.0),
            ("Devel_01/0.1", "val", "video/Devel_01.avi", 0.1),
            ("Train_DE_01/0.0", "train", None, 0.0),
        ]
        assert data.table["arousal"].to_list() == pytest.approx([0.4, 0, 0.2])
        assert data.table["valence"].to_list() == pytest.approx([0.5, 0, 0.1])
        assert data.table["liking"].to_list() == pytest.approx([0.6, 0, 0.3])

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("'x';0.0;0.1;0.2", "line 2: expected 5 fields"),
            ("'x';now;0;0;0", "line 2: expected seconds from the start"),
            ("'x';0.0;0;3;0", "line 2: expected valence, arousal, liking from -1 to 1"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path, write, row, message):
        write("labels/Train_DE_01.csv", f"name;timestamp;arousal;valence;liking\n{row}\n")
        with pytest.raises(BadLabels, match=message):
            open_dataset("sewa", tmp_path)


class TestVeatic:
    def test_the_second_number_is_the_value_and_frames_begin_at_zero(self, tmp_path, write):
        write("rating_averaged/3_valence.csv", "".join(f"{k},0.{k}\r\n" for k in range(10)))
        write("rating_averaged/3_arousal.csv", "".join(f"{k},-0.{k}\r\n" for k in range(10)) + "\r\n")
        write("videos/3.mp4")
        write("frames/3/1.jpg")
        data = open_dataset("veatic", tmp_path, sealed=False)
        assert rows(data, "sample", "frame", "path")[:2] == [
            ("3/0", 0, "videos/3.mp4"),
            ("3/1", 1, "frames/3/1.jpg"),
        ]
        assert data.table["split"].to_list() == ["train"] * 7 + ["test"] * 3
        assert data.table["valence"].to_list() == pytest.approx([k / 10 for k in range(10)])
        assert data.table["arousal"].to_list() == pytest.approx([-k / 10 for k in range(10)])

    def test_rows_of_one_number_and_files_of_two_lengths(self, tmp_path, write):
        write("rating_averaged/0_valence.csv", "0.1\n0.2\n0.3\n")
        write("rating_averaged/0_arousal.csv", "0,0.4\n1,0.5\n")
        data = open_dataset("veatic", tmp_path, sealed=False)
        assert data.table["valence"].to_list() == pytest.approx([0.1, 0.2])
        assert (
            "rating_averaged/0_valence.csv: 3 rows, and 2 in rating_averaged/0_arousal.csv" in told(data)[0]
        )
        assert "no video of 0" in told(data)[1]

    def test_videos_in_the_order_of_their_numbers(self, tmp_path, write):
        for video in (10, 9, 100):
            for quantity in ("valence", "arousal"):
                write(f"rating_averaged/{video}_{quantity}.csv", "0,0\n")
        assert open_dataset("veatic", tmp_path).table["video"].to_list() == ["9", "10", "100"]

    def test_one_rating_alone(self, tmp_path, write):
        write("rating_averaged/0_valence.csv", "0,0\n")
        with pytest.raises(BadLabels, match=r"rating_averaged/0_arousal\.csv: no such file"):
            open_dataset("veatic", tmp_path)
