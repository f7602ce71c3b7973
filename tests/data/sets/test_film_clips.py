"""DFEW, FERV39k, AFEW and MAFW: folders written by hand, whose truth is written by hand."""

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


def rows(data, *names):
    return data.table.select(names).rows()


def told(data):
    return [str(deviation) for deviation in data.deviations]


class TestDfew:
    @pytest.fixture
    def lists(self, write):
        def of(train, test, fold=1):
            for split, text in (("train", train), ("test", test)):
                write(
                    f"EmoLabel_DataSplit/{split}(single-labeled)/set_{fold}.csv",
                    f"video_name,label\r\n{text}",
                )

        return of

    def test_numbers_have_five_digits_and_labels_begin_at_one(self, tmp_path, write, lists):
        lists("1,1\r\n16372,7\r\n", "7,3\r\n\r\n")
        write("Clip/clip_224x224/00001/00001.jpg")
        write("Clip/clip_224x224/16372/00001.jpg")
        data = open_dataset("dfew", tmp_path, sealed=False)
        assert rows(data, "sample", "split", "path", "expression") == [
            ("00001", "train", "Clip/clip_224x224/00001", "happiness"),
            ("16372", "train", "Clip/clip_224x224/16372", "fear"),
            ("00007", "test", None, "neutral"),
        ]
        assert told(data) == [
            "EmoLabel_DataSplit/test(single-labeled)/set_1.csv, line 2: no file of this clip"
        ]

    def test_a_fold_is_asked_for(self, tmp_path, write, lists):
        lists("1,1\n", "2,1\n")
        lists("2,1\n", "1,1\n", fold=2)
        write("Clip/clip_224x224_avi/00001.avi")
        assert rows(open_dataset("dfew", tmp_path, fold=2), "sample", "split", "path") == [
            ("00002", "train", None),
            ("00001", "test", "Clip/clip_224x224_avi/00001.avi"),
        ]
        with pytest.raises(MissingData, match=r"set_3\.csv"):
            open_dataset("dfew", tmp_path, fold=3)

    def test_the_layout_of_the_authors_code(self, tmp_path, write):
        write("label/single_trainset_1.csv", "video_name,label\n1,2\n")
        write("label/single_testset_1.csv", "video_name,label\n2,6\n")
        write("data/00001/00001_00001.jpg")
        data = open_dataset("dfew", tmp_path, sealed=False)
        assert rows(data, "path", "expression") == [("data/00001", "sadness"), (None, "disgust")]

    @pytest.mark.parametrize(
        ("row", "message"),
        [("1,8", "line 3: expected a label of dfew7"), ("clip,1", "line 3: expected the number of a clip")],
    )
    def test_a_bad_row_is_named(self, tmp_path, write, lists, row, message):
        lists(f"5,1\r\n{row}\r\n", "2,1\r\n")
        write("Clip/clip_224x224/00005/1.jpg")
        with pytest.raises(BadLabels, match=message):
            open_dataset("dfew", tmp_path)

    def test_a_clip_in_both_splits_is_told(self, tmp_path, write, lists):
        lists("5,1\n", "5,1\n")
        write("Clip/clip_224x224/00005/1.jpg")
        data = open_dataset("dfew", tmp_path)
        assert rows(data, "split") == [("train",)]
        assert "sample '00005' stands here again" in told(data)[0]


class TestFerv39k:
    def test_rows_without_a_header_and_folders_of_frames(self, tmp_path, write):
        write("4_setups/All_scenes/train_All.csv", "Action/Sad/0010 Sad\r\nWar/Happy/0001 Happy\r\n\r\n")
        write("4_setups/All_scenes/test_All.csv", "War/Fear/0002 Fear\n")
        write("2_ClipsforFaceCrop/Action/Sad/0010/1.jpg")
        write("2_ClipsforFaceCrop/War/Fear/0002/1.jpg")
        data = open_dataset("ferv39k", tmp_path, sealed=False)
        assert rows(data, "sample", "split", "path", "expression") == [
            ("Action/Sad/0010", "train", "2_ClipsforFaceCrop/Action/Sad/0010", "sadness"),
            ("War/Happy/0001", "train", None, "happiness"),
            ("War/Fear/0002", "test", "2_ClipsforFaceCrop/War/Fear/0002", "fear"),
        ]
        assert told(data) == ["2_ClipsforFaceCrop/War/Happy/0001: this clip is missing"]

    def test_folders_as_they_unpack(self, tmp_path, write):
        for name, text in (("train", "Action/Sad/0010 Sad\n"), ("test", "Action/Sad/0011 Sad\n")):
            write(f"drive-download/4_setups/All_scenes/{name}_All.csv", text)
        write("2_ClipsforFaceCrop-002/2_ClipsforFaceCrop/Action/Sad/0010/1.jpg")
        write("2_ClipsforFaceCrop-002/2_ClipsforFaceCrop/Action/Sad/0011/1.jpg")
        data = open_dataset("ferv39k", tmp_path)
        assert data.table["path"][0] == "2_ClipsforFaceCrop-002/2_ClipsforFaceCrop/Action/Sad/0010"
        assert told(data) == []

    def test_a_header_another_folder_and_no_clip_are_told(self, tmp_path, write):
        write(
            "4_setups/All_scenes/train_All.csv",
            "path label\nWar/Sad/0001 Fear\n0002 Fear\nWar/Sad/0003 Joyless\n",
        )
        write("4_setups/All_scenes/test_All.csv", "War/Sad/0004 Sad\n")
        with pytest.raises(BadLabels, match="line 3: expected a clip such as Action/Sad/0010"):
            open_dataset("ferv39k", tmp_path)
        data = open_dataset("ferv39k", tmp_path, tolerant=True)
        assert rows(data, "sample", "expression") == [("War/Sad/0001", "fear"), ("War/Sad/0004", None)]
        all_told = "\n".join(told(data))
        assert "line 1: expected no header" in all_told
        assert "line 2: the clip lies in the folder of another expression" in all_told
        assert "line 4: 'Joyless' is not a class of ferv39k7" in all_told

    def test_one_list_alone(self, tmp_path, write):
        write("4_setups/All_scenes/train_All.csv", "Action/Sad/0010 Sad\n")
        with pytest.raises(MissingData, match=r"test_All\.csv"):
            open_dataset("ferv39k", tmp_path)


