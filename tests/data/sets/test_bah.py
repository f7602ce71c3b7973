"""BAH: lists written by hand, whose truth is written by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset

VIDEO = "Videos/82579/Visite_1/82579_Question_1_2024-10-02 16-03-28_Video.mp4"
OTHER = "Videos/82595/Visite_1/82595_Question_7_2024-10-30_16-15-26_Video-DESKTOP-NQ55E0P.mp4"


@pytest.fixture
def write(tmp_path):
    def file(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return file


def told(data):
    return [str(deviation) for deviation in data.deviations]


class TestVideos:
    def test_only_the_first_two_commas_divide(self, tmp_path, write):
        write("split/train.txt", f'{VIDEO},1,Well, I like it, but "later"\r\n{OTHER},0,\r\n\r\n')
        write(VIDEO)
        write(OTHER)
        data = open_dataset("bah_video", tmp_path)
        names = "sample", "split", "subject", "video", "path", "text", "ambivalence"
        assert data.table.select(names).rows() == [
            (
                VIDEO,
                "train",
                "82579",
                VIDEO.split("/")[-1][:-4],
                VIDEO,
                'Well, I like it, but "later"',
                "present",
            ),
            (OTHER, "train", "82595", OTHER.split("/")[-1][:-4], OTHER, None, "absent"),
        ]
        assert told(data) == []

    @pytest.mark.parametrize("folder", ["dataset-splits/video-level/BAH_DB/split-0", "folds/BAH_DB/split-0"])
    def test_lists_as_the_authors_publish_them(self, tmp_path, write, folder):
        write(f"{folder}/val.txt", f"{VIDEO},1,yes\n")
        write(f"{folder}/test.txt", f"{OTHER},0,no\n")
        data = open_dataset("bah_video", tmp_path)
        assert data.table.select("split", "ambivalence").rows() == [("val", "present"), ("test", None)]
        assert open_dataset("bah_video", tmp_path, sealed=False).table["ambivalence"][1] == "absent"

    def test_a_missing_video_and_a_repeated_line_are_told(self, tmp_path, write):
        write("split/train.txt", f"{VIDEO},1,a\n{VIDEO},0,b\n")
        data = open_dataset("bah_video", tmp_path)
        assert data.table.select("path", "text").rows() == [(None, "a")]
        assert len(told(data)) == 2

    def test_a_transcript_that_is_not_utf8(self, tmp_path, write):
        write("split/train.txt", f"{VIDEO},1,".encode() + b"d\xe9j\xe0 vu\n")
        data = open_dataset("bah_video", tmp_path)
        assert data.table["text"][0] == "déjà vu"
        assert "split/train.txt, line 1: is not UTF-8; read as Windows-1252" in told(data)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (f"{VIDEO},2,x", "line 2: expected a label of bah2"),
            ("video 5", "line 2: expected Videos/<person>"),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path, write, line, message):
        write("split/train.txt", f"{OTHER},0,x\n{line}\n")
        with pytest.raises(BadLabels, match=message):
            open_dataset("bah_video", tmp_path)

    def test_a_folder_without_lists(self, tmp_path, write):
        write(VIDEO)
        with pytest.raises(MissingData, match=r"split/train\.txt"):
            open_dataset("bah_video", tmp_path)


class TestFrames:
    def test_frames_are_counted_from_zero_and_found_among_the_crops(self, tmp_path, write):
        rows = [f"{VIDEO}/frame-0.jpg,0", f"{VIDEO}/frame-1.jpg,1", f"{VIDEO}/frame-10.jpg, 1"]
        write("split-frames/val.txt", "\r\n".join([*rows, ""]))
        write(f"cropped-aligned-faces/{VIDEO}/frame-0.jpg")
        write(f"cropped-aligned-faces/{VIDEO}/frame-10.jpg")
        data = open_dataset("bah_frame", tmp_path)
        assert data.table.select("sample", "subject", "frame", "path", "ambivalence").rows() == [
            (f"{VIDEO}/frame-0.jpg", "82579", 0, f"cropped-aligned-faces/{VIDEO}/frame-0.jpg", "absent"),
            (f"{VIDEO}/frame-1.jpg", "82579", 1, None, "present"),
            (f"{VIDEO}/frame-10.jpg", "82579", 10, f"cropped-aligned-faces/{VIDEO}/frame-10.jpg", "present"),
        ]
        assert told(data) == [
            "split-frames/val.txt, line 2: 1 of 3 frames have no picture, the first is frame-1.jpg"
        ]

    def test_rows_of_two_videos_keep_their_order(self, tmp_path, write):
        rows = [f"{VIDEO}/frame-1.jpg,0", f"{OTHER}/frame-0.jpg,1", f"{VIDEO}/frame-0.jpg,0"]
        write("split-frames/train.txt", "\n".join(rows))
        table = open_dataset("bah_frame", tmp_path).table
        assert table["sample"].to_list() == [row[:-2] for row in rows]

    @pytest.mark.parametrize("line", [f"{VIDEO}/1.jpg,0", f"{VIDEO}/frame-3.jpg"])
    def test_a_line_that_is_no_frame(self, tmp_path, write, line):
        write("split-frames/train.txt", f"{VIDEO}/frame-0.jpg,0\n{line}\n")
        with pytest.raises(
            BadLabels, match="line 2: expected Videos/<person>/<visit>/<video>/frame-<number>"
        ):
            open_dataset("bah_frame", tmp_path)
