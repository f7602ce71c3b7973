import pytest

from facsight.data import open_dataset
from facsight.data.opening import dataset_module
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
