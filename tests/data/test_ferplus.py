import numpy as np
import polars as pl
import pytest
import torch

from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import FERPLUS
from facsight.data.ferplus import load_ferplus

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
    train = load_ferplus(tmp_path, split="train")
    assert train.ids == ("ferplus/0",)  # row 1 is a near copy, row 2 has no clear winner
    assert train.expression[0, FERPLUS.index("anger")] == 0.75
    assert train.expression[0, FERPLUS.index("disgust")] == 0.25


def test_majority_labels(tmp_path):
    write_prepared(tmp_path, ROWS)
    val = load_ferplus(tmp_path, split="val", labels="majority")
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
    train = load_ferplus(tmp_path, split="train")
    assert train.images[0, 0, 0, :3].tolist() == [0, 1, 2]
    assert train.expression[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]  # 'unknown' is no expression
    assert load_ferplus(tmp_path, split="test").label.tolist() == [FERPLUS.index("sadness")]
    with pytest.raises(MissingData, match="no usable"):  # the only val face is a tie
        load_ferplus(tmp_path, split="val")


def test_missing_folder_says_where_to_get_it(tmp_path):
    with pytest.raises(MissingData, match=r"does not exist.*microsoft/FERPlus.*data\.folder"):
        load_ferplus(tmp_path / "nowhere", split="train")


def test_folder_without_the_files(tmp_path):
    with pytest.raises(MissingData, match="neither layout"):
        load_ferplus(tmp_path, split="train")


def test_damaged_pictures(tmp_path):
    write_prepared(tmp_path, ROWS)
    (tmp_path / "faces.npz").write_bytes(b"PK not a zip")
    with pytest.raises(MissingData, match="damaged"):
        load_ferplus(tmp_path, split="train")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(9, "train", 1, 1, {"anger": 6})], "row 9"),
        ([(0, "train", 1, 1, {"anger": -6})], "negative"),
    ],
)
def test_labels_outside_the_space(tmp_path, rows, message):
    write_prepared(tmp_path, rows)
    with pytest.raises(BadLabels, match=message):
        load_ferplus(tmp_path, split="train")


def test_missing_column(tmp_path):
    write_prepared(tmp_path, ROWS)
    pl.read_csv(tmp_path / "labels.csv").drop("v_fear").write_csv(tmp_path / "labels.csv")
    with pytest.raises(BadLabels, match="v_fear"):
        load_ferplus(tmp_path, split="train")


def test_unknown_split_and_labels(tmp_path):
    with pytest.raises(BadLabels, match="train, val and test"):
        load_ferplus(tmp_path, split="validation")


def test_published_counts(shared_data):
    # the counts of usable val faces, as listed with the data
    val = load_ferplus(shared_data / "ferplus", split="val", labels="majority")
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
    assert len(load_ferplus(shared_data / "ferplus", split="train")) == 23_186
