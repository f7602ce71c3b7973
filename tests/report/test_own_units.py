import pytest

from facsight.analysis.reader import Reader
from facsight.analysis.run import analyse
from facsight.report.own_units import learnt_on, own_units
from facsight.report.readings import write_report
from planted import PlantedFinder, saved_photo, tiny_reader_file, tiny_unit_file


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    home = tmp_path_factory.mktemp("units")
    weights, units = tiny_reader_file(home / "tiny.safetensors"), tiny_unit_file(home / "units.safetensors")
    reader = Reader(weights, finder=PlantedFinder(), units=units)
    analyse([saved_photo(home / "a.png", 1)], home / "out", reader)
    return write_report(home / "out")


def test_every_unit_has_its_decision_and_its_own_map(page):
    text = page.read_text(encoding="utf-8")
    assert text.count("Where the decision on AU") == 3
    for told in (
        "AU1 inner brow raiser: present",
        "AU12 lip corner puller: absent",
        "AU25 lips part: not decided",
    ):
        assert told in text
    assert "as learnt on drawn-units" in text


def test_a_page_without_such_a_network_says_nothing_of_it(readings):
    assert "head of its own" not in write_report(readings).read_text(encoding="utf-8")


def test_a_weak_network_is_called_one(tmp_path):
    card = {"data": "faces", "weak": True}
    assert "no unit was coded" in learnt_on({"units": {"card": card}})
    assert own_units({"unit_maps": None}, None, {}) == []


def test_the_browser_shows_the_maps_without_complaint(page, browser):
    browser.problems.clear()
    browser.open(page.as_uri())
    assert browser.ask("document.querySelectorAll('.own-units img').length") == 3
    assert browser.ask(
        "[...document.querySelectorAll('.own-units img')].every(one => one.naturalWidth === 168)"
    )
    assert browser.problems == []
