import os

import numpy as np
import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import kept_numbers, open_dataset
from facsight.data.small_arrays import read_numbers

HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
)
TRAIN = ["1/a.jpg,10,20,100,110,1.5;2.5,3,0.25,-0.5", "2/b.jpg,0,0,50,50,,9,-2,-2"]
VAL = ["1/c.jpg,1,2,3,4,,7,-1,1"]


@pytest.fixture
def lists(tmp_path):
    def write(train=TRAIN, val=VAL, header=HEADER, home="", pictures=("1/a.jpg", "2/b.jpg", "1/c.jpg")):
        (tmp_path / home).mkdir(exist_ok=True)
        for name, lines in (("training", train), ("validation", val)):
            (tmp_path / home / f"{name}.csv").write_text("\n".join([header, *lines]).lstrip("\n"))
        for picture in pictures:
            path = tmp_path / "Manually_Annotated_Images" / picture
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return write


@pytest.mark.parametrize("home", ["", "Manually_Annotated_file_lists"])
def test_the_lists(lists, home):
    data = open_dataset("affectnet", lists(home=home))
    table = data.table
    assert table["sample"].to_list() == ["1/a.jpg", "2/b.jpg", "1/c.jpg"]
    assert table["expression"].to_list() == ["surprise", None, "contempt"]  # 9 is "uncertain"
    assert table["valence"].to_list() == [0.25, None, -1]  # -2 is no value
    assert table["arousal"].to_list() == [-0.5, None, 1]
    assert table["split"].to_list() == ["train", "train", "val"]
    assert table.select("left", "top", "right", "bottom").row(0) == (10, 20, 110, 130)
    assert table["path"][0] == "Manually_Annotated_Images/1/a.jpg"
    assert data.deviations == ()


def test_a_list_without_a_header(lists):
    data = open_dataset("affectnet", lists(header=""))
    assert data.table["expression"].to_list() == ["surprise", None, "contempt"]
    assert [(d.file, d.line, d.fatal) for d in data.deviations] == [
        ("training.csv", 1, False),
        ("validation.csv", 1, False),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1/d.jpg,1,2,3,4,,11,0,0", "training.csv, line 4: expected a label of affectnet8"),
        (
            "1/d.jpg,1,2,3,4,,1,1.5,0",
            "training.csv, line 4: expected valence, arousal from -1 to 1, found 1.5, 0",
        ),
        ("1/d.jpg,1,2,3,4,,1,nan,0", "line 4: expected valence, arousal from -1 to 1, found nan, 0"),
        ("1/d.jpg,1,2,3,4,,1,,0", "line 4: expected valence"),
        (",1,2,3,4,,1,0,0", "line 4: expected the name of a picture, found nothing"),
        ("1/d.jpg,1,2,3,4,,1", "line 4: expected 9 fields, found 7"),
        ("1/d.jpg,1,2,3,4,,1,0,0,0", "line 4: expected 9 fields, found 10"),
    ],
)
def test_a_wrong_line_is_named_and_can_be_left_out(lists, line, message):
    root = lists(train=[*TRAIN, line])
    with pytest.raises(BadLabels, match=message):
        open_dataset("affectnet", root)
    data = open_dataset("affectnet", root, tolerant=True)
    assert data.table["sample"].to_list() == ["1/a.jpg", "2/b.jpg", "1/c.jpg"]


def test_a_picture_in_both_lists_is_told(lists):
    data = open_dataset("affectnet", lists(val=[*VAL, TRAIN[0]]))
    assert len(data) == 3
    assert [(d.file, d.line) for d in data.deviations] == [("validation.csv", 3)]


def test_a_missing_picture_is_told(lists):
    data = open_dataset("affectnet", lists(pictures=("1/a.jpg", "1/c.jpg")))
    assert data.table["path"].is_null().to_list() == [False, True, False]
    assert [d.file for d in data.deviations] == ["Manually_Annotated_Images/2/b.jpg"]


