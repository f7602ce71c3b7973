"""Aff-Wild2: folders written by hand, whose truth is written by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset

AUS = "AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26"
EIGHT = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other"


@pytest.fixture
def write(tmp_path):
    """Writes a text file, bytes as they are."""

    def file(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    return file


@pytest.fixture
def picture(tmp_path):
    """Makes empty pictures: a reader never looks into them."""

    def files(video, *frames, folder="cropped_aligned"):
        (tmp_path / folder / video).mkdir(parents=True, exist_ok=True)
        for frame in frames:
            (tmp_path / folder / video / f"{frame:05d}.jpg").touch()

    return files


def columns(data, *names):
    return data.table.select(names).rows()


def told(data):
    return [str(deviation) for deviation in data.deviations]


class TestValenceAndArousal:
    def test_rows_are_frames_and_minus_five_is_no_value(self, tmp_path, write, picture):
        write(
            "VA_Estimation_Challenge/Train_Set/5-60-1920x1080.txt",
            "valence,arousal\n0.5,-0.25\n-5,-5\n-1,1\n",
        )
        picture("5-60-1920x1080", 1, 2, 3)
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "sample", "split", "frame", "valence", "arousal") == [
            ("5-60-1920x1080/00001.jpg", "train", 1, 0.5, -0.25),
            ("5-60-1920x1080/00002.jpg", "train", 2, None, None),
            ("5-60-1920x1080/00003.jpg", "train", 3, -1.0, 1.0),
        ]
        assert data.table["path"][1] == "cropped_aligned/5-60-1920x1080/00002.jpg"
        assert told(data) == []

    def test_two_persons_share_a_recording_and_an_id_may_begin_another(self, tmp_path, write, picture):
        for video in ("10-60", "10-60_left", "10-60_right", "10-60-1280x720"):
            write(f"VA_Estimation_Challenge/Validation_Set/{video}.txt", "valence,arousal\n0,0\n")
            picture(video, 1)
        data = open_dataset("affwild2_va", tmp_path)
        assert sorted(columns(data, "subject", "video", "path")) == [
            ("10-60", "10-60", "cropped_aligned/10-60/00001.jpg"),
            ("10-60-1280x720", "10-60-1280x720", "cropped_aligned/10-60-1280x720/00001.jpg"),
            ("10-60_left", "10-60", "cropped_aligned/10-60_left/00001.jpg"),
            ("10-60_right", "10-60", "cropped_aligned/10-60_right/00001.jpg"),
        ]

    def test_windows_line_ends_and_blank_last_lines_are_no_rows(self, tmp_path, write, picture):
        write("VA_Estimation_Challenge/Train_Set/a.txt", "valence,arousal\r\n0.1,0.2\r\n\r\n\r\n")
        picture("a", 1)
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "sample") == [("a/00001.jpg",)]
        assert told(data) == []

    def test_more_rows_than_pictures_and_fewer_are_told(self, tmp_path, write, picture):
        write("VA_Estimation_Challenge/Train_Set/long.txt", "valence,arousal\n0,0\n0,0\n0,0\n0,0\n")
        write("VA_Estimation_Challenge/Train_Set/short.txt", "valence,arousal\n0,0\n")
        picture("long", 1, 3)
        picture("short", 1, 2, 3)
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "path") == [
            ("cropped_aligned/long/00001.jpg",),
            (None,),
            ("cropped_aligned/long/00003.jpg",),
            (None,),
            ("cropped_aligned/short/00001.jpg",),
        ]
        assert told(data) == [
            "VA_Estimation_Challenge/Train_Set/long.txt, line 3: 2 of 4 frames have no picture, "
            "the first is 00002.jpg",
            "VA_Estimation_Challenge/Train_Set/short.txt: 2 pictures have no row, behind the last",
        ]

    def test_crops_of_both_archives_and_those_not_aligned_are_found(self, tmp_path, write, picture):
        for video in ("a", "b"):
            write(f"VA_Estimation_Challenge/Train_Set/{video}.txt", "valence,arousal\n0,0\n")
            picture(video, 1, folder="cropped")
        picture("a", 1)
        picture("b", 1, folder="cropped_aligned_new_50_vids")
        assert columns(open_dataset("affwild2_va", tmp_path), "path") == [
            ("cropped_aligned/a/00001.jpg",),
            ("cropped_aligned_new_50_vids/b/00001.jpg",),
        ]
        plain = open_dataset("affwild2_va", tmp_path, pictures="cropped")
        assert columns(plain, "path") == [("cropped/a/00001.jpg",), ("cropped/b/00001.jpg",)]

    def test_labels_of_the_first_challenge_below_another_folder(self, tmp_path, write, picture):
        write("annotations/VA_Set/Training_Set/a.txt", "valence,arousal\n0.25,0.5\n")
        picture("a", 1)
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "split", "valence") == [("train", 0.25)]

    def test_one_invalid_value_makes_both_invalid(self, tmp_path, write, picture):
        write("VA_Estimation_Challenge/Train_Set/a.txt", "valence,arousal\n0.5,-5\n0.5,0.5\n")
        picture("a", 1, 2)
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "valence", "arousal") == [(None, None), (0.5, 0.5)]
        assert "line 2: expected -5 for both or neither" in told(data)[0]

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("1.5,0", "line 3: expected valence, arousal from -1 to 1, found 1.5, 0"),
            ("high,0", "line 3: expected valence, arousal from -1 to 1, found high, 0"),
            ("nan,0", "line 3: expected valence, arousal from -1 to 1, found nan, 0"),
            ("0.5", "line 3: expected 2 fields"),
            ("0.5;0.5", "line 3: expected 2 fields"),
        ],
    )
    def test_a_bad_row_is_named_and_moves_no_other(self, tmp_path, write, picture, row, message):
        write("VA_Estimation_Challenge/Train_Set/a.txt", f"valence,arousal\n0.1,0.1\n{row}\n0.3,0.3\n")
        picture("a", 1, 2, 3)
        with pytest.raises(BadLabels, match=message):
            open_dataset("affwild2_va", tmp_path)
        data = open_dataset("affwild2_va", tmp_path, tolerant=True)
        assert columns(data, "sample") == [("a/00001.jpg",), ("a/00003.jpg",)]

    def test_a_blank_line_between_rows_is_told_as_what_may_move_frames(self, tmp_path, write, picture):
        write("VA_Estimation_Challenge/Train_Set/a.txt", "valence,arousal\r\n0.1,0.1\r\n\r\n0.3,0.3\r\n")
        picture("a", 1, 2, 3)
        with pytest.raises(BadLabels, match="line 3: a blank line between rows counts as a frame"):
            open_dataset("affwild2_va", tmp_path)
        data = open_dataset("affwild2_va", tmp_path, tolerant=True)
        assert columns(data, "frame") == [(1,), (3,)]

    def test_a_missing_header_is_told_and_columns_are_taken_by_name(self, tmp_path, write, picture):
        write("VA_Estimation_Challenge/Train_Set/bare.txt", "0.125,0.25\n0.5,-5\n")
        write("VA_Estimation_Challenge/Train_Set/other.txt", "arousal,valence\n0.125,0.25\n")
        picture("bare", 1, 2)
        picture("other", 1)
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "sample", "valence", "arousal") == [
            ("bare/00001.jpg", 0.125, 0.25),
            ("bare/00002.jpg", None, None),
            ("other/00001.jpg", 0.25, 0.125),
        ]
        headers = [line for line in told(data) if "expected the header valence,arousal, found" in line]
        assert len(headers) == 2

    def test_a_file_under_another_header_or_without_rows_is_not_read(self, tmp_path, write, picture):
        write("VA_Estimation_Challenge/Train_Set/a.txt", "V,A\n0.1,0.2\n")
        write("VA_Estimation_Challenge/Train_Set/b.txt", "valence,arousal\n")
        write("VA_Estimation_Challenge/Train_Set/c.txt", "valence,arousal\n0.1,0.2\n")
        (tmp_path / "VA_Estimation_Challenge/Train_Set/d.txt").mkdir()
        for video in ("a", "b", "c"):
            picture(video, 1)
        with pytest.raises(
            BadLabels, match=r"a.txt, line 1: expected the header valence,arousal, found 'V,A'"
        ):
            open_dataset("affwild2_va", tmp_path)
        data = open_dataset("affwild2_va", tmp_path, tolerant=True)
        assert columns(data, "sample") == [("c/00001.jpg",)]
        assert "VA_Estimation_Challenge/Train_Set/b.txt: expected a row a frame, found none" in told(data)
        assert any("Train_Set/d.txt: cannot be read" in line for line in told(data))

    def test_an_id_in_both_splits_is_read_once(self, tmp_path, write, picture):
        for split in ("Train_Set", "Validation_Set"):
            write(f"VA_Estimation_Challenge/{split}/a.txt", "valence,arousal\n0,0\n")
        picture("a", 1)
        with pytest.raises(
            BadLabels, match=r"a is labelled in VA_Estimation_Challenge/Train_Set/a\.txt as well"
        ):
            open_dataset("affwild2_va", tmp_path)

    def test_labels_without_any_crop(self, tmp_path, write):
        write("VA_Estimation_Challenge/Train_Set/a.txt", "valence,arousal\n0,0\n")
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "sample", "path") == [("a/00001.jpg", None)]
        assert told(data) == ["cropped_aligned: no such folder: no sample has a picture"]

    def test_a_video_whose_crops_are_missing(self, tmp_path, write, picture):
        write("VA_Estimation_Challenge/Train_Set/a.txt", "valence,arousal\n0,0\n0,0\n")
        picture("b", 1)
        data = open_dataset("affwild2_va", tmp_path)
        assert "line 2: expected pictures of a in cropped_aligned" in told(data)[0]

    def test_a_folder_without_label_files(self, tmp_path, picture):
        picture("a", 1)
        with pytest.raises(MissingData, match=r"VA_Estimation_Challenge/Train_Set/<video>\.txt"):
            open_dataset("affwild2_va", tmp_path)


class TestTestLists:
    SAMPLE = "image_location,valence,arousal\nt/00001.jpg,0.3,0.4\nt/00002.jpg,0,0\nt_left/00007.jpg,0,0\n"

    def test_the_sample_submission_names_the_frames_and_gives_no_labels(self, tmp_path, write, picture):
        write("test/CVPR_6th_ABAW_VA_test_set_example.txt", self.SAMPLE)
        write("test/CVPR_6th_ABAW_AU_test_set_example.txt", "image_location,AU1\nother/00001.jpg,1\n")
        write("Valence_Arousal_Estimation_Challenge_test_set_release.txt", "another\n")
        picture("t", 1)
        data = open_dataset("affwild2_va", tmp_path, sealed=False)
        assert columns(data, "sample", "split", "video", "frame", "path", "valence") == [
            ("t/00001.jpg", "test", "t", 1, "cropped_aligned/t/00001.jpg", None),
            ("t/00002.jpg", "test", "t", 2, None, None),
            ("t_left/00007.jpg", "test", "t", 7, None, None),
        ]

    def test_without_it_the_listed_videos_give_their_pictures(self, tmp_path, write, picture):
        write("names/Valence_Arousal_Estimation_Challenge_test_set_release.txt", "t\r\nu_right\r\n\r\n")
        picture("t", 3, 1)
        picture("u_right", 2)
        data = open_dataset("affwild2_va", tmp_path)
        assert columns(data, "sample", "video") == [
            ("t/00001.jpg", "t"),
            ("t/00003.jpg", "t"),
            ("u_right/00002.jpg", "u"),
        ]

    def test_a_frame_named_twice_and_one_that_is_none(self, tmp_path, write, picture):
        write(
            "ICCV_9th_ABAW_VA_test_set_sample.txt",
            "image_location,valence,arousal\nt/00001.jpg\nt/00001.jpg\nt\n",
        )
        picture("t", 1)
        with pytest.raises(BadLabels, match=r"line 4: expected a frame such as video/00001\.jpg"):
            open_dataset("affwild2_va", tmp_path)
        data = open_dataset("affwild2_va", tmp_path, tolerant=True)
        assert columns(data, "sample") == [("t/00001.jpg",)]

    @pytest.mark.parametrize(
        ("name", "text"), [("va_test_set_release.txt", "a\n"), ("VA_test_set_sample.txt", "a/00001.jpg\n")]
    )
    def test_a_labelled_video_in_the_test_list_is_told(self, tmp_path, write, picture, name, text):
        write("VA_Estimation_Challenge/Train_Set/a.txt", "valence,arousal\n0,0\n")
        write(name, text)
        picture("a", 1)
        with pytest.raises(BadLabels, match="a is labelled, yet listed for the test"):
            open_dataset("affwild2_va", tmp_path)

    @pytest.mark.parametrize("video", ["..", "../..", "/tmp"])
    def test_a_list_does_not_lead_out_of_the_folder(self, tmp_path, write, picture, video):
        (tmp_path / "data").mkdir()
        write("00001.jpg", "")
        write("data/00001.jpg", "")
        write("data/va_test_set_release.txt", f"{video}\nt\n")
        picture("t", 1, folder="data/cropped_aligned")
        data = open_dataset("affwild2_va", tmp_path / "data")
        assert columns(data, "path") == [("cropped_aligned/t/00001.jpg",)]


class TestExpressions:
    @pytest.mark.parametrize("folder", ["EXPR_Recognition_Challenge", "EXPR_Classification_Challenge"])
    def test_rows_hold_one_integer_under_a_header_of_eight_names(self, tmp_path, write, picture, folder):
        write(f"{folder}/Validation_Set/a.txt", f"{EIGHT}\n0\n-1\n5\n7\n")
        picture("a", 1, 2, 3, 4)
        data = open_dataset("affwild2_expr", tmp_path)
        assert columns(data, "frame", "expression") == [
            (1, "neutral"),
            (2, None),
            (3, "sadness"),
            (4, "other"),
        ]

    def test_an_unknown_code_is_refused(self, tmp_path, write, picture):
        write("EXPR_Recognition_Challenge/Train_Set/a.txt", f"{EIGHT}\n0\n8\n")
        picture("a", 1, 2)
        with pytest.raises(BadLabels, match="line 3: expected a label of affwild2_expr8"):
            open_dataset("affwild2_expr", tmp_path)

    def test_classes_in_another_order_are_not_read_by_position(self, tmp_path, write, picture):
        write(
            "EXPR_Recognition_Challenge/Train_Set/a.txt",
            f"{EIGHT.replace('Anger,Disgust', 'Disgust,Anger')}\n1\n",
        )
        picture("a", 1)
        with pytest.raises(BadLabels, match="line 1: expected the header Neutral,Anger,Disgust"):
            open_dataset("affwild2_expr", tmp_path)

    def test_seven_classes_of_the_first_challenge(self, tmp_path, write, picture):
        write("EXPR_Set/Training_Set/a.txt", f"{EIGHT.removesuffix(',Other')}\n6\n-1\n")
        picture("a", 1, 2)
        assert columns(open_dataset("abaw1_expr", tmp_path), "expression") == [("surprise",), (None,)]


class TestActionUnits:
    def test_one_invalid_unit_makes_the_frame_invalid(self, tmp_path, write, picture):
        rows = "1,0,0,1,0,0,1,0,0,0,1,0\n1,0,0,-1,0,0,1,0,0,0,1,0\n"
        write("AU_Detection_Challenge/Train_Set/a.txt", f"{AUS}\n{rows}")
        picture("a", 1, 2)
        data = open_dataset("affwild2_au", tmp_path)
        units = [f"AU{number:02d}" for number in (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26)]
        assert columns(data, *units) == [(1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0), (None,) * 12]

    @pytest.mark.parametrize("unit", ["2", "0.5"])
    def test_neither_two_nor_a_half_is_a_unit(self, tmp_path, write, picture, unit):
        write("AU_Detection_Challenge/Train_Set/a.txt", f"{AUS}\n{unit},0,0,1,0,0,1,0,0,0,1,0\n")
        picture("a", 1)
        with pytest.raises(BadLabels, match="line 2: expected AU01, AU02"):
            open_dataset("affwild2_au", tmp_path)

    def test_units_in_another_order_are_taken_by_name(self, tmp_path, write, picture):
        write(
            "AU_Detection_Challenge/Train_Set/a.txt", f"{AUS.replace('AU1,AU2,', 'AU2,AU1,')}\n1{',0' * 11}\n"
        )
        picture("a", 1)
        assert columns(open_dataset("affwild2_au", tmp_path), "AU01", "AU02", "AU04") == [(0, 1, 0)]

    def test_eight_units_of_the_first_challenge(self, tmp_path, write, picture):
        write("AU_Set/Validation_Set/a.txt", "AU1,AU2,AU4,AU6,AU12,AU15,AU20,AU25\n0,0,0,0,0,0,1,0\n")
        picture("a", 1)
        assert columns(open_dataset("abaw1_au", tmp_path), "AU15", "AU20", "AU25") == [(0, 1, 0)]


class TestAllTasks:
    HEADER = "image,valence,arousal,expression,aus"
    ZEROS = ",".join("0" * 12)

    def test_sixteen_values_under_five_names_each_task_masked_by_itself(self, tmp_path, write, picture):
        rows = [
            f"v_left/00004.jpg,0.5,-0.5,4,1,{'0,' * 10}1",
            f"v_left/00012.jpg,-5,-5,2,{self.ZEROS}",
            f"v_left/00020.jpg,0.1,0.1,-1,{','.join(['-1'] * 12)}",
        ]
        write("training_set_annotations.txt", "\r\n".join([self.HEADER, *rows, ""]))
        picture("v_left", 4, 12)
        data = open_dataset("affwild2_mtl", tmp_path)
        assert columns(data, "sample", "video", "frame", "valence", "expression", "AU01", "AU02", "AU26") == [
            ("v_left/00004.jpg", "v", 4, 0.5, "happiness", 1, 0, 1),
            ("v_left/00012.jpg", "v", 12, None, "disgust", 0, 0, 0),
            ("v_left/00020.jpg", "v", 20, pytest.approx(0.1), None, None, None, None),
        ]
        assert told(data) == [
            "training_set_annotations.txt, line 4: 1 of 3 frames have no picture, the first is 00020.jpg"
        ]

    def test_of_a_repeated_line_the_first_is_kept_and_the_order_too(self, tmp_path, write, picture):
        rows = [
            f"{name}.jpg,0.{k},0,0,{self.ZEROS}" for k, name in enumerate(("b/00002", "a/00001", "b/00001"))
        ]
        again = f"b/00002.jpg,0.9,0,0,{self.ZEROS}"
        write("validation_set_annotations.txt", "\n".join([self.HEADER, *rows, again]))
        picture("a", 1)
        picture("b", 1, 2)
        data = open_dataset("affwild2_mtl", tmp_path)
        assert columns(data, "sample", "valence") == [
            ("b/00002.jpg", 0.0),
            ("a/00001.jpg", pytest.approx(0.1)),
            ("b/00001.jpg", pytest.approx(0.2)),
        ]
        assert "line 5: sample 'b/00002.jpg' stands here again" in told(data)[0]

    def test_the_test_list_with_a_header_or_without(self, tmp_path, write, picture):
        write("testset/MTL_Challenge_test_set_release.txt", "image\nt/00001.jpg\nt/00005.jpg\n")
        picture("t", 1, 5, folder="testset/cropped_aligned")
        data = open_dataset("affwild2_mtl", tmp_path)
        assert columns(data, "sample", "split", "path") == [
            ("t/00001.jpg", "test", "testset/cropped_aligned/t/00001.jpg"),
            ("t/00005.jpg", "test", "testset/cropped_aligned/t/00005.jpg"),
        ]

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("v/00001.jpg,0,0,0", "line 2: expected 16 fields"),
            (f"v/1.png,0,0,0,{ZEROS}", "line 2: expected a picture such as video/00001.jpg"),
            (f"v/00001.jpg,0,0,9,{ZEROS}", "line 2: expected a label of affwild2_expr8"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path, write, picture, row, message):
        write("training_set_annotations.txt", f"{self.HEADER}\n{row}\n")
        picture("v", 1)
        with pytest.raises(BadLabels, match=message):
            open_dataset("affwild2_mtl", tmp_path)

    def test_a_folder_without_lists(self, tmp_path, picture):
        picture("v", 1)
        with pytest.raises(MissingData, match=r"training_set_annotations\.txt"):
            open_dataset("affwild2_mtl", tmp_path)
