import pytest

from facsight.core.errors import BadLabels, MissingData, UnknownName
from facsight.data import open_dataset

LINES = ["train_00001.jpg 5", "train_00002.jpg 1", "test_0001.jpg 7"]


@pytest.fixture
def folder(tmp_path):
    """A copy by hand: a list and empty pictures (which are never decoded)."""

    def write(lines=LINES, pictures=("train_00001", "train_00002", "test_0001"), end="\n"):
        home = tmp_path / "basic"
        (home / "EmoLabel").mkdir(parents=True)
        (home / "EmoLabel/list_patition_label.txt").write_bytes((end.join(lines) + end).encode())
        for folder, ending in (("aligned", "_aligned.jpg"), ("original", ".jpg")):
            (home / "Image" / folder).mkdir(parents=True)
            for name in pictures:
                (home / "Image" / folder / (name + ending)).touch()
        (home / "Annotation/boundingbox").mkdir(parents=True)
        for name in pictures:
            box = home / f"Annotation/boundingbox/{name}_boundingbox.txt"
            box.write_text("10 20 110.5 140 ")
        return tmp_path

    return write


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_list_is_read_in_its_order(folder, end):
    table = open_dataset("rafdb", folder(end=end), sealed=False).table
    assert table["sample"].to_list() == ["train_00001.jpg", "train_00002.jpg", "test_0001.jpg"]
    assert table["expression"].to_list() == ["sadness", "surprise", "neutral"]
    assert table["split"].to_list() == ["train", "train", "test"]
    assert table["path"][0] == "basic/Image/aligned/train_00001_aligned.jpg"


def test_the_part_itself_may_be_given(folder):
    data = open_dataset("rafdb", folder() / "basic")
    assert data.table["path"][0] == "Image/aligned/train_00001_aligned.jpg"
    assert data.deviations == ()


def test_original_pictures_come_with_boxes(folder):
    table = open_dataset("rafdb", folder(), pictures="original").table
    assert table["path"][0] == "basic/Image/original/train_00001.jpg"
    assert table.select("left", "top", "right", "bottom").row(0) == (10, 20, 110.5, 140)


def test_pictures_of_another_kind_are_refused(folder):
    with pytest.raises(UnknownName, match="pictures = 'original_': did you mean 'original'"):
        open_dataset("rafdb", folder(), pictures="original_")


def test_a_box_that_is_no_box_is_told_and_the_row_kept(folder):
    root = folder()
    (root / "basic/Annotation/boundingbox/train_00002_boundingbox.txt").write_text("10 20 x 4")
    data = open_dataset("rafdb", root, pictures="original")
    assert data.table["left"].to_list() == [10, None, 10]
    assert [str(d) for d in data.deviations] == [
        "basic/Annotation/boundingbox/train_00002_boundingbox.txt: expected a file with the four numbers of "
        "a box"
    ]


def test_a_missing_picture_is_told_and_the_row_kept(folder):
    data = open_dataset("rafdb", folder(pictures=("train_00001", "test_0001")))
    assert data.table["path"].is_null().to_list() == [False, True, False]
    assert [(d.file, d.fatal) for d in data.deviations] == [
        ("basic/Image/aligned/train_00002_aligned.jpg", False)
    ]


def test_a_picture_without_a_line_is_told(folder):
    data = open_dataset("rafdb", folder(pictures=("train_00001", "train_00002", "test_0001", "train_00003")))
    assert [str(d) for d in data.deviations] == [
        "basic/Image/aligned/train_00003_aligned.jpg: has no line in the list"
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train_00003.jpg 8", r"line 4: expected a label of rafdb7 \(1, 2, 3, 4, 5, 6, 7\), found '8'"),
        ("train_00003.jpg", r"line 4: expected 2 fields \(sample, code\), found 1"),
        ("train_00003.jpg,5", r"line 4: expected 2 fields"),
        ("valid_00003.jpg 5", r"line 4: expected a name such as train_00001.jpg"),
    ],
)
def test_a_wrong_line_is_named_and_can_be_left_out(folder, line, message):
    root = folder([*LINES, line])
    with pytest.raises(BadLabels, match=message):
        open_dataset("rafdb", root)
    data = open_dataset("rafdb", root, tolerant=True)
    assert len(data) == 3
    assert [d.line for d in data.deviations if d.fatal] == [4]


def test_a_line_that_stands_twice_is_told_and_the_first_kept(folder):
    data = open_dataset("rafdb", folder([*LINES, "", "train_00001.jpg 4"]))
    assert data.table["expression"][0] == "sadness"
    assert [(d.line, d.fatal) for d in data.deviations] == [(4, False), (5, False)]


def test_a_folder_without_the_list_is_told_with_the_layout(tmp_path):
    (tmp_path / "basic/Image/aligned").mkdir(parents=True)
    with pytest.raises(
        MissingData, match=r"has no EmoLabel/list_patition_label.txt(.|\n)*How to get it: ask at"
    ):
        open_dataset("rafdb", tmp_path)