def test_lists_without_pictures(lists):
    with pytest.raises(MissingData, match="has no Manually_Annotated_Images"):
        open_dataset("affectnet", lists(pictures=()))


@pytest.fixture
def arrays(tmp_path):
    """The small release: four pictures, whose numbers are stored as text, which is how they come."""
    train = {0: (3, 0.25, -0.5), 10: (6, 1, -1), 2: (8, -2, -2)}
    for folder, labels in (("train_set", train), ("val_set", {1: (7, 0, 0)})):
        for name in ("images", "annotations"):
            (tmp_path / folder / name).mkdir(parents=True)
        for number, values in labels.items():
            (tmp_path / folder / f"images/{number}.jpg").touch()
            for ending, value in zip(("exp", "val", "aro"), values, strict=True):
                np.save(tmp_path / folder / f"annotations/{number}_{ending}.npy", np.array(str(value)))
    return tmp_path


def test_the_small_release(arrays):
    data = open_dataset("affectnet", arrays)
    table = data.table
    assert table["sample"].to_list() == [
        "train_set/images/0.jpg",
        "train_set/images/2.jpg",
        "train_set/images/10.jpg",
        "val_set/images/1.jpg",
    ]
    assert table["expression"].to_list() == ["surprise", None, "anger", "contempt"]
    assert table["valence"].to_list() == [0.25, None, 1, 0]
    assert table["split"].to_list() == ["train", "train", "train", "val"]
    assert data.deviations == ()


@pytest.mark.parametrize(
    ("ending", "value", "message"),
    [
        ("exp", "12", "0_exp.npy: expected the number of an expression"),
        ("exp", "happy", "0_exp.npy: expected the number of an expression"),
        ("val", "-1.5", "0_val.npy: expected the valence"),
        ("aro", "nan", "0_aro.npy: expected the arousal"),
        ("aro", None, "0_aro.npy: expected the arousal"),
    ],
)
def test_a_wrong_array_is_named_and_its_picture_left_out(arrays, ending, value, message):
    path = arrays / f"train_set/annotations/0_{ending}.npy"
    path.unlink()
    if value is not None:
        np.save(path, np.array(value))
    with pytest.raises(BadLabels, match=message):
        open_dataset("affectnet", arrays)
    assert len(open_dataset("affectnet", arrays, tolerant=True)) == 3


def test_what_is_kept_of_the_small_release_follows_its_files(arrays, monkeypatch, tmp_path):
    monkeypatch.setattr(kept_numbers, "FEWEST", 0)
    monkeypatch.setenv("FACSIGHT_CACHE", str(tmp_path / "cache"))
    for path in arrays.rglob("*.npy"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
    once = open_dataset("affectnet", arrays).table
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == 2
    assert open_dataset("affectnet", arrays).table.equals(once)
    np.save(arrays / "train_set/annotations/10_exp.npy", np.array("1"))
    assert open_dataset("affectnet", arrays).table["expression"][2] == "happiness"


def test_the_small_release_without_a_folder_of_labels(arrays):
    for path in (arrays / "val_set/annotations").iterdir():
        path.unlink()
    (arrays / "val_set/annotations").rmdir()
    with pytest.raises(
        BadLabels, match=r"val_set/annotations/1_exp.npy: expected the number of an expression"
    ):
        open_dataset("affectnet", arrays)


@pytest.mark.parametrize(
    "array", [np.array(3), np.array("3"), np.array(3.0, np.float32), np.array([3]), np.array(b"3".decode())]
)
def test_one_number_is_read_however_it_is_stored(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    assert read_numbers([str(tmp_path / "a.npy")]) == [3]


@pytest.mark.parametrize(
    "array", [np.array([1, 2]), np.array([]), np.array([{}], dtype=object), np.array("x")]
)
def test_what_is_not_one_number_is_none(tmp_path, array):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    (tmp_path / "b.npy").write_bytes(b"not an array")
    (tmp_path / "c.npy").touch()
    files = [str(tmp_path / name) for name in ("a.npy", "b.npy", "c.npy", "gone.npy")]
    assert read_numbers(files) == [None] * 4
