from inspect import signature

import numpy as np
import polars as pl
import pytest
import torch

from facsight import catalog
from facsight.core.errors import BadFaces, BadLabels, BadMedia, MissingData
from facsight.core.labels import FERPLUS, label_space
from facsight.data import open_dataset, photos
from facsight.data.opening import dataset_card, dataset_module
from facsight.data.photos import load_photos, with_validation
from facsight.data.sets import SETS

VOTES = dict.fromkeys(FERPLUS.classes, 0)


def write_prepared(folder, rows, faces=4):
    np.savez(
        folder / "faces.npz",
        faces=np.arange(faces * 48 * 48, dtype=np.uint32).reshape(faces, 48, 48).astype("u1"),
    )
    pl.DataFrame(
        [
            {"row": row, "split": split, "ferplus_usable": usable, "first_in_split_cluster": first}
            | {f"v_{c}": n for c, n in (VOTES | votes).items()}
            for row, split, usable, first, votes in rows
        ]
    ).write_csv(folder / "labels.csv")


ROWS = [
    (0, "train", 1, 1, {"anger": 6, "disgust": 2}),
    (1, "train", 1, 0, {"happiness": 9}),
    (2, "train", 0, 1, {"fear": 3}),
    (3, "val", 1, 1, {"happiness": 7, "neutral": 3}),
]


def test_votes_become_shares_and_columns_are_read_by_name(tmp_path):
    write_prepared(tmp_path, ROWS)
    train = load_photos("ferplus", tmp_path, split="train")
    assert train.ids == ("ferplus/0",)  # row 1 is a near copy, row 2 has no clear winner
    assert train.expression[0, FERPLUS.index("anger")] == 0.75
    assert train.expression[0, FERPLUS.index("disgust")] == 0.25


def test_majority_labels(tmp_path):
    write_prepared(tmp_path, ROWS)
    val = load_photos("ferplus", tmp_path, split="val", labels="majority")
    assert val.expression[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]


def test_the_original_files(tmp_path):
    pixels = [" ".join(str((i + j) % 256) for j in range(48 * 48)) for i in range(3)]
    pl.DataFrame(
        {"emotion": [3, 0, 6], "pixels": pixels, "Usage": ["Training", "PublicTest", "PrivateTest"]}
    ).write_csv(tmp_path / "fer2013.csv")
    answers = [
        VOTES | {"happiness": 8, "unknown": 2},
        VOTES | {"anger": 5, "fear": 5},
        VOTES | {"sadness": 4, "NF": 3},
    ]
    frame = [{"Usage": u, "Image name": "x.png", "unknown": 0, "NF": 0} | a for u, a in
             zip(["Training", "PublicTest", "PrivateTest"], answers, strict=True)]  # fmt: skip
    pl.DataFrame(frame).write_csv(tmp_path / "fer2013new.csv")
    train = load_photos("ferplus", tmp_path, split="train")
    assert train.images[0, 0, 0, :3].tolist() == [0, 1, 2]
    assert train.expression[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]  # 'unknown' is no expression
    assert load_photos("ferplus", tmp_path, split="test").label.tolist() == [FERPLUS.index("sadness")]
    with pytest.raises(MissingData, match="no usable"):  # the only val face is a tie
        load_photos("ferplus", tmp_path, split="val")


def test_missing_folder_says_where_to_get_it(tmp_path):
    with pytest.raises(MissingData, match=r"there is no folder(.|\n)*microsoft/FERPlus(.|\n)*data\.folder"):
        load_photos("ferplus", tmp_path / "nowhere", split="train")


def test_folder_without_the_files(tmp_path):
    (tmp_path / "faces.npz").touch()
    with pytest.raises(MissingData, match=r"has no fer2013.csv(.|\n)*labels.csv"):
        load_photos("ferplus", tmp_path, split="train")


def test_damaged_pictures(tmp_path):
    write_prepared(tmp_path, ROWS)
    (tmp_path / "faces.npz").write_bytes(b"PK not a zip")
    with pytest.raises(MissingData, match="damaged"):
        load_photos("ferplus", tmp_path, split="train")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(9, "train", 1, 1, {"anger": 6})], "ferplus, 9: faces.npz has no row 9, but 4 pictures"),
        ([(0, "train", 1, 1, {"anger": -6})], "labels.csv, line 2: expected votes of 0 or more"),
    ],
)
def test_labels_outside_the_space(tmp_path, rows, message):
    write_prepared(tmp_path, rows)
    with pytest.raises((BadLabels, BadMedia), match=message):
        load_photos("ferplus", tmp_path, split="train")


def test_missing_column(tmp_path):
    write_prepared(tmp_path, ROWS)
    pl.read_csv(tmp_path / "labels.csv").drop("v_fear").write_csv(tmp_path / "labels.csv")
    with pytest.raises(BadLabels, match="v_fear"):
        load_photos("ferplus", tmp_path, split="train")


def test_unknown_split_and_labels(tmp_path):
    with pytest.raises(BadLabels, match="train, val and test"):
        load_photos("ferplus", tmp_path, split="validation")


