"""Compound expressions on the pages of videos and photos."""

import polars as pl
import pytest

from facsight.analysis.compound import forget_compounds, read_compounds
from facsight.core.labels import label_space
from facsight.report.compound import ROWS_SHOWN
from facsight.report.readings import write_report
from facsight.report.study import write_study_report
from parsed_page import Page
from planted_study import CLASSES, made_rows, saved_study, told

SPACE = label_space("cexpr7")
HOSTILE = "<b>.mp4"


@pytest.fixture
def folder(tmp_path):
    rows = made_rows(HOSTILE, [n / 25 for n in range(300)], [range(300)])
    shares = {"happiness": 0.4, "surprise": 0.5, "neutral": 0.1}
    rows = rows.with_columns(pl.lit(shares.get(name, 0.0)).alias(f"expression_{name}") for name in CLASSES)
    return saved_study(tmp_path / "study", rows, [told(rows)])


def test_the_page_of_videos_lists_them_with_their_grounds(folder):
    assert "Compound expressions" not in Page(write_study_report(folder)).text
    read_compounds(folder, "rules", SPACE)
    text = " ".join(Page(write_study_report(folder)).text.split())
    assert "One is said of 3 of 3; compound.csv has all, with the reasons." in text
    assert "Shows happily surprised: surprise (50 %) and happiness (40 %) stand out together." in text
    assert "two are each more probable than 1/8" in text


def test_words_of_segments_are_escaped_and_long_lists_are_cut(folder):
    names = ["<i>hostile</i>"] * (ROWS_SHOWN + 1)
    marked = pl.DataFrame({"file": [HOSTILE] * len(names), "tier": ["t"] * len(names), "label": names})
    marked = marked.with_columns(start=pl.lit(0.0), end=pl.lit(2.0))
    read_compounds(folder, "rules", SPACE, marked)
    path = write_study_report(folder)
    assert "<i>hostile" not in path.read_text(encoding="utf-8")
    assert f"The first {ROWS_SHOWN} are shown." in " ".join(Page(path).text.split())


def test_the_page_of_photos(readings):
    assert "Compound expressions" not in Page(write_report(readings)).text
    read_compounds(readings, "rules", SPACE)
    assert "of 3; compound.csv has all" in " ".join(Page(write_report(readings)).text.split())
    forget_compounds(readings)
    write_report(readings)
