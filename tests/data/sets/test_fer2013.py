import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset

ROWS = ["0,1 2 3,Training", "6,4 5 6,PublicTest", "3,7 8 9,PrivateTest"]


@pytest.mark.parametrize(
    ("name", "header", "order"),
    [
        ("fer2013.csv", "emotion,pixels,Usage", (0, 1, 2)),
        ("icml_face_data.csv", "emotion, Usage, pixels", (0, 2, 1)),
    ],
)
def test_the_table_of_either_release(tmp_path, name, header, order):
    lines = [",".join(row.split(",")[k] for k in order) for row in ROWS]
    (tmp_path / name).write_text("\n".join([header, *lines]) + "\n")
    table = open_dataset("fer2013", tmp_path, sealed=False).table
    assert table["expression"].to_list() == ["anger", "neutral", "happiness"]
    assert table["split"].to_list() == ["train", "val", "test"]
    assert table["sample"].to_list() == ["fer0000000.png", "fer0000001.png", "fer0000002.png"]
    assert table.select("path", "frame").row(2) == (name, 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7,1 2 3,Training", "fer2013.csv, line 5: expected a label of fer2013"),
        ("1,1 2 3,Testing", "fer2013.csv, line 5: expected a usage"),
        ("1,1 2 3", "fer2013.csv, line 5: expected 3 fields, found 2"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, message):
    (tmp_path / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *ROWS, line]) + "\n")
    with pytest.raises(BadLabels, match=message):
        open_dataset("fer2013", tmp_path)
    assert len(open_dataset("fer2013", tmp_path, tolerant=True)) == 3


def test_folders(tmp_path):
    for path in (
        "train/angry/Training_3908.jpg",
        "test/happy/PrivateTest_88305.jpg",
        "test/sad/PublicTest_1.jpg",
        "test/fear/im0.png",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    table = open_dataset("fer2013", tmp_path, sealed=False).table
    assert dict(zip(table["path"], table["expression"], strict=True)) == {
        "train/angry/Training_3908.jpg": "anger",
        "test/happy/PrivateTest_88305.jpg": "happiness",
        "test/sad/PublicTest_1.jpg": "sadness",
        "test/fear/im0.png": "fear",
    }
    assert sorted(table["split"]) == ["test", "test", "train", "val"]  # PublicTest is the validation split
    (tmp_path / "train/bored").mkdir()
    (tmp_path / "train/bored/a.jpg").touch()
    with pytest.raises(BadLabels, match=r"train/bored/a.jpg: is in no folder of an expression"):
        open_dataset("fer2013", tmp_path)


def test_neither_form(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(MissingData, match=r"has no train.*(.|\n)*fer2013.csv"):
        open_dataset("fer2013", tmp_path)
