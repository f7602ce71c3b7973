"""A made-up copy of every dataset, prepared and opened again: the same labels, people and splits."""

import polars as pl
import pytest

from facsight.data.opening import dataset_card, dataset_module, open_dataset
from facsight.data.photos import load_photos
from facsight.data.sets import SETS
from facsight.preparation.run import prepare

#: Clips that are folders of numbered pictures, and copies that are sound only.
AS_PICTURES, HEARD = {"casme2", "dfew", "ferv39k", "samm", "smic"}, {"cremad", "iemocap"}
#: One of each kind: boxes, rows of an array, frames of videos, moments, signals, picture folders, sound only.
QUICK = {"affectnet", "ferplus", "cexpr", "recola", "biovid", "smic", "cremad"}
SEEN = [name for name in SETS if dataset_card(name).kind != "texts"]
SEEN = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in SEEN]
STREAMED = [one for one in SEEN if dataset_card(str(one.values[0])).kind in ("clips", "recordings")]


def prepared(name, tmp_path, finder, **options):
    dataset_module(name).mock(tmp_path / "raw")
    sequence = {"sequence": 25.0} if name in AS_PICTURES else {}
    done = prepare(name, tmp_path / "out", root=tmp_path / "raw", finder=finder, **options, **sequence)
    before = open_dataset(name, tmp_path / "raw", tolerant=True)
    return done, before, open_dataset("manifest", tmp_path / "out")


def labels_of(data):
    return [column for space in data.spaces for column in space.columns]


@pytest.mark.parametrize("name", SEEN)
def test_crops_of_a_made_up_copy(name, tmp_path, every_face):
    done, before, after = prepared(name, tmp_path, every_face, crop=32)
    assert done.samples == len(after)
    assert (done.samples > 0) != (name in HEARD)
    assert after.deviations == ()
    assert after.table["path"].null_count() == 0
    assert set(labels_of(after)) == set(labels_of(before)) or not len(after)
    origin = pl.read_parquet(tmp_path / "out" / "manifest.parquet")["origin"]
    whole = before.table.with_columns(pl.col("sample").alias("of"))
    kept = ["split", "subject", *(name for name in labels_of(after) if name in whole.columns)]
    for row, source in zip(after.table.iter_rows(named=True), origin, strict=True):
        same = whole.filter((pl.col("sample") == row["sample"]) | (pl.col("path") == source))
        exact = same.filter(pl.col("sample") == row["sample"])
        expected = (exact if len(exact) else same).select(kept).rows(named=True)
        assert {column: row[column] for column in kept} in expected
        if row["split"] == "test":
            assert all(row[column] is None for column in labels_of(after))


@pytest.mark.parametrize("name", STREAMED)
def test_streams_of_a_made_up_copy(name, tmp_path, every_face):
    features = ["face:crop", "face:facsight"] + (["physiology:raw"] if name == "biovid" else [])
    done, before, after = prepared(name, tmp_path, every_face, features=features, crop=32)
    seen = before.table.filter(pl.col("path").is_not_null() & ~pl.col("path").str.ends_with(".wav"))
    if name != "biovid":  # there, a video is missing, but not its signals
        assert set(after.table["sample"]) <= set(seen["sample"])
    if done.samples:
        assert set(labels_of(after)) == set(labels_of(before))
        assert after.table["path"].null_count() == 0
        folders = pl.read_parquet(tmp_path / "out" / "manifest.parquet")["features"]
        assert all((tmp_path / "out" / folder).is_dir() for folder in folders)


@pytest.mark.parametrize("name", ["rafdb", "ferplus", "fer2013", "folder", "manifest"])
def test_prepared_crops_train_as_the_dataset_did(name, tmp_path, every_face):
    prepared(name, tmp_path, every_face, crop=32)
    faces = load_photos("manifest", tmp_path / "out", split="train", size=32)
    own = load_photos(name, tmp_path / "raw", split="train", size=32, unreadable="skip")
    assert [face.partition("/")[2] for face in faces.ids] == [face.partition("/")[2] for face in own.ids]
    assert faces.space.classes == own.space.classes
    assert faces.expression.allclose(own.expression)
