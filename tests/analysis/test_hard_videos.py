"""Videos that are odd or bad, from file to table."""

import os

import av
import numpy as np
import polars as pl
import pytest

from facsight.analysis.one_video import outcome_of
from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos, load_study
from facsight.report.opened_study import open_study
from facsight.report.study import write_study_report
from facsight.report.watch import video_file
from planted import PlantedFinder
from planted_video import noise_video, saved_video


def read(videos, folder, reader, **options):
    """The outcomes and the rows."""
    outcome = analyse_videos(videos, folder, reader, **options)
    return outcome.videos, load_study(folder)[0].collect()


def coded(path, frames):
    """Frames as a small lossy video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def sound(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        samples.sample_rate = 16000
        container.mux(stream.encode(samples))
        container.mux(stream.encode())
    return path


def test_what_is_no_video_is_one_row_with_its_reason(reader, tmp_path):
    text, empty = tmp_path / "text.mp4", tmp_path / "empty.mp4"
    text.write_text("hello")
    empty.touch()
    bad = [text, empty, sound(tmp_path / "sound.mp4"), tmp_path / "gone.mov", tmp_path]
    told, rows = read(bad, tmp_path / "out", reader)
    assert [video.frames for video in told] == [0] * 5
    assert rows["status"].to_list() == ["failed"] * 5
    for reason, word in zip(
        rows["reason"], ("text", "empty", "sound only", "no file", "folder"), strict=True
    ):
        assert word in reason


def test_a_wrong_ending_hides_no_video(reader, tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1] * 4).rename(tmp_path / "clip.txt")
    (told,), _ = read([video], tmp_path / "out", reader)
    assert (told.frames, told.error) == (4, None)


def test_a_truncated_video_is_read_as_far_as_it_goes_and_anew_when_it_has_grown(reader, tmp_path):
    video = saved_video(tmp_path / "growing.mkv", [1] * 60)
    content = video.read_bytes()
    video.write_bytes(content[: 2 * len(content) // 3])
    (first,), _ = read([video], tmp_path / "out", reader)
    assert 0 < first.frames < 60
    assert first.damage
    video.write_bytes(content)
    (second,), rows = read([video], tmp_path / "out", reader)
    assert (second.frames, list(second.damage)) == (60, [])
    assert rows["frame"].to_list() == list(range(60))


def test_8k(reader, tmp_path):
    video = saved_video(tmp_path / "8k.mkv", [1] * 2, size=(4320, 7680))
    (told,), rows = read([video], tmp_path / "out", reader)
    assert (told.frames, told.with_face, told.error) == (2, 2, None)
    assert rows.select("frame_width", "frame_height").row(0) == (7680, 4320)


@pytest.mark.parametrize("rate", [1, 240])
def test_slow_and_fast_videos(reader, tmp_path, rate):
    times = [number / rate for number in range(12)]
    video = saved_video(tmp_path / "clip.mkv", [1] * 12, times=times)
    _, rows = read([video], tmp_path / "out", reader)
    assert rows["time"].to_list() == pytest.approx(times, abs=1e-3)
    summary = pl.read_csv(tmp_path / "out" / "summary.csv")
    assert summary["frames"].sum() == 12


def test_a_face_for_three_frames_has_three_rows_and_no_line_of_its_own_on_the_page(reader, tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [0] * 20 + [1] * 3 + [0] * 20)
    (told,), rows = read([video], tmp_path / "out", reader)
    assert told.with_face == 3
    assert rows.filter(status="ok")["frame"].to_list() == [20, 21, 22]
    assert "No face was seen for long enough" in write_study_report(tmp_path / "out").read_text()


def test_twenty_faces(reader, tmp_path):
    video = saved_video(tmp_path / "crowd.mkv", [20] * 3, size=(800, 800))
    _, rows = read([video], tmp_path / "out", reader)
    assert rows.group_by("frame").len()["len"].to_list() == [20] * 3
    assert rows["track"].n_unique() == 20


def test_black_and_empty_pictures_have_no_face(weights, tmp_path):
    reader = Reader(weights)  # with the real finder
    black = coded(tmp_path / "black.mp4", [np.zeros((120, 160, 3), np.uint8)] * 30)
    videos = [black, noise_video(tmp_path / "noise.mkv", 10)]
    told, rows = read(videos, tmp_path / "out", reader)
    assert [(video.frames, video.with_face) for video in told] == [(30, 0), (10, 0)]
    assert set(rows["status"]) == {"no_face"}


@pytest.mark.parametrize(
    "name",
    [
        "with space.mkv",
        "a\"quote's.mkv",
        "new\nline.mkv",
        "<b>&amp;<script>.mkv",
        os.fsdecode(b"\xff\xe9.mkv"),
    ],
)
def test_strange_names_are_only_names(reader, tmp_path, name):
    video = saved_video(tmp_path / "clip.mkv", [1] * 30).rename(tmp_path / name)
    (told,), rows = read([video], tmp_path / "out", reader)
    assert (told.error, told.path) == (None, str(video))
    assert outcome_of(tmp_path / "out" / "readings" / told.table) == told
    assert video_file(open_study(tmp_path / "out"), 0) == video
    assert rows["file"].unique().to_list() == [told.file]
    page = write_study_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "No faces are shown" not in page
    assert "data:image/" in page
    assert "<script>.mkv" not in page
    assert "<b>&amp;<" not in page


def test_readings_of_an_older_layout_are_left_alone(weights, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "study.json").write_text('{"reader": {"facsight": "0.0.9"}, "videos": []}')
    (out / "readings.parquet").write_bytes(b"older")
    video = saved_video(tmp_path / "clip.mkv", [1] * 3)
    (told,), _ = read([video], out, Reader(weights, finder=PlantedFinder()))
    assert told.frames == 3
    assert (out / "readings.parquet").read_bytes() == b"older"
