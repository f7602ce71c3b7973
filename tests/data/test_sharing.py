import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageEnhance, ImageOps

from facsight.data import open_dataset
from facsight.data.sharing import what_is_shared


@pytest.fixture
def folder(tmp_path):
    """Six photos that look nothing like one another, of six people, four of them for training."""
    generator = np.random.default_rng(0)
    for number in range(6):
        blocks = Image.fromarray(generator.integers(0, 256, (12, 12), dtype=np.uint8))
        blocks.resize((96, 96), Image.Resampling.BICUBIC).save(tmp_path / f"{number}.jpg")
    splits = ["train"] * 4 + ["test"] * 2
    rows = "".join(f"{k}.jpg,person {k},{split}\n" for k, split in enumerate(splits))
    (tmp_path / "manifest.csv").write_text("file,subject,split\n" + rows)
    return tmp_path


def test_nothing_is_shared_by_photos_of_different_people(folder):
    seen = []
    data = open_dataset("manifest", folder)
    shared = what_is_shared(data, on_picture=lambda *count: seen.append(count))
    assert (shared.pairs, len(shared.across), len(shared.leaks), shared.missed) == (0, 0, 0, {})
    assert seen == [(6, 6)]


def test_a_planted_near_copy_across_splits_is_found(folder):
    with Image.open(folder / "1.jpg") as face:
        changed = ImageEnhance.Brightness(ImageOps.mirror(face)).enhance(1.1)
    changed.save(folder / "4.jpg")
    shared = what_is_shared(open_dataset("manifest", folder))
    assert shared.across.select("sample", "other", "mirrored").rows() == [("1.jpg", "4.jpg", True)]
    assert shared.leaks["kind"].to_list() == ["near_copies"]


def test_a_planted_person_on_both_sides_is_found_without_pictures(folder):
    listed = folder / "manifest.csv"
    listed.write_text(listed.read_text().replace("person 5", "person 0"))
    shared = what_is_shared(open_dataset("manifest", folder), copies=False)
    assert shared.pairs is None
    assert shared.leaks.select("kind", "name").rows() == [("subject", "person 0")]
    assert shared.across.equals(pl.DataFrame())


def test_pictures_that_cannot_be_read_are_named(folder):
    (folder / "5.jpg").write_bytes(b"no picture")
    assert list(what_is_shared(open_dataset("manifest", folder)).missed) == ["5.jpg"]