class TestAfew:
    @pytest.fixture(autouse=True)
    def folder(self, write):
        write("Train_AFEW/Happy/000046280.avi")
        write("Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280/000.jpg")
        write("Val_AFEW/Surprise/010000000.avi")
        write("Test_AFEW/020000000.avi")

    def test_class_folders_of_clips(self, tmp_path):
        data = open_dataset("afew", tmp_path)
        assert rows(data, "sample", "split", "path", "expression") == [
            ("020000000", "test", "Test_AFEW/020000000.avi", None),
            ("000046280", "train", "Train_AFEW/Happy/000046280.avi", "happiness"),
            ("010000000", "val", "Val_AFEW/Surprise/010000000.avi", "surprise"),
        ]

    def test_aligned_faces_instead_of_clips(self, tmp_path):
        data = open_dataset("afew", tmp_path, files="faces")
        paths = dict(rows(data, "sample", "path"))
        assert paths["000046280"] == "Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280"
        assert paths["010000000"] is None
        assert "2 clips have no faces" in told(data)[0]

    def test_a_clip_in_two_class_folders_is_read_once(self, tmp_path, write):
        write("Train_AFEW/Sad/000046280.avi")
        data = open_dataset("afew", tmp_path)
        assert [label for name, label in rows(data, "sample", "expression") if name == "000046280"] == [
            "happiness"
        ]
        assert (
            "Train_AFEW/Sad/000046280.avi: 000046280 is Train_AFEW/Happy/000046280.avi as well"
            in told(data)[0]
        )

    def test_folders_of_frames_instead_of_clips(self, tmp_path, write):
        write("train_frames/Fear/030000000/1.jpg")
        data = open_dataset("afew", tmp_path)
        assert ("030000000", "train_frames/Fear/030000000", "fear") in rows(
            data, "sample", "path", "expression"
        )


class TestMafw:
    def test_the_lists_of_a_fold(self, tmp_path, write):
        write(
            "Train & Test Set/single/no_caption/set_2/train.txt",
            "00025.mp4 anger\r\n00026.mp4 helplessness\r\n",
        )
        write("Train & Test Set/single/no_caption/set_2/test.txt", "00027.mp4 contempt\r\n\r\n")
        write("data/clips/00025.mp4")
        write("data/clips/00027.mp4")
        data = open_dataset("mafw", tmp_path, fold=2, sealed=False)
        assert rows(data, "sample", "split", "video", "path", "expression") == [
            ("00025.mp4", "train", "00025", "data/clips/00025.mp4", "anger"),
            ("00026.mp4", "train", "00026", None, "helplessness"),
            ("00027.mp4", "test", "00027", "data/clips/00027.mp4", "contempt"),
        ]
        with pytest.raises(MissingData, match="single/no_caption/set_1/train"):
            open_dataset("mafw", tmp_path)

    def test_several_labels_a_clip_belong_to_another_list(self, tmp_path, write):
        write("split/single/no_caption/set_1/train.txt", "00025.mp4 anger_disgust\n")
        write("split/single/no_caption/set_1/test.txt", "00026.mp4 anger\n")
        write("data/frames/00026/1.jpg")
        with pytest.raises(BadLabels, match=r"line 1: 'anger_disgust' is not a class of mafw11"):
            open_dataset("mafw", tmp_path)
        data = open_dataset("mafw", tmp_path, tolerant=True)
        assert rows(data, "path") == [("data/frames/00026",)]
