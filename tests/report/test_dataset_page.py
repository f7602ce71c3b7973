import polars as pl
import pytest

from facsight.data import open_dataset
from facsight.data.opening import dataset_module
from facsight.data.sharing import Shared, what_is_shared
from facsight.report.dataset import write_dataset_page

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path):
    dataset_module("manifest").mock(tmp_path / "data")
    return tmp_path / "data"


def test_the_page_tells_counts_and_deviations_and_shows_no_picture(folder, tmp_path):
    data = open_dataset("manifest", folder)
    text = write_dataset_page(data, tmp_path / "page.html").read_text()
    assert "data:image" not in text
    assert "this file is missing" in text
    assert "sealed" in text
    assert "images/4.jpg" in text


def test_pictures_come_when_asked_for(folder, tmp_path):
    data = open_dataset("manifest", folder)
    text = write_dataset_page(data, tmp_path / "page.html", pictures=2).read_text()
    # three classes of the unsealed splits, two each; one anger picture is missing
    assert text.count("data:image/jpeg") == 6


def test_a_picture_that_cannot_be_read_is_named(folder, tmp_path):
    (folder / "images/0.jpg").write_bytes(b"no picture")
    text = write_dataset_page(
        open_dataset("manifest", folder), tmp_path / "page.html", pictures=2
    ).read_text()
    assert "images/0.jpg: is no picture" in text


def test_names_from_files_are_escaped(tmp_path):
    (tmp_path / "manifest.csv").write_text(f"file,expression\n{EVIL}.jpg,{EVIL}\n")
    data = open_dataset("manifest", tmp_path)
    text = write_dataset_page(data, tmp_path / "page.html", pictures=1).read_text()
    assert EVIL not in text
    assert "&lt;script&gt;" in text


def test_what_splits_share_is_told(folder, tmp_path):
    across = {"sample": EVIL, "split": "train", "other": "b", "other_split": "test", "mirrored": True}
    pairs = pl.DataFrame([across | {"distance": 0.1}])
    leaks = {"kind": "subject", "name": EVIL, "sides": ["test", "train"], "samples": [1, 2]}
    shared = Shared(3, pairs, pl.DataFrame([leaks]), {"x": f"{EVIL} is no picture"})
    text = write_dataset_page(
        open_dataset("manifest", folder), tmp_path / "page.html", shared=shared
    ).read_text()
    assert "near copies on more than one side: <strong>1</strong>" in text
    assert "mirrored ones included: 3; in different splits: 1" in text
    assert "test (1), train (2)" in text
    assert EVIL not in text
    assert text.count("&lt;script&gt;alert(1)") == 3


def test_splits_that_share_nothing_are_said_to(folder, tmp_path):
    data = open_dataset("manifest", folder)
    page = write_dataset_page(data, tmp_path / "page.html", shared=what_is_shared(data, copies=False))
    text = page.read_text()
    assert "No person or recording that is known is on more than one side" in text
    assert "Pictures were not compared" in text
