import polars as pl
import pytest
import torch

from facsight.core.errors import BadMedia
from facsight.data import open_dataset
from facsight.data.opening import dataset_module
from facsight.data.pictures import Pictures


@pytest.fixture
def data(tmp_path):
    dataset_module("manifest").mock(tmp_path)
    return open_dataset("manifest", tmp_path)


def there(data):
    return data.where(pl.col("path").is_not_null())


def epoch(pictures, **options):
    batches = list(pictures.batches(4, **options))
    return torch.cat([batch.images for batch in batches]), torch.cat([batch.rows for batch in batches])


def test_batches_hold_every_picture_once_and_the_right_one(data):
    pictures = Pictures(there(data), size=40)
    images, rows = epoch(pictures, seed=3)
    assert sorted(rows.tolist()) == list(range(11))
    for image, row in zip(images, rows.tolist(), strict=True):
        assert torch.equal(image[0], torch.from_numpy(pictures.read(row)))


def test_the_order_follows_from_seed_and_epoch_and_not_from_threads(data):
    pictures = Pictures(there(data), size=16)
    first = epoch(pictures, seed=1, epoch=2, threads=1)
    again = epoch(pictures, seed=1, epoch=2, threads=5)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[1], epoch(pictures, seed=1, epoch=3)[1])
    assert epoch(pictures, shuffle=False)[1].tolist() == list(range(11))


def test_colour(data):
    images, _ = epoch(Pictures(there(data), size=16, colour=True))
    assert images.shape[1:] == (3, 16, 16)


def test_boxes_are_made_wider_by_the_margin(data):
    row = 0
    whole = Pictures(there(data), size=96, margin=0.2).read(row)  # boxes of 80 in pictures of 96 x 96
    close = Pictures(there(data), size=80, margin=0.0).read(row)
    assert (whole[8:88, 8:88] == close).all()


def test_what_cannot_be_read_is_named_or_left_out(data, tmp_path):
    (tmp_path / "images/7.jpg").write_bytes(b"no picture")
    with pytest.raises(BadMedia, match=r"manifest, images/4.jpg: there is no file"):
        epoch(Pictures(data, size=16), shuffle=False)
    skipping = Pictures(data, size=16, unreadable="skip")
    _, rows = epoch(skipping, seed=5)
    assert sorted(rows.tolist()) == [0, 1, 2, 3, 5, 6, 8, 9, 10, 11]
    assert set(skipping.missed) == {"images/4.jpg", "images/7.jpg"}
    assert skipping.missed["images/4.jpg"] == "manifest, images/4.jpg: there is no file"
    assert "images/7.jpg: is no picture that OpenCV reads" in skipping.missed["images/7.jpg"]


def test_leaving_an_epoch_early_ends_its_threads(data):
    batches = Pictures(there(data), size=16).batches(2)
    next(batches)
    batches.close()
