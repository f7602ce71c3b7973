import polars as pl
import pytest

from facsight.report.opened_study import open_study
from facsight.report.watch import video_file
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


def test_folders_of_numbered_pictures_are_videos_when_asked_for(facsight, video, tmp_path):
    for name in ("one", "two/deep"):
        (tmp_path / name).mkdir(parents=True)
        for number in range(3):
            saved_photo(tmp_path / name / f"frame_{number}.png")
    (tmp_path / "one" / "notes.txt").touch()
    code, told, _ = facsight("analyze", tmp_path, "--sequence", 10, "--out", tmp_path / "out")
    assert code == 0
    assert "21 frames of 3 videos" in told
    assert "note: not numbered pictures, and left out: 'notes.txt'" in told
    times = pl.read_csv(tmp_path / "out" / "readings.csv").filter(pl.col("file").str.ends_with("deep"))
    assert times["time"].to_list() == pytest.approx([0.0, 0.1, 0.2])
    code, told, _ = facsight("analyze", tmp_path / "one", "--out", tmp_path / "photos")
    assert "3 faces in 3 photos" in told


def test_sequences_that_cannot_be(facsight, tmp_path):
    photo = saved_photo(tmp_path / "photo1.png")
    code, _, complaint = facsight("analyze", photo, "--sequence", 10)
    assert (code, "leave out --sequence" in complaint) == (2, True)
    code, _, complaint = facsight("analyze", tmp_path, "--sequence", 10, "--only", "photos")
    assert (code, "only photos" in complaint) == (2, True)
    (tmp_path / "empty").mkdir()
    code, _, complaint = facsight("analyze", tmp_path / "empty", "--sequence", 10)
    assert (code, "no folder of numbered pictures" in complaint) == (2, True)
    code, _, complaint = facsight("analyze", tmp_path, "--sequence", 0)
    assert (code, "above 0" in complaint) == (2, True)


def test_a_named_file_is_read_as_what_is_in_it(facsight, video, tmp_path):
    clip, photo = tmp_path / "clip", tmp_path / "photo.mp4"
    video.rename(clip)
    saved_photo(photo)
    code, told, _ = facsight("analyze", clip, "--out", tmp_path / "one")
    assert (code, "15 frames, 12 with a face" in told) == (0, True)
    assert video_file(open_study(tmp_path / "one"), 0) == clip
    code, told, _ = facsight("analyze", photo, "--out", tmp_path / "two")
    assert (code, "1 face in 1 photo" in told) == (0, True)
    code, _, complaint = facsight("analyze", photo, clip, "--out", tmp_path / "three")
    assert (code, "found 1 photo and 1 video" in complaint) == (2, True)


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


def test_compound_expressions_of_each_stretch(facsight, video, tmp_path):
    code, told, _ = facsight("analyze", video, "--out", tmp_path / "out", "--compound", "rules")
    assert code == 0
    assert "compound.csv: one is said of" in " ".join(told.split())
    table = pl.read_csv(tmp_path / "out" / "compound.csv")
    assert table["frames"].sum() == 12
    assert table["attention_fit"].is_not_null().all()
