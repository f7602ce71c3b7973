"""What pages of an adapted reader show."""

import copy

import polars as pl
import pytest

from facsight.report.opened_study import open_study
from facsight.report.personal import personal_section, personal_values
from facsight.report.study import write_study_report
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
    # largest first; surprise hardly moves; an even chance becomes 1 / (1 + e^2) and 1 / (1 + e^-0.5)
    assert said["odds"] == [
        {"name": "happiness", "change": "-2.0", "even": "12 %"},
        {"name": "sadness", "change": "+0.5", "even": "62 %"},
    ]
    assert said["units"] == ["AU12 lip corner puller (25 %)", "AU6 cheek raiser and lid compressor (12 %)"]
    assert said["channels"] == ["7 (-3.0)", "2 (+1.2)"]
    assert said["checked"] == ["50 %", "90 %"]


@pytest.mark.parametrize(
    ("attention", "words"),
    [
        (None, ""),  # a file from before this was measured
        ({"12": 0.009, "6": 0.0}, "stays as it was: no action unit's share of its attention changes by 1 %"),
        (
            {"12": -0.05, "6": 0.02},
            "units: AU12 lip corner puller (-5 points), AU6 cheek raiser and lid compressor (+2",
        ),
    ],
)
def test_what_becomes_of_the_attention(attention, words):
    moved = CARD["moved"] | ({} if attention is None else {"attention": attention})
    said = personal_values({"person": CARD | {"moved": moved}})["attention"]
    assert words in said
    assert bool(said) == bool(words)


def test_changes_of_labels_are_counted_the_most_frequent_first():
    labels = [("happiness", "neutral")] * 3 + [("anger", "neutral")] + [("neutral", "neutral")] * 4
    rows = made_rows("a.mp4", [n / 25 for n in range(8)], [range(8)])
    rows = with_unadapted(rows).with_columns(
        pl.Series("unadapted_label", [before for before, _ in labels]),
        pl.Series("label", [after for _, after in labels]),
    )
    (one,) = personal_section(rows, [1], CLASSES)["people"]
    assert one["changed"] == "50 %"
    assert one["changes"] == ["happiness to neutral in 3 frames (38 %)", "anger to neutral in 1 frame (12 %)"]


def test_harm_is_warned_of_once_and_the_reasons_are_open(folder, rows, tmp_path):
    page = write_study_report(folder).read_text(encoding="utf-8")
    assert page.count("This adaptation may do harm.") == 1
    assert "<details open><summary>What the adaptation moves" in page
    reader = copy.deepcopy(READER) | {"person": CARD | {"warnings": {}}}
    quiet = saved_study(tmp_path / "quiet", rows, [told(rows)], reader=reader)
    page = write_study_report(quiet).read_text(encoding="utf-8")
    assert "may do harm" not in page
    assert "<details><summary>What the adaptation moves" in page


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
