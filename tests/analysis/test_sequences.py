"""Folders of numbered pictures from files to tables."""

import json

import polars as pl
import pytest
from PIL import Image

from facsight.analysis import one_video
from facsight.analysis.engines import processes
from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos, load_study
from facsight.core.errors import BadRecipe
from facsight.report.study import write_study_report
from planted import PlantedFinder, photo_with
from planted_video import saved_video

FACES = [1] * 30 + [0] * 10 + [1] * 30 + [2] * 25
SIZE = (200, 320)


def saved_pictures(folder, faces, first=1):
    folder.mkdir(parents=True)
    for number, count in enumerate(faces, first):
        Image.fromarray(photo_with(count, size=SIZE)).save(folder / f"frame_{number:04d}.png")
    return folder


@pytest.fixture
def frames(tmp_path):
    return saved_pictures(tmp_path / "frames", FACES)


def table(folder):
    return load_study(folder)[0].collect()


def test_a_sequence_reads_as_the_video_of_the_same_frames(reader, frames, tmp_path):
    video = saved_video(tmp_path / "clip.mkv", FACES)
    analyse_videos([frames], tmp_path / "a", reader, sequence=25.0, rate=10.0)
    analyse_videos([video], tmp_path / "b", reader, rate=10.0)
    one, other = (table(tmp_path / name).drop("file", "time") for name in "ab")
    assert one.equals(other)
    assert table(tmp_path / "a")["time"].to_list() == pytest.approx(
        table(tmp_path / "b")["time"].to_list(), abs=1e-3
    )
    for name in ("summary.csv", "events.csv"):
        tables = [pl.read_csv(tmp_path / folder / name).drop("file") for folder in "ab"]
        assert tables[0].columns == tables[1].columns
        assert len(tables[0]) == len(tables[1])


def test_what_came_of_it_is_told(reader, frames, tmp_path):
    (frames / "frame_0005.png").unlink()
    (frames / "frame_0020.png").write_bytes(b"")
    (frames / "notes.txt").touch()
    (told,) = analyse_videos([frames], tmp_path / "out", reader, sequence=25.0).videos
    assert (told.frames, told.announced, told.error, told.audio) == (93, 94, None, [])
    assert told.duration == pytest.approx(95 / 25)
    assert [note.split(":")[0] for note in told.notes] == [
        "no picture for 1 of 95 numbers",
        "not numbered pictures, and left out",
    ]
    (damage,) = told.damage
    assert damage.startswith("after 0.720 s: 'frame_0020.png' is empty")
    found = table(tmp_path / "out")
    left = [n for n in range(95) if n not in (4, 19)]
    assert found["frame"].unique(maintain_order=True).to_list() == left
    assert found["time"].unique(maintain_order=True).to_list() == pytest.approx([n / 25 for n in left])
    about = json.loads((tmp_path / "out" / "study.json").read_text())
    assert about["sequence"] == 25.0


def test_an_interrupted_sequence_goes_on_to_the_same_table(weights, frames, tmp_path, monkeypatch):
    monkeypatch.setattr(one_video, "BATCHES_A_PART", 2)
    (frames / "frame_0050.png").write_bytes(b"")
    whole = Reader(weights, finder=PlantedFinder())
    first = analyse_videos([frames], tmp_path / "whole", whole, sequence=25.0)
    stopped = Reader(weights, finder=PlantedFinder(interrupted_after=70))
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([frames], tmp_path / "broken", stopped, sequence=25.0)
    again = PlantedFinder()
    second = analyse_videos([frames], tmp_path / "broken", Reader(weights, finder=again), sequence=25.0)
    assert again.asked == 94 - 64
    assert table(tmp_path / "broken").equals(table(tmp_path / "whole"))
    assert second.videos == first.videos


@pytest.mark.parametrize("change", ["more", "less", "other", "nothing", "notes"])
def test_a_sequence_has_changed_when_its_pictures_have(weights, tmp_path, change):
    frames = saved_pictures(tmp_path / "frames", [1] * 6)
    finder = PlantedFinder()
    reader = Reader(weights, finder=finder)
    analyse_videos([frames], frames / "out", reader, sequence=25.0)
    asked = finder.asked
    if change == "more":
        Image.fromarray(photo_with(1, size=SIZE)).save(frames / "frame_0007.png")
    elif change == "less":
        (frames / "frame_0003.png").unlink()
    elif change == "other":
        Image.fromarray(photo_with(2, size=SIZE)).save(frames / "frame_0003.png")
    elif change == "notes":
        (frames / "notes.txt").touch()
    analyse_videos([frames], frames / "out", reader, sequence=25.0)
    expected = {"more": 7, "less": 5, "other": 6, "nothing": 0, "notes": 0}
    assert finder.asked - asked == expected[change]


def test_another_rate_is_another_reading(weights, tmp_path):
    frames = saved_pictures(tmp_path / "frames", [1] * 6)
    reader = Reader(weights, finder=PlantedFinder())
    for rate in (25.0, 50.0):
        analyse_videos([frames], tmp_path / "out", reader, sequence=rate)
    assert table(tmp_path / "out")["time"].to_list() == pytest.approx([n / 50 for n in range(6)])


def test_one_bad_folder_never_ends_a_batch(reader, tmp_path):
    good = saved_pictures(tmp_path / "good", [1] * 4)
    twice = saved_pictures(tmp_path / "twice", [1] * 4)
    (twice / "mask_0001.png").write_bytes(b"")
    video = saved_video(tmp_path / "clip.mkv", [1] * 3)
    outcome = analyse_videos([twice, good, video], tmp_path / "out", reader, sequence=10.0)
    assert [told.frames for told in outcome.videos] == [0, 4, 3]
    (failed,) = outcome.failed
    assert "2 sequences ('frame_', 'mask_')" in failed.error


def test_a_folder_is_no_video_without_a_rate(reader, tmp_path):
    frames = saved_pictures(tmp_path / "frames", [1] * 2)
    (told,) = analyse_videos([frames], tmp_path / "out", reader).failed
    assert "is a folder" in told.error
    for wrong in (0.0, float("nan")):
        with pytest.raises(BadRecipe, match="sequence above 0"):
            analyse_videos([frames], tmp_path / "other", reader, sequence=wrong)


def test_streaming(reader, frames):
    found = [frame.at.time for frame in reader.read_video(frames, sequence=5.0, every=10)]
    assert found == pytest.approx([2.0 * n for n in range(10)])


def test_the_page_shows_faces_of_a_sequence(reader, frames, tmp_path):
    analyse_videos([frames], tmp_path / "out", reader, sequence=25.0)
    page = write_study_report(tmp_path / "out").read_text(encoding="utf-8")
    assert page.count("data:image/") > 0
    assert "No faces are shown" not in page


@pytest.mark.slow
def test_workers_read_sequences(weights, frames, tmp_path):
    more = saved_pictures(tmp_path / "more", [1] * 5)
    reader = Reader(weights)  # with a finder that other processes can build
    told = analyse_videos([frames, more], tmp_path / "out", reader, sequence=25.0, engine=processes(2)).videos
    assert [(video.frames, video.error) for video in told] == [(95, None), (5, None)]