def test_published_counts(shared_data):
    # the counts of usable val faces, as listed with the data
    val = load_photos("ferplus", shared_data / "ferplus", split="val", labels="majority")
    counts = dict(zip(FERPLUS.classes, torch.bincount(val.label, minlength=8).tolist(), strict=True))
    assert counts == {
        "neutral": 1216,
        "happiness": 867,
        "surprise": 390,
        "sadness": 375,
        "anger": 293,
        "disgust": 29,
        "fear": 63,
        "contempt": 23,
    }
    assert len(load_photos("ferplus", shared_data / "ferplus", split="train")) == 23_186


@pytest.fixture
def rafdb(tmp_path):
    dataset_module("rafdb").mock(tmp_path)
    return tmp_path


def test_photos_of_a_dataset_become_a_face_set(rafdb):
    train = load_photos("rafdb", rafdb, split="train", size=64)
    assert train.images.shape[1:] == (1, 64, 64)
    assert train.space.name == "rafdb7"
    table = open_dataset("rafdb", rafdb).table.filter(pl.col("path").is_not_null())
    labels = dict(table.select("sample", "expression").rows())
    for face, name in enumerate(train.ids):
        assert train.space.classes[int(train.label[face])] == labels[name.removeprefix("rafdb/")]


def test_training_and_validation_share_no_sample_and_miss_none(rafdb):
    train, val = (load_photos("rafdb", rafdb, split=split).ids for split in ("train", "val"))
    assert not set(train) & set(val)
    assert len(train) + len(val) == 13  # 14 training lines, one without its picture
    assert len(load_photos("rafdb", rafdb, split="test")) == 14


def test_nobody_is_in_training_and_validation(tmp_path):
    rows = "\n".join(f"{k}.jpg,person {k // 3},happy" for k in range(300))
    (tmp_path / "manifest.csv").write_text(f"file,subject,expression\n{rows}\n")
    table = with_validation(open_dataset("manifest", tmp_path)).table
    sides = table.group_by("subject").agg(pl.col("split").n_unique())
    assert set(sides["split"]) == {1}
    assert 10 <= (table["split"] == "val").sum() <= 60  # about a tenth of 300


def test_labels_are_converted_by_name_and_losses_warned_of(tmp_path):
    dataset_module("affectnet").mock(tmp_path)
    with pytest.warns(UserWarning, match="affectnet8 to rafdb7; lost: contempt"):
        val = load_photos("affectnet", tmp_path, split="val", space="rafdb7", size=32)
    assert len(val) == 7  # eight classes, contempt has no place
    table = open_dataset("affectnet", tmp_path).table
    labels = dict(table.select("sample", "expression").rows())
    assert [val.space.classes[k] for k in val.label.tolist()] == [
        labels[name.removeprefix("affectnet/")] for name in val.ids
    ]
    with pytest.raises(BadLabels, match="no class in common"):
        load_photos("affectnet", tmp_path, split="val", space="bah2")


def test_votes_of_a_lost_class_go_to_nobody(tmp_path):
    write_prepared(tmp_path, [(0, "train", 1, 1, {"anger": 6, "contempt": 2, "fear": 2})])
    with pytest.warns(UserWarning, match="lost: contempt"):
        train = load_photos("ferplus", tmp_path, split="train", space="fer2013")
    shares = dict(zip(train.space.classes, train.expression[0].tolist(), strict=True))
    assert shares["anger"] == pytest.approx(0.75)
    assert shares["fear"] == pytest.approx(0.25)


def test_a_picture_that_cannot_be_read_is_named_or_left_out(rafdb):
    broken = rafdb / "basic/Image/aligned/test_0015_aligned.jpg"
    broken.write_bytes(broken.read_bytes()[:-100])
    with pytest.raises(BadMedia, match=r"rafdb, test_0015.jpg: the JPEG file ends in the middle"):
        load_photos("rafdb", rafdb, split="test")
    with pytest.warns(UserWarning, match=r"1 of 14 pictures were left out: rafdb, test_0015.jpg"):
        test = load_photos("rafdb", rafdb, split="test", unreadable="skip")
    assert len(test) == 13
    assert "rafdb/test_0015.jpg" not in test.ids


def test_more_than_fits_into_memory_is_refused(rafdb, monkeypatch):
    monkeypatch.setattr(photos, "MOST_BYTES", 1000)
    with pytest.raises(BadFaces, match=r"make them smaller \(data.size\)"):
        load_photos("rafdb", rafdb, split="test")


def test_every_dataset_of_photos_with_classes_can_be_trained_on_by_name():
    of_photos = {
        name
        for name in SETS
        if (card := dataset_card(name)).kind == "photos"
        and (not card.labels or any(label_space(label).kind == "classes" for label in card.labels))
    }
    assert of_photos <= set(catalog.DATASETS)


@pytest.mark.parametrize("name", [name for name in catalog.DATASETS if name in SETS])
def test_every_name_of_the_catalogue_loads_its_copy(name, tmp_path):
    dataset_module(name).mock(tmp_path)
    load = catalog.load("datasets", name)
    assert "name" not in signature(load).parameters
    train = load(tmp_path, split="train", size=32)
    assert len(train) > 0
    assert train.images.shape[1:] == (1, 32, 32)
    table = open_dataset(name, tmp_path).table
    named = set(table["sample"])
    assert all(face.removeprefix(f"{name}/") in named for face in train.ids)
