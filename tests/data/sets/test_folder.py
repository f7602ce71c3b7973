import pytest

from facsight.core.errors import BadLabels, MissingData, UnknownName
from facsight.data import open_dataset


@pytest.fixture
def folder(tmp_path):
    def write(*paths):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return tmp_path

    return write


def test_folders_named_by_expressions(folder):
    data = open_dataset("folder", folder("Happy/b.jpg", "Happy/a.JPEG", "sad/deep/er/c.png", "sad/notes.txt"))
    assert data.table["path"].to_list() == ["Happy/a.JPEG", "Happy/b.jpg", "sad/deep/er/c.png"]
    assert data.table["expression"].to_list() == ["happiness", "happiness", "sadness"]
    assert data.table["split"].null_count() == 3
    assert data.spaces[0].classes == ("happiness", "sadness")


def test_a_split_above(folder):
    root = folder("train/anger/a.jpg", "validation/fear/a.jpg", "Test/fear/b.jpg")
    table = open_dataset("folder", root, sealed=False).table
    assert dict(zip(table["path"], table["split"], strict=True)) == {
        "train/anger/a.jpg": "train",
        "validation/fear/a.jpg": "val",
        "Test/fear/b.jpg": "test",
    }
    assert table["expression"].null_count() == 0


def test_other_classes_are_taken_as_they_are(folder):
    data = open_dataset("folder", folder("yawning/a.jpg", "Alert/b.jpg"))
    assert data.spaces[0].classes == ("Alert", "yawning")


def test_folders_named_by_the_codes_of_a_label_space(folder):
    data = open_dataset("folder", folder("train/1/a.jpg", "train/7/b.jpg"), labels="rafdb7")
    assert data.table["expression"].to_list() == ["surprise", "neutral"]
    assert data.spaces[0].name == "rafdb7"


def test_folders_that_are_no_class_are_named(folder):
    root = folder("anger/a.jpg", "bored/b.jpg", "loose.jpg")
    with pytest.raises(
        BadLabels, match=r"loose.jpg: lies in no class folder(.|\n)*bored/b.jpg: is in no folder of a"
    ):
        open_dataset("folder", root, labels="rafdb7")
    assert len(open_dataset("folder", root, labels="rafdb7", tolerant=True)) == 1


def test_no_picture_and_a_wrong_option(folder):
    with pytest.raises(MissingData, match="no picture below"):
        open_dataset("folder", folder("anger/notes.txt"))
    with pytest.raises(UnknownName, match="did you mean 'labels'"):
        open_dataset("folder", folder("anger/a.jpg"), label="rafdb7")
