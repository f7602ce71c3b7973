import shutil

import pytest

from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos
from facsight.report.study import write_study_report
from planted import PlantedFinder, tiny_reader_file
from planted_video import noise_video, saved_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("study")
    reader = Reader(tiny_reader_file(home / "tiny.safetensors"), finder=PlantedFinder())
    named = saved_video(home / "a.mkv", [1] * 20 + [0] * 5 + [2] * 20)
    odd = home / "<b>&'\".mkv"
    shutil.copy(named, odd)
    (home / "bad.mp4").write_text("no video")
    analyse_videos([named, odd, noise_video(home / "none.mkv", 5), home / "bad.mp4"], home / "out", reader)
    return home / "out"


def test_the_page_shows_every_video_and_needs_nothing(folder):
    page = write_study_report(folder).read_text(encoding="utf-8")
    assert page.count('class="timeline"') == 2
    assert page.count("<polygon") >= 2
    for told in ("person 1", "person 2", "No face was found", "Not read:", "Expressions are not feelings"):
        assert told in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page
    assert "data:image" not in page


def test_names_are_escaped(folder):
    page = write_study_report(folder).read_text(encoding="utf-8")
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;" in page
