"""What pages of an adapted reader show."""

import copy

import polars as pl
import pytest

from facsight.report.personal import personal_section, personal_values
from facsight.report.study import open_study, write_study_report
from facsight.report.watch import watch_page
from parsed_page import Page
from planted_study import CLASSES, READER, made_rows, saved_study, told

CARD = {
    "person": "<b>anna",
    "method": "neutral_shift",
    "made": "2026-01-02",
    "data": {"file": "<i>rest.mp4", "seconds": 9.96, "frames": 250, "faces": 249},
    "warnings": {"short": "the face & is seen for 1 s"},
    "checked": {"before": 0.5, "after": 0.9},
    "moved": {
        "log_odds": {"neutral": 0.0, "happiness": -2.0, "surprise": 0.05, "sadness": 0.5},
        "channels": {"7": -3.0, "2": 1.25},
        "about": "happiness",
        "units": {"12": 0.25, "6": 0.125},
    },
}


def with_unadapted(rows):
    """Without the adaptation: happiness 0.25 higher or lower than said, and every label happiness."""
    shares = [pl.col(f"expression_{name}").alias(f"unadapted_{name}") for name in CLASSES]
    rows = rows.with_columns(shares, unadapted_label=pl.lit("happiness"))
    return rows.with_columns(unadapted_happiness=pl.col("expression_happiness") / 2)


@pytest.fixture
def rows():
    return with_unadapted(made_rows("a.mp4", [n / 25 for n in range(100)], [range(100), range(50)]))


@pytest.fixture
def folder(rows, tmp_path):
    reader = copy.deepcopy(READER) | {"person": CARD}
    return saved_study(tmp_path / "study", rows, [told(rows)], reader=reader)


def test_the_card_in_words():
    said = personal_values({"person": CARD})
    assert said["clip"] == "249 faces in 10.0 s of <i>rest.mp4"
    assert said["odds"] == ["happiness -2.0", "sadness +0.5"]  # largest first; surprise hardly moves
    assert said["units"] == ["AU12 lip corner puller (25 %)", "AU6 cheek raiser and lid compressor (12 %)"]
    assert said["channels"] == ["7 (-3.0)", "2 (+1.2)"]
    assert said["checked"] == ["50 %", "90 %"]


def test_without_a_person_nothing_is_said(tmp_path):
    assert personal_values(READER) is None
    plain = made_rows("a.mp4", [n / 25 for n in range(50)], [range(50)])
    assert personal_section(plain, [1], CLASSES) is None
    page = write_study_report(saved_study(tmp_path / "plain", plain, [told(plain)])).read_text("utf-8")
    assert "adaptation" not in page


def test_the_changed_expression_comes_first_and_changed_labels_are_counted(rows):
    section = personal_section(rows, [1, 2], CLASSES)
    first = section["people"][0]
    assert first["charts"][0].title == "person 1, happiness"
    assert [name for name, _ in first["charts"][0].lines] == ["adapted", "unadapted"]
    own = rows.filter(track=1)
    share = (own["label"] != "happiness").mean()
    assert first["changed"] == f"{share * 100:.0f} %"
    assert section["several"]
    assert not personal_section(rows, [1], CLASSES)["several"]


def test_the_page_tells_whom_it_reads_everybody_as_and_what_to_be_careful_of(folder):
    written = write_study_report(folder)
    page = written.read_text(encoding="utf-8")
    assert "Read as &lt;b&gt;anna." in page
    assert "&lt;i&gt;rest.mp4" in page
    assert "the face &amp; is seen for 1 s" in page
    assert "<b>anna" not in page
    assert page.count(">unadapted</text>") == 4  # two charts for each of two people
    assert "Several people are in this video" in page
    assert "Read as <b>anna." in Page(written).text


def test_the_viewer_shows_it_as_well(folder):
    page = watch_page(open_study(folder), 0)
    assert "Read as &lt;b&gt;anna." in page
    assert "With and without the adaptation" in page
