import polars as pl
import pytest

from planted import saved_photo
from planted_people import people_video
from planted_video import saved_video
from written_onnx import colour_model, saved_model


@pytest.fixture
def video(tmp_path):
    return saved_video(tmp_path / "my clip.mkv", [1] * 12 + [0] * 3)


def test_a_video_becomes_a_table_and_a_page(facsight, video, tmp_path):
    code, told, _ = facsight("analyze", video, "--out", tmp_path / "out")
    assert code == 0
    assert "15 frames, 12 with a face" in told
    assert len(pl.read_csv(tmp_path / "out" / "readings.csv")) == 15
    assert "timeline" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    code, told, _ = facsight("report", tmp_path / "out")
    assert code == 0
    assert "report.html" in told


def test_what_could_not_be_read_is_named_at_the_end(facsight, video, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    code, told, _ = facsight("analyze", video, bad, "--out", tmp_path / "out")
    assert code == 1
    assert "1 video not read to the end" in told
    assert told.count("bad.mp4") == 2


def test_photos_and_videos_together_are_refused(facsight, video, tmp_path):
    saved_photo(tmp_path / "photo.png")
    code, _, complaint = facsight("analyze", tmp_path)
    assert code == 2
    assert "--only" in complaint
    code, told, _ = facsight("analyze", tmp_path, "--only", "videos", "--every", 5, "--out", tmp_path / "out")
    assert code == 0
    assert "3 frames" in told


def test_options_that_do_not_apply_are_refused(facsight, video, tmp_path):
    photo = saved_photo(tmp_path / "photo.png")
    code, _, complaint = facsight("analyze", photo, "--every", 2)
    assert code == 2
    assert "only photos" in complaint
    code, _, complaint = facsight("analyze", video, "--columns", "pyfeats")
    assert code == 2
    assert "did you mean 'pyfeat'" in complaint
    code, _, complaint = facsight("analyze", video, "--every", 2, "--rate", 3)
    assert code == 2
    assert "every" in complaint


def test_the_columns_of_another_tool(facsight, video, tmp_path):
    code, _, _ = facsight("analyze", video, "--columns", "pyfeat", "--out", tmp_path / "out")
    assert code == 0
    table = pl.read_csv(tmp_path / "out" / "readings.csv")
    assert table.select("frame", "approx_time").row(14) == (14, "00:00")
    assert "timeline" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def interview(tmp_path):
    return people_video(tmp_path / "interview.mkv", [(1, [0]), (2, [3]), (1, [0])])


def test_people_are_told_apart_by_a_model_of_the_user(facsight, interview, tmp_path):
    model = saved_model(tmp_path / "faces.onnx", colour_model(hue=True))
    (tmp_path / "faces.toml").write_text("least = 0.8\n")
    more = people_video(tmp_path / "more.mkv", [(4, [3])])
    code, told, _ = facsight("analyze", interview, more, "--people", f"onnx:{model}", "--out", "out")
    assert code == 0
    assert "people.csv" in told
    assert pl.read_csv("out/people.csv")["person"].to_list() == [1, 2, 1, 1]
    command = ("analyze", interview, more, "--people", f"onnx:{model}", "--people-across", "study")
    code, _, _ = facsight(*command, "--out", "out")
    assert pl.read_csv("out/people.csv")["person"].to_list() == [1, 2, 1, 2]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "found alike by onnx:faces.onnx; a number is the same person in every video" in page


def test_people_are_told_apart_without_any_model(facsight, interview, tmp_path):
    code, _, _ = facsight("analyze", interview, "--people", "texture", "--out", "out")
    assert code == 0
    people = pl.read_csv("out/people.csv")
    assert people["track"].to_list() == [1, 2, 3]
    assert people["similarity"].drop_nulls().min() > 0.9  # all are one drawn face


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--people", "shape"), "expected texture, or onnx:PATH"),
        (("--people", "onnx:gone.onnx"), "gone.onnx, found no file"),
        (("--people-across", "study"), "--people says how they are told"),
    ],
)
def test_what_cannot_tell_people_apart_is_refused_before_anything_is_read(
    facsight, interview, tmp_path, arguments, problem
):
    code, _, complaint = facsight("analyze", interview, *arguments, "--out", "out")
    assert code == 2
    assert problem in " ".join(complaint.split())
    assert not (tmp_path / "out").exists()


def test_people_are_for_videos(facsight, tmp_path):
    photo = saved_photo(tmp_path / "photo.png")
    code, _, complaint = facsight("analyze", photo, "--people", "texture")
    assert code == 2
    assert "--people" in complaint
