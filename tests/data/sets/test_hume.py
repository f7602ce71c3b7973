"""Hume-Vidmimic2 and Hume-Reaction: lists written by hand, whose truth is written by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset

EMI = "Filename,Admiration,Amusement,Determination,Empathic Pain,Excitement,Joy"
ERI = "File_ID,Split,Adoration,Amusement,Anxiety,Disgust,Empathic-Pain,Fear,Surprise"


@pytest.fixture
def write(tmp_path):
    def file(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    return file


class TestMimicry:
    def test_a_clip_is_named_as_in_its_list_and_found_by_its_number(self, tmp_path, write):
        write("train_split.csv", f"{EMI}\r\n00007,0,0.25,0.5,1,0,0\r\n8,1,0,0,0,0,0\r\n\r\n")
        write("data/valid_split.csv", f"{EMI}\n00009,0,0,0,0,0,0.5\n")
        write("raw/00007.mp4")
        write("audio/00007.mp3")
        write("audio/00008.mp3")
        data = open_dataset("emi", tmp_path)
        assert data.table.select("sample", "split", "path", "amusement", "empathic_pain", "joy").rows() == [
            ("00007", "train", "raw/00007.mp4", 0.25, 1.0, 0.0),
            ("8", "train", "audio/00008.mp3", 0.0, 0.0, 0.0),
            ("00009", "val", None, 0.0, 0.0, 0.5),
        ]
        assert [str(d) for d in data.deviations] == ["data/valid_split.csv, line 2: no file of this clip"]

    def test_a_test_list_has_names_alone(self, tmp_path, write):
        write("train_split.csv", f"{EMI}\n00001,0,0,0,0,0,0\n")
        write("test_split.csv", "Filename\n00002\n")
        table = open_dataset("emi", tmp_path, sealed=False).table
        assert table.select("sample", "split", "joy").rows() == [
            ("00001", "train", 0.0),
            ("00002", "test", None),
        ]

    def test_columns_are_found_by_name(self, tmp_path, write):
        write("train_split.csv", "Joy,Filename,Amusement,Admiration,Excitement,Determination,Empathic Pain\n")
        path = tmp_path / "train_split.csv"
        path.write_text(path.read_text() + "0.1,00001,0.2,0.3,0.4,0.5,0.6\n")
        row = open_dataset("emi", tmp_path).table.select("admiration", "empathic_pain", "joy").row(0)
        assert row == pytest.approx((0.3, 0.6, 0.1))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (f"{EMI}\n1,0,0,0,0,0,1.5\n", "line 2: expected admiration, .* from 0 to 1"),
            (f"{EMI}\n1,0,0,0\n", "line 2: expected 7 fields, found 4"),
            ("Filename,Joy\n1,0\n", "without Admiration, Amusement"),
            (EMI.replace(",", ";") + "\n", "expected commas between fields, found semicolons"),
        ],
    )
    def test_bad_lists(self, tmp_path, write, text, message):
        write("train_split.csv", text)
        with pytest.raises(BadLabels, match=message):
            open_dataset("emi", tmp_path)

    def test_a_folder_without_lists(self, tmp_path, write):
        write("raw/00001.mp4")
        with pytest.raises(MissingData, match=r"train_split\.csv"):
            open_dataset("emi", tmp_path)


class TestReaction:
    def test_brackets_stay_in_the_name_and_splits_are_words(self, tmp_path, write):
        rows = ["[00003],Train,0,0,0,0,0.75,0,1", "[00004],Val,0,0,0,0,0,0.5,0", "[00005],Test,,,,,,,"]
        write("data_info.csv", "\r\n".join([ERI, *rows, "", ""]))
        for number in (3, 4, 5):
            write(f"mp4/{number:05d}.mp4")
        data = open_dataset("eri", tmp_path, sealed=False)
        assert data.table.select("sample", "split", "path", "empathic_pain", "fear").rows() == [
            ("[00003]", "train", "mp4/00003.mp4", 0.75, 0.0),
            ("[00004]", "val", "mp4/00004.mp4", 0.0, 0.5),
            ("[00005]", "test", "mp4/00005.mp4", None, None),
        ]
        assert data.deviations == ()

    def test_an_unknown_split_and_a_repeated_clip(self, tmp_path, write):
        zeros = ",".join("0" * 7)
        write("data_info.csv", f"{ERI}\n[1],Train,{zeros}\n[1],Train,{zeros}\n[2],Devel,{zeros}\n")
        with pytest.raises(BadLabels, match="line 4: expected Train, Val or Test, found 'Devel'"):
            open_dataset("eri", tmp_path)
        data = open_dataset("eri", tmp_path, tolerant=True)
        assert data.table["sample"].to_list() == ["[1]"]

    def test_the_subject_where_it_is_told(self, tmp_path, write):
        write("data_info.csv", f"Subject_ID,{ERI}\nS7,[00001],Train,{','.join('0' * 7)}\n")
        assert open_dataset("eri", tmp_path).table["subject"].to_list() == ["S7"]
