"""The whole path on real photos, with the real finder and the bundled weights."""

import numpy as np
import polars as pl
import pytest
from PIL import Image
from skimage.data import astronaut

from facsight.analysis.reader import Reader
from facsight.core.errors import MissingData
from facsight.hub import bundled_weights


@pytest.fixture(scope="module")
def reader():
    try:
        bundled_weights()
    except MissingData:
        pytest.skip("needs the bundled weights, which this working tree does not have")
    return Reader()


@pytest.fixture(scope="module")
def smile(reader):
    (reading,) = reader.read(astronaut())
    return reading


def alike(one, two):
    return np.corrcoef(one.ravel(), two.ravel())[0, 1]


def test_a_smile_is_read_from_where_smiles_show(smile):
    assert smile.label == "happiness"
    assert smile.evidence.agreement > 0.7
    assert smile.evidence.rank == 1
    assert smile.cautions == ()


def test_the_attention_lies_on_the_face_in_the_photo(smile):
    told = smile.evidence.on_photo()
    left, top, right, bottom = (round(end) for end in smile.box)
    assert told.shape == (512, 512)
    assert told[top:bottom, left:right].sum() > 0.8 * told.sum()


def test_a_photo_upside_down_reads_alike_and_says_so(reader, smile):
    (turned,) = reader.read(np.ascontiguousarray(astronaut()[::-1, ::-1]))
    assert turned.label == smile.label
    assert "upside_down" in turned.cautions
    assert alike(turned.evidence.on_photo()[::-1, ::-1], smile.evidence.on_photo()) > 0.98


def test_a_face_cut_by_the_border_says_so(reader, smile):
    middle = round((smile.box[0] + smile.box[2]) / 2)
    (reading,) = reader.read(astronaut()[:, middle:].copy())
    assert reading.cautions == ("cut",)


def test_a_small_face_says_so(reader):
    small = np.asarray(Image.fromarray(astronaut()).resize((160, 160), Image.Resampling.LANCZOS))
    (reading,) = reader.read(small.copy())
    assert reading.cautions == ("tiny",)


def test_a_picture_without_a_face(reader):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert reader.read(noise) == []


def test_a_mirrored_photo_reads_alike(reader, smile):
    (mirrored,) = reader.read(np.ascontiguousarray(astronaut()[:, ::-1]))
    assert mirrored.label == smile.label
    assert mirrored.pose.roll == pytest.approx(-smile.pose.roll, abs=1)
    assert alike(mirrored.evidence.attention[:, ::-1], smile.evidence.attention) > 0.95


def test_forty_faces_in_one_photo(reader):
    face = Image.fromarray(astronaut()[:256, 96:352]).resize((200, 200))
    sheet = Image.new("RGB", (8 * 220, 5 * 220), (127, 127, 127))
    for number in range(40):
        sheet.paste(face, (number % 8 * 220 + 10, number // 8 * 220 + 10))
    readings = reader.read(sheet)
    assert 36 <= len(readings) <= 40
    assert {reading.label for reading in readings} == {"happiness"}


def test_portraits_from_another_source_are_read_as_they_were_posed(reader, shared_data):
    """Neutral and smiling people in a studio, none of whom training saw; half would be chance."""
    truth = pl.read_csv(shared_data / "london" / "labels.csv")
    right = 0
    for result, label in zip(
        reader.read_many([shared_data / "london" / name for name in truth["image"]]),
        truth["label"],
        strict=True,
    ):
        (reading,) = result.readings
        right += reading.label == label
    assert right / len(truth) > 0.8
