import base64
import hashlib
import json
import re
import shutil

import polars as pl
import pytest

from facsight.analysis.reader import Reader
from facsight.analysis.same_person import SamePerson
from facsight.analysis.study import analyse_videos
from facsight.report import study as study_module
from facsight.report.study import write_study_report
from parsed_page import Page
from planted import PlantedFinder, tiny_reader_file
from planted_people import ColourEmbedder, people_video
from planted_study import made_rows, saved_study, told, unpacked, with_everything
from planted_video import noise_video, saved_video

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&\\u2028.mp4"


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


@pytest.fixture
def planted(tmp_path):
    """A study of one video that is not there, under a hostile name, with every column a table may have."""
    rows = with_everything(made_rows(HOSTILE, [n / 25 for n in range(300)], [range(300), range(50, 200)]))
    return saved_study(tmp_path / "planted", rows, [told(rows, damage=["after 3.000 s: <b>bad</b>"])])


def words(page):
    return " ".join(page.text.split())


def test_the_page_shows_every_video(folder):
    page = Page(write_study_report(folder))
    assert len(page.all("svg", **{"class": "timeline"})) == 2
    assert len(page.all("script", type="application/json")) == 2
    for told_ in ("person 1", "person 2", "No face was found", "Not read:", "Expressions are not feelings"):
        assert told_ in words(page)


def test_the_page_needs_nothing_and_runs_our_script_alone(folder):
    path = write_study_report(folder)
    page, text = Page(path), path.read_text(encoding="utf-8")
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"].startswith("default-src 'none'")
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["content"].split("; ")[-1] == f"script-src 'sha256-{digest}'"
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|eval|innerHTML|import)\b *\(?", script)
    links = [a.get("href") or a.get("src") or "" for _, a in page.tags]
    assert all(link.startswith(("#", "data:image/jpeg;")) for link in links if link)
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_faces_are_cut_out_of_the_videos_that_are_still_there(folder):
    page = Page(write_study_report(folder))
    faces = page.all("img")
    assert faces
    assert all(
        re.fullmatch(r"person \d at 0:0\d\.\d: (the face|where the reader looked)", a["alt"]) for a in faces
    )
    few = Page(write_study_report(folder, photos=1)).all("img")
    assert 0 < len(few) == len(faces) / 2  # both videos hold the same


def test_without_pictures_there_is_no_picture(folder):
    text = write_study_report(folder, pictures=False).read_text(encoding="utf-8")
    assert "data:image" not in text
    assert "<img" not in text


def test_landmarks_are_drawn_where_the_table_has_them(planted):
    page = Page(write_study_report(planted, pictures=False))
    drawn = page.all("svg", **{"class": "points"})
    assert drawn
    assert all(figure["aria-label"].endswith("facial landmarks") for figure in drawn)


def test_a_video_that_is_gone_costs_its_faces_only(planted):
    page = Page(write_study_report(planted))
    assert page.all("img") == []
    assert words(page).count("No faces are shown: the video is not where it was read from") == 1
    assert len(page.all("script", type="application/json")) == 1


def test_hostile_names_are_shown_not_obeyed(planted, folder):
    page = Page(write_study_report(planted))
    assert [a for _, a in page.tags if "onerror" in a] == []
    assert len(page.all("script")) == 2
    assert "onerror=alert(1)>'\"&\\u2028.mp4" in words(page)
    assert "<b>bad</b>" in words(page)
    text = (planted / "report.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', text)
    assert json.loads(data)["file"] == HOSTILE
    assert "<b>&" not in write_study_report(folder).read_text(encoding="utf-8")


def test_the_data_on_the_page_are_those_of_the_table(planted):
    text = write_study_report(planted).read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', text)
    found = unpacked(json.loads(data))
    table = pl.read_parquet(planted / "readings.parquet")
    for track in (1, 2):
        own = table.filter(track=track).sort("frame")
        values = found[f"p{track - 1}.read1"] / 254 - own["expression_happiness"].to_numpy()
        assert abs(values).max() <= 1 / 255


def test_beyond_a_size_videos_are_shown_without_their_frames(planted, monkeypatch):
    monkeypatch.setattr(study_module, "ROWS_HELD", 400)
    page = Page(write_study_report(planted))
    assert page.all("script", type="application/json") == []
    assert len(page.all("svg", **{"class": "timeline"})) == 1
    assert "facsight view shows them" in words(page)


def test_events_choose_the_moments(planted):
    text = "file,track,kind,name,onset,apex,offset,duration,peak,cut\n"
    quoted = HOSTILE.replace('"', '""')
    text += f'"{quoted}",1,expression,anger,2,3.2,4,2,0.9,\n"{quoted}",2,expression,fear,2,4,5,3,0.9,\n'
    (planted / "events.csv").write_text(text)
    page = Page(write_study_report(planted, pictures=False))
    assert [a["data-ms"] for a in page.all("span") if "data-ms" in a] == ["3200", "4000"]


def test_the_page_says_whether_there_is_sound(tmp_path):
    rows = made_rows("a.mkv", [n / 25 for n in range(30)], [range(30)])
    track = {"index": 1, "codec": "aac", "rate": 48000, "channels": 2, "start": 0.0, "duration": 1.2}
    for audio, word in (([], "silent"), ([track], "with sound")):
        page = Page(write_study_report(saved_study(tmp_path / word, rows, [told(rows, audio=audio)])))
        assert f"a face in 30, {word}." in words(page)


def test_notes_are_on_the_page_as_text(tmp_path):
    rows = made_rows("a.mkv", [n / 25 for n in range(30)], [range(30)])
    study = saved_study(tmp_path, rows, [told(rows, notes=["left out: '<b>.txt'"])])
    assert "Note: left out: '<b>.txt'." in words(Page(write_study_report(study)))


def test_where_people_were_told_apart_the_page_is_about_people(tmp_path):
    home = tmp_path / "people"
    video = people_video(tmp_path / "a.mkv", [(1, [0]), (2, [3]), (1, [0]), (3, [3, 0])], frames=14)
    reader = Reader(tiny_reader_file(tmp_path / "tiny.safetensors"), finder=PlantedFinder())
    analyse_videos([video], home, reader)
    tracks = Page(write_study_report(home))
    assert "person 5" in words(tracks)
    assert "two numbers may be the same human being" in words(tracks)
    analyse_videos([video], home, reader, people=SamePerson(ColourEmbedder()))
    path = write_study_report(home)
    page, text = Page(path), path.read_text(encoding="utf-8")
    assert "found alike by colour, in each video anew" in words(page)
    assert "two numbers may be" not in words(page)
    data = json.loads(*re.findall(r'<script type="application/json">(.*?)</script>', text))
    assert [person["name"] for person in data["people"]] == ["person 1", "person 2"]
    shown = unpacked(data)
    assert shown["p0.at"].tolist() == [*range(14), *range(28, 42), *range(42, 56)]
    assert shown["p1.at"].tolist() == [*range(14, 28), *range(42, 56)]


def test_a_person_who_is_read_as_neutral_throughout_has_a_band_without_lanes(tmp_path):
    rows = made_rows("a.mp4", [n / 25 for n in range(50)], [range(50)])
    nothing = [
        pl.lit(None, pl.Float64).alias(name) for name in rows.columns if name.startswith("evidence_AU")
    ]
    rows = rows.with_columns(*nothing)
    page = Page(write_study_report(saved_study(tmp_path / "neutral", rows, [told(rows)])))
    assert len(page.all("svg", **{"class": "timeline"})) == 1
    assert "person 1" in words(page)
