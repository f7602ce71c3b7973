"""The page is read as a browser reads it: by a parser, not by looking for text."""

import shutil
from pathlib import Path

import pytest

from facsight.analysis.run import analyse
from facsight.core.errors import MissingData
from facsight.report.readings import write_report
from parsed_page import Page
from planted import saved_photo


@pytest.fixture
def folder(readings, tmp_path):
    shutil.copytree(readings, tmp_path / "out")
    return tmp_path / "out"


def words(page):
    return " ".join(page.text.split())


def test_every_face_has_its_pictures_bars_and_sentence(folder):
    page = Page(write_report(folder))
    assert len(page.all("article")) == 2
    assert len(page.all("rect", **{"class": "inner"})) == 3
    pictures = page.all("img")
    assert len(pictures) >= 2 + 3 * 2
    assert all(
        picture["src"].startswith("data:image/jpeg;base64,") and picture["alt"] for picture in pictures
    )
    assert words(page).count("Probability of each expression") == 3
    assert words(page).count("Looks") == 3


def test_the_page_loads_nothing_and_runs_nothing(folder):
    page = Page(write_report(folder))
    assert page.all("script") == []
    assert page.all("link") == []
    links = [a.get("href") or a.get("src") or "" for _, a in page.tags]
    assert all(link.startswith(("#", "data:")) for link in links if link)
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"].startswith("default-src 'none'")
    assert "url(" not in (folder / "report.html").read_text().split("</style>")[0]
    assert "@import" not in (folder / "report.html").read_text()


def test_what_failed_and_what_has_no_face_is_named_with_reasons(folder):
    told = words(Page(write_report(folder)))
    assert "d.jpg" in told
    assert "is empty (0 bytes)" in told
    assert "Photos in which no face was found" in told
    assert "c.png" in told


def test_it_says_what_the_numbers_mean_and_do_not_mean(folder):
    told = words(Page(write_report(folder)))
    for part in (
        "Expressions are not feelings",
        "Do not use",
        "no action unit was detected",
        "evidence_AU12",
    ):
        assert part in told


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>.png", "a\"b'c&d.png", "two\nlines<script>.png", "{{7*7}}.png"]
)
def test_names_are_shown_not_obeyed(reader, tmp_path, name):
    photo = saved_photo(tmp_path / name)
    (tmp_path / f"broken{name}").write_bytes(b"")
    analyse([photo, tmp_path / f"broken{name}"], tmp_path / "out", reader)
    page = Page(write_report(tmp_path / "out"))
    assert page.all("script") == []
    assert [a for _, a in page.tags if "onerror" in a] == []
    assert words(page).count(name.replace("\n", "\\n")) >= 2
    assert any("The photo with" in a["alt"] for a in page.all("img"))


def test_without_pictures_no_photo_and_no_face_is_on_the_page(folder):
    page = Page(write_report(folder, pictures=False))
    assert page.all("rect") == []
    assert {a["alt"] for a in page.all("img")}.isdisjoint({"The face as the reader sees it"})
    assert not any("The photo with" in a["alt"] for a in page.all("img"))
    assert "Made without pictures" in words(page)


def test_photos_beyond_the_limit_are_listed_and_the_limit_is_told(folder):
    page = Page(write_report(folder, photos=1))
    assert len(page.all("article")) == 1
    told = words(page)
    assert "The first 1 of 2 photos with a face are shown in full" in told
    assert "Further faces" in told
    assert "b.png" in told


def test_lists_are_cut_and_say_so(folder, monkeypatch):
    monkeypatch.setattr("facsight.report.readings.ROWS_LISTED", 1)
    told = words(Page(write_report(folder, photos=0)))
    assert "the first 1 of 3, the table has them all" in told


def test_photos_that_are_gone_or_changed_are_told(reader, tmp_path):
    gone, changed = (saved_photo(tmp_path / name) for name in ("gone.png", "changed.png"))
    analyse([gone, changed], tmp_path / "out", reader)
    gone.unlink()
    from PIL import Image

    Image.new("RGB", (50, 50)).save(changed)
    told = words(Page(write_report(tmp_path / "out")))
    assert "it is no longer where it was read from" in told
    assert "it has changed since it was read" in told


def test_a_page_can_be_made_from_another_working_folder(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert any("The photo with" in a["alt"] for a in Page(write_report(folder)).all("img"))


def test_a_folder_of_relative_names_remembers_where_they_start(reader, tmp_path, monkeypatch):
    saved_photo(tmp_path / "here.png")
    monkeypatch.chdir(tmp_path)
    analyse([Path("here.png")], Path("out"), reader)
    monkeypatch.chdir("/")
    assert any("The photo with" in a["alt"] for a in Page(write_report(tmp_path / "out")).all("img"))


def test_a_table_in_another_convention_is_mentioned(reader, tmp_path):
    analyse([saved_photo(tmp_path / "a.png")], tmp_path / "out", reader, convention="pyfeat")
    assert "written with the columns of pyfeat" in words(Page(write_report(tmp_path / "out")))


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(MissingData, match="expected a readings folder"):
        write_report(tmp_path)
