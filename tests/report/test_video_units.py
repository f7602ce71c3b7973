"""Curves and maps of action units on the page of videos."""

import numpy as np
import polars as pl
import pytest

from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos
from facsight.report.study import write_study_report
from facsight.report.timeline import LEFT, WIDTH
from facsight.report.unit_curves import TALL, highest, unit_curves
from parsed_page import Page
from planted import PlantedFinder, tiny_reader_file, tiny_unit_file
from planted_video import saved_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("units-of-videos")
    weights = tiny_reader_file(home / "tiny.safetensors")
    reader = Reader(weights, finder=PlantedFinder(), units=tiny_unit_file(home / "units.safetensors"))
    analyse_videos([saved_video(home / "clip.mkv", [1] * 20 + [2] * 20)], home / "out", reader)
    return home / "out"


def test_a_curve_stands_at_its_mean_in_each_bin_and_is_open_where_nobody_is():
    time, chances = np.array([0.0, 0.5, 2.5]), {12: np.array([0.0, 1.0, 1.0])}
    drawn = unit_curves("person 1", time, chances, {12: 0.25}, np.linspace(0, 3, 4))
    (curve,) = drawn.curves
    step, foot = (WIDTH - LEFT - 10) / 3, curve.y + TALL
    ends = [LEFT + k * step for k in range(4)]
    first = f"M{ends[0]:.1f} {foot:.1f}V{foot - TALL / 2:.1f}H{ends[1]:.1f}V{foot:.1f}z"
    last = f"M{ends[2]:.1f} {foot:.1f}V{foot - TALL:.1f}H{ends[3]:.1f}V{foot:.1f}z"
    assert curve.area == first + last
    assert curve.threshold == pytest.approx(foot - TALL / 4)
    assert curve.name == "AU12 lip corner puller"


def test_a_unit_without_a_threshold_has_no_line():
    drawn = unit_curves("person 1", np.array([0.0]), {25: np.array([0.3])}, {25: None}, np.array([0.0, 1.0]))
    assert drawn.curves[0].threshold is None


def test_the_highest_frame_is_the_first_of_the_likeliest():
    chances = [0.1, 0.9, None, 0.9]
    own = pl.DataFrame({"track": [7] * 4, "frame": range(4), "time": [0.0, 0.1, 0.2, 0.3]}).with_columns(
        AU12_probability=pl.Series(chances)
    )
    moment = highest(own, [12])[12]
    assert (moment.track, moment.frame, moment.share) == (7, 1, 0.9)


def test_the_page_has_a_curve_and_a_map_a_unit_and_person(folder):
    page = write_study_report(folder)
    text = page.read_text(encoding="utf-8")
    assert text.count("Where the decision on AU") == 6
    assert text.count('class="limit"') == 4  # AU 25 has no threshold
    told = " ".join(Page(page).text.split())
    assert told.count("present in 100 % of frames") == 2  # AU 1 from 0 on
    assert told.count("present in 0 % of frames") == 2  # AU 12 from 1 on
    assert "not decided, no threshold" in told
    assert "which learnt from drawn-units" in told


def test_without_pictures_the_maps_stand_alone(folder):
    with_faces = write_study_report(folder).read_text(encoding="utf-8")
    without = write_study_report(folder, pictures=False).read_text(encoding="utf-8")
    assert without.count("Where the decision on AU") == 6
    assert len(without) != len(with_faces)


def test_a_video_that_is_gone_is_told_and_its_maps_stay(folder, tmp_path):
    video = folder.parent / "clip.mkv"
    aside = video.rename(tmp_path / "clip.mkv")
    try:
        text = write_study_report(folder).read_text(encoding="utf-8")
    finally:
        aside.rename(video)
    assert text.count("Where the decision on AU") == 6
    assert text.count("the video is not where it was read from") == 2


def test_the_browser_shows_curves_and_maps_without_complaint(folder, browser):
    page = write_study_report(folder)
    browser.problems.clear()
    browser.open(page.as_uri())
    assert browser.ask("document.querySelectorAll('svg.units-over-time path').length") == 6
    assert browser.ask("[...document.querySelectorAll('.own-units img')].every(i => i.naturalWidth === 168)")
    overlap = (
        "[...document.querySelectorAll('svg.units-over-time text[text-anchor=end]')]"
        ".some(t => t.getBBox().x < 0)"
    )
    assert browser.ask(overlap) is False
    assert browser.problems == []
