"""C-EXPR-DB, DVD and the faces of ABAW 4: folders written by hand, whose truth is written by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset


@pytest.fixture
def write(tmp_path):
    def file(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    return file


class TestCompound:
    HEADER = "image_location,Fearfully_Surprised,Happily_Surprised"

    def test_frames_of_the_sample_without_a_label(self, tmp_path, write):
        write("lists/CVPR_6th_ABAW_CE_test_set_example.txt", f"{self.HEADER}\n7/00001.jpg,0\n8/00003.jpg,5\n")
        write("videos/7.mp4")
        write("videos/8.avi")
        data = open_dataset("cexpr", tmp_path, sealed=False)
        assert data.table.select("sample", "split", "video", "frame", "path", "compound").rows() == [
            ("7/00001.jpg", "test", "7", 1, "videos/7.mp4", None),
            ("8/00003.jpg", "test", "8", 3, "videos/8.avi", None),
        ]
        assert data.deviations == ()

    def test_crops_come_before_videos(self, tmp_path, write):
        write(
            "ICCV_9th_ABAW_CE_test_set_example.txt",
            f"{self.HEADER}\n7/00001.jpg,0\n7/00002.jpg,0\n9/00001.jpg\n",
        )
        write("cropped_aligned/7/00001.jpg")
        write("videos/7.mp4")
        data = open_dataset("cexpr", tmp_path)
        assert data.table["path"].to_list() == ["cropped_aligned/7/00001.jpg", "videos/7.mp4", None]
        assert any("no crop and no video of 9" in str(deviation) for deviation in data.deviations)

    def test_without_the_sample_nothing_is_asked(self, tmp_path, write):
        write("videos/7.mp4")
        with pytest.raises(MissingData, match=r"CVPR_6th_ABAW_CE_test_set_example\.txt"):
            open_dataset("cexpr", tmp_path)


class TestViolence:
    def test_a_file_a_video_with_its_numbers(self, tmp_path, write):
        write("labels/Training/0001.csv", "Frame_Number,Label\r\n1,0\r\n2,1\r\n\r\n")
        write("labels/Validation/0002.csv", "Frame_Number,Label\n3,1\n")
        write("labels/Test/0003.csv", "Frame_Number,Label\n1,\n2,\n")
        write("frames/Training/0001/00001.jpg")
        write("videos/0002.mp4")
        data = open_dataset("dvd", tmp_path, sealed=False)
        assert data.table.select("sample", "split", "video", "frame", "path", "violence").rows() == [
            ("0001/1", "train", "0001", 1, "frames/Training/0001/00001.jpg", "absent"),
            ("0001/2", "train", "0001", 2, None, "present"),
            ("0002/3", "val", "0002", 3, "videos/0002.mp4", "present"),
            ("0003/1", "test", "0003", 1, None, None),
            ("0003/2", "test", "0003", 2, None, None),
        ]
        assert [str(deviation) for deviation in data.deviations] == [
            "labels/Training/0001.csv, line 3: 1 of 2 frames have no picture, the first is 00002.jpg"
        ]

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("0,1", "line 3: expected the number of a frame, from 1, found '0'"),
            ("2,yes", "line 3: expected a label of violence2"),
            ("2", "line 3: expected 2 fields"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path, write, row, message):
        write("labels/Training/0001.csv", f"Frame_Number,Label\n1,0\n{row}\n")
        with pytest.raises(BadLabels, match=message):
            open_dataset("dvd", tmp_path)

    def test_a_frame_twice_is_read_once(self, tmp_path, write):
        write("labels/Training/0001.csv", "Frame_Number,Label\n1,0\n1,1\n")
        assert open_dataset("dvd", tmp_path).table.select("frame", "violence").rows() == [(1, "absent")]


class TestSyntheticFaces:
    def test_class_folders_however_spelt(self, tmp_path, write):
        write("train_synthetic/ANGRER/a.jpg")
        write("train_synthetic/SURPRISE/b.png")
        write("Validation/ANGER/a.jpg")
        write("test/1.jpg")
        data = open_dataset("affwild2_lsd", tmp_path, sealed=False)
        assert data.table.select("sample", "split", "path", "expression").rows() == [
            ("Validation/ANGER/a.jpg", "val", "Validation/ANGER/a.jpg", "anger"),
            ("1.jpg", "test", "test/1.jpg", None),
            ("train_synthetic/ANGRER/a.jpg", "train", "train_synthetic/ANGRER/a.jpg", "anger"),
            ("train_synthetic/SURPRISE/b.png", "train", "train_synthetic/SURPRISE/b.png", "surprise"),
        ]

    def test_a_folder_of_no_class_is_told(self, tmp_path, write):
        write("train/FEAR/a.jpg")
        write("train/NEUTRAL/b.jpg")
        with pytest.raises(BadLabels, match="train/NEUTRAL: expected the folder of a class"):
            open_dataset("affwild2_lsd", tmp_path)
        assert len(open_dataset("affwild2_lsd", tmp_path, tolerant=True)) == 1
