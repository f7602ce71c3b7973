"""Videos to a folder of readings."""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from facsight.analysis import one_video
from facsight.analysis.frames import FRAMES_AT_ONCE
from facsight.analysis.one_video import outcome_of
from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos, load_study
from facsight.core.errors import BadOutput, BadRecipe, MissingData
from facsight.media.track import INTERLACED
from planted import PlantedFinder
from planted_video import noise_video, saved_video
from written_video import saved, saved_fields

#: One face, none for a while, one again, then two.
FACES = [1] * 30 + [0] * 10 + [1] * 30 + [2] * 25


@pytest.fixture
def video(tmp_path):
    return saved_video(tmp_path / "clip.mkv", FACES)


@pytest.fixture
def short_parts(monkeypatch):
    """A part every 32 frames."""
    monkeypatch.setattr(one_video, "BATCHES_A_PART", 2)


def table(folder):
    return load_study(folder)[0].collect()


def test_every_frame_has_a_row_for_each_face_or_one_without(reader, video, tmp_path):
    outcome = analyse_videos([video], tmp_path / "out", reader)
    found = table(tmp_path / "out")
    counts = found.group_by("frame", maintain_order=True).agg(faces=(pl.col("status") == "ok").sum())
    assert counts["frame"].to_list() == list(range(len(FACES)))
    assert counts["faces"].to_list() == FACES
    assert found.filter(pl.col("status") == "no_face")["track"].null_count() == 10
    (told,) = outcome.videos
    assert (told.frames, told.with_face, told.error, told.damage) == (len(FACES), len(FACES) - 10, None, [])


def test_times_are_the_containers_not_the_number_over_a_rate(reader, tmp_path):
    times = np.cumsum([0.0, *np.random.default_rng(1).uniform(0.01, 0.2, 39)]).round(3)
    video = saved_video(tmp_path / "varying.mkv", [1] * 40, times=times)
    analyse_videos([video], tmp_path / "out", reader)
    assert table(tmp_path / "out")["time"].to_list() == pytest.approx(times.tolist(), abs=1e-3)


def test_a_person_keeps_the_number_over_a_gap(reader, video, tmp_path):
    analyse_videos([video], tmp_path / "out", reader)
    found = table(tmp_path / "out")
    first = found.filter(pl.col("face") == 1, pl.col("frame") < 70)
    assert first["track"].unique().to_list() == [1]
    assert found.filter(pl.col("frame") >= 70)["track"].n_unique() == 2


@pytest.mark.parametrize("after", [5, 40, 70, 94])
def test_an_interrupted_run_ends_with_the_same_table(weights, video, tmp_path, after, short_parts):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    analyse_videos([video], whole, Reader(weights, finder=PlantedFinder()))
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([video], broken, Reader(weights, finder=PlantedFinder(interrupted_after=after)))
    assert not (broken / "readings").exists()
    again, resumed = PlantedFinder(), []
    analyse_videos(
        [video], broken, Reader(weights, finder=again), on_progress=lambda told: resumed.append(told.before)
    )
    kept = after // (2 * FRAMES_AT_ONCE) * 2 * FRAMES_AT_ONCE
    assert set(resumed) == {kept}
    assert again.asked == len(FACES) - kept
    assert table(broken).equals(table(whole))
    for name in ("readings.csv", "summary.csv"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_a_kill_between_the_two_files_of_a_part_costs_that_part_only(weights, video, tmp_path, short_parts):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    analyse_videos([video], whole, Reader(weights, finder=PlantedFinder()))
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([video], broken, Reader(weights, finder=PlantedFinder(interrupted_after=70)))
    (last,) = (broken / "parts").glob("*/00000001.parquet")
    last.unlink()
    analyse_videos([video], broken, Reader(weights, finder=PlantedFinder()))
    assert table(broken).equals(table(whole))


def test_a_disk_that_fills_up_loses_nothing_that_was_read(reader, video, tmp_path, short_parts, full_disk):
    with pytest.raises(BadOutput, match="make room"):
        analyse_videos([video], tmp_path / "out", reader)
    full_disk()
    resumed = []
    analyse_videos([video], tmp_path / "out", reader, on_progress=lambda told: resumed.append(told.before))
    assert resumed[0] > 0
    assert table(tmp_path / "out")["frame"].n_unique() == len(FACES)


def test_damage_is_told_once_also_where_the_run_was_stopped(weights, tmp_path, short_parts):
    video = saved_video(tmp_path / "clip.mkv", [1] * 95)
    content = bytearray(video.read_bytes())
    middle = 2 * len(content) // 3
    content[middle : middle + 3000] = b"\x5a" * 3000
    video.write_bytes(content)
    whole = analyse_videos([video], tmp_path / "whole", Reader(weights, finder=PlantedFinder()))
    stopped = Reader(weights, finder=PlantedFinder(interrupted_after=85))
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([video], tmp_path / "broken", stopped)
    broken = analyse_videos([video], tmp_path / "broken", Reader(weights, finder=PlantedFinder()))
    assert whole.videos[0].damage
    places = [told.split(":")[0] for told in broken.videos[0].damage]
    assert len(set(places)) == len(places)
    assert broken.videos == whole.videos


#: Reads a video as the package does, and says when each batch is done.
PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from facsight.analysis import one_video, study
from facsight.analysis.reader import Reader
from planted import PlantedFinder
one_video.BATCHES_A_PART = 2
reader = Reader({weights!r}, finder=PlantedFinder())
study.analyse_videos(
    [Path({video!r})], Path({out!r}), reader, on_progress=lambda told: print("batch", flush=True)
)
print("finished", flush=True)
"""


@pytest.mark.slow
def test_kill_9_at_any_moment_ends_with_the_same_table(weights, tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1, 0, 2, 1] * 100)
    whole, out = tmp_path / "whole", tmp_path / "out"
    analyse_videos([video], whole, Reader(weights, finder=PlantedFinder()))
    program = PROGRAM.format(
        tests=str(Path(__file__).parents[1]), weights=str(weights), video=str(video), out=str(out)
    )
    moments, kills, told = np.random.default_rng(0), 0, ""
    while "finished" not in told:
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(int(moments.integers(1, 4))):
                told = process.stdout.readline()
            if kills < 20 and "finished" not in told:
                time.sleep(moments.uniform(0, 0.05))
                process.send_signal(signal.SIGKILL)
                kills += 1
            else:
                told = process.stdout.read()
    assert kills >= 5
    assert table(out).equals(table(whole))
    assert (out / "readings.csv").read_bytes() == (whole / "readings.csv").read_bytes()


def test_one_bad_file_never_ends_a_batch(reader, video, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("not a video")
    gone = tmp_path / "gone.mp4"
    outcome = analyse_videos([bad, gone, video], tmp_path / "out", reader)
    assert [told.file for told in outcome.failed] == [str(bad), str(gone)]
    failed = table(tmp_path / "out").filter(pl.col("status") == "failed")
    assert failed["file"].to_list() == [str(bad), str(gone)]
    assert failed["reason"].null_count() == 0
    assert outcome.videos[2].frames == len(FACES)


def test_a_reader_that_breaks_in_the_middle_keeps_what_it_read(weights, video, tmp_path):
    outcome = analyse_videos([video], tmp_path / "out", Reader(weights, finder=Breaking()))
    (told,) = outcome.failed
    assert told.error == "RuntimeError: out of order"
    assert told.frames == table(tmp_path / "out")["frame"].n_unique() == 50 // FRAMES_AT_ONCE * FRAMES_AT_ONCE


def test_no_face_at_all(reader, tmp_path):
    outcome = analyse_videos([noise_video(tmp_path / "n.mkv", 20)], tmp_path / "out", reader)
    assert (outcome.videos[0].frames, outcome.videos[0].with_face) == (20, 0)
    assert table(tmp_path / "out")["status"].unique().to_list() == ["no_face"]
    assert pl.read_csv(tmp_path / "out" / "summary.csv").is_empty()


def test_frames_are_chosen(reader, video, tmp_path):
    analyse_videos([video], tmp_path / "a", reader, every=10)
    assert table(tmp_path / "a")["frame"].unique(maintain_order=True).to_list() == list(range(0, 95, 10))
    analyse_videos([video], tmp_path / "b", reader, rate=5.0)
    assert table(tmp_path / "b")["time"].unique(maintain_order=True).to_list() == pytest.approx(
        [number * 0.2 for number in range(19)], abs=1e-3
    )


@pytest.mark.parametrize(
    "wrong", [{"every": 0}, {"rate": 0.0}, {"rate": float("nan")}, {"every": 2, "rate": 3.0}]
)
def test_a_choice_of_frames_that_makes_no_sense_is_refused_before_anything_is_written(
    reader, video, tmp_path, wrong
):
    with pytest.raises(BadRecipe, match="expected every"):
        analyse_videos([video], tmp_path / "out", reader, **wrong)
    assert not (tmp_path / "out").exists()


def test_two_videos_of_the_same_name_are_two(reader, tmp_path):
    for day in ("one", "two"):
        (tmp_path / day).mkdir()
    videos = [
        saved_video(tmp_path / "one" / "c.mkv", [1] * 3),
        saved_video(tmp_path / "two" / "c.mkv", [1] * 5),
    ]
    analyse_videos(videos, tmp_path / "out", reader)
    counts = dict(table(tmp_path / "out").group_by("file").len().iter_rows())
    assert counts == {str(videos[0]): 3, str(videos[1]): 5}


def test_the_summary_counts_frames_by_person(reader, video, tmp_path):
    analyse_videos([video], tmp_path / "out", reader)
    with (tmp_path / "out" / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["track"], row["frames"]) for row in rows] == [("1", "85"), ("2", "25")]
    found = table(tmp_path / "out")
    for row in rows:
        own = found.filter(pl.col("track") == int(row["track"]))
        shares = [float(value) for name, value in row.items() if name.startswith("share_")]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert float(row["share_happiness"]) == pytest.approx((own["label"] == "happiness").mean(), abs=1e-6)
        assert float(row["mean_anger"]) == pytest.approx(own["expression_anger"].mean(), abs=1e-6)
        assert (float(row["first_time"]), float(row["last_time"])) == (own["time"].min(), own["time"].max())


def test_points_are_in_the_table_when_asked_for(reader, video, tmp_path):
    analyse_videos([video], tmp_path / "out", reader, landmarks=True, every=30)
    found = pl.read_csv(tmp_path / "out" / "readings.csv")
    columns = {
        c["name"] for c in json.loads((tmp_path / "out" / "readings.columns.json").read_text())["columns"]
    }
    assert columns == set(found.columns)
    assert {"x_0", "y_67"} <= columns
    seen = found.filter(pl.col("status") == "ok")
    flat = table(tmp_path / "out").filter(pl.col("status") == "ok")["landmarks"].list.get(2 * 30)
    assert seen["x_30"].to_list() == pytest.approx(flat.to_list(), abs=1e-4)


def test_streaming_gives_what_the_table_holds(reader, video, tmp_path):
    analyse_videos([video], tmp_path / "out", reader)
    streamed = [
        (frame.at.number, reading.label) for frame in reader.read_video(video) for reading in frame.readings
    ]
    kept = table(tmp_path / "out").filter(pl.col("status") == "ok")
    assert streamed == list(kept.select("frame", "label").iter_rows())


def test_a_folder_that_is_not_finished(reader, video, tmp_path):
    with pytest.raises(MissingData, match="is none"):
        load_study(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        analyse_videos(
            [video], tmp_path / "out", Reader(reader.weights, finder=PlantedFinder(interrupted_after=3))
        )
    with pytest.raises(MissingData, match="not finished"):
        load_study(tmp_path / "out")


def test_each_video_has_a_file_that_says_what_came_of_it(reader, video, tmp_path):
    odd = saved_video(tmp_path / 'a "quoted"\n<b>name.mkv', [1, 0])
    outcome = analyse_videos([video, odd], tmp_path / "out", reader)
    files = sorted((tmp_path / "out" / "readings").iterdir())
    assert sorted(told.table for told in outcome.videos) == [file.name for file in files]
    assert [pl.read_parquet(file)["frame"].n_unique() for file in files] == [2, len(FACES)]
    assert files[0].name.startswith("a_quoted_b_name-")
    assert outcome_of(files[1]) == outcome.videos[0]


def test_what_was_read_is_not_read_again(weights, video, tmp_path):
    more = saved_video(tmp_path / "more.mkv", [1] * 5)
    finder = PlantedFinder()
    analyse_videos([video], tmp_path / "out", Reader(weights, finder=finder))
    asked = finder.asked
    analyse_videos([video, more], tmp_path / "out", Reader(weights, finder=finder))
    assert finder.asked == asked + 5
    assert table(tmp_path / "out")["file"].n_unique() == 2


class Breaking(PlantedFinder):
    """Fails at the fiftieth frame."""

    def find(self, image):
        if self.asked == 50:
            raise RuntimeError("out of order")
        return super().find(image)


def test_a_video_that_failed_is_tried_again(weights, video, tmp_path):
    analyse_videos([video], tmp_path / "out", Reader(weights, finder=Breaking()))
    again = analyse_videos([video], tmp_path / "out", Reader(weights, finder=PlantedFinder()))
    assert again.failed == ()
    assert table(tmp_path / "out")["frame"].n_unique() == len(FACES)


def test_tables_of_other_settings_are_set_aside_not_mixed_and_not_lost(reader, video, tmp_path):
    out = tmp_path / "out"
    (first,) = analyse_videos([video], out, reader).videos
    (second,) = analyse_videos([video], out, reader, every=10).videos
    assert [file.name for file in (out / "readings").iterdir()] == [second.table]
    assert [file.name for file in (out / "earlier").iterdir()] == [first.table]


def test_a_folder_of_an_older_version_is_refused(reader, video, tmp_path):
    out = tmp_path / "out"
    analyse_videos([video], out, reader, every=30)
    about = json.loads((out / "study.json").read_text())
    (out / "study.json").write_text(json.dumps(about | {"layout": 1}))
    with pytest.raises(MissingData, match="another version"):
        load_study(out)


def test_a_lost_table_is_named(reader, video, tmp_path):
    (told,) = analyse_videos([video], tmp_path / "out", reader, every=30).videos
    (tmp_path / "out" / "readings" / told.table).unlink()
    with pytest.raises(MissingData, match=told.table):
        load_study(tmp_path / "out")


def test_an_output_folder_that_vanishes_is_told(weights, video, tmp_path, short_parts):
    class Vanishing(PlantedFinder):
        def find(self, image):
            if self.asked == 60:
                shutil.rmtree(tmp_path / "out")
            return super().find(image)

    with pytest.raises(BadOutput, match="its folder is gone"):
        analyse_videos([video], tmp_path / "out", Reader(weights, finder=Vanishing()))
    assert not (tmp_path / "out").exists()


def test_the_attention_is_kept_in_steps_of_its_range(reader, video, tmp_path):
    analyse_videos([video], tmp_path / "out", reader, every=30)
    kept = table(tmp_path / "out").filter(pl.col("status") == "ok")
    read = [reading for frame in reader.read_video(video, every=30) for reading in frame.readings]
    for row, reading in zip(kept["attention"], read, strict=True):
        attention = reading.evidence.attention
        expected = (attention - attention.min()) / (attention.max() - attention.min())
        np.testing.assert_allclose(np.array(row) / 255, expected.ravel(), atol=0.5 / 255 + 1e-6)


def test_steady_landmarks_are_told_and_go_on_after_a_stop(weights, video, tmp_path, short_parts):
    finders = [PlantedFinder(), PlantedFinder(interrupted_after=70), PlantedFinder()]
    whole, stopped, again = (Reader(weights, finder=finder) for finder in finders)
    analyse_videos([video], tmp_path / "whole", whole, steady=True)
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([video], tmp_path / "broken", stopped, steady=True)
    analyse_videos([video], tmp_path / "broken", again, steady=True)
    assert table(tmp_path / "broken").equals(table(tmp_path / "whole"))
    assert load_study(tmp_path / "whole")[1]["steady"] is True


def test_tracks_of_sound_are_told_with_the_readings(reader, tmp_path):
    silent = saved_video(tmp_path / "silent.mkv", [1] * 3)
    loud = saved(tmp_path / "loud.mkv", [np.zeros((48, 64, 3), np.uint8)] * 5, sound="pcm_s16le")
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    outcome = analyse_videos([silent, loud, bad], tmp_path / "out", reader)
    (track,) = outcome.videos[1].audio
    assert (track.index, track.codec, track.rate, track.channels) == (1, "pcm_s16le", 8000, 1)
    assert (track.start, track.duration) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=0.01))
    assert [video.audio for video in outcome.videos] == [[], [track], None]
    kept = [outcome_of(tmp_path / "out" / "readings" / video.table) for video in outcome.videos]
    assert tuple(kept) == outcome.videos
    about = json.loads((tmp_path / "out" / "study.json").read_text())
    assert [video["audio"] for video in about["videos"]] == [[], [asdict(track)], None]


def test_how_a_video_is_shown_is_noted_also_after_a_stop(weights, tmp_path, short_parts):
    black = [np.zeros((48, 64, 3), np.uint8)] * 80
    video = saved_fields(tmp_path / "fields.mkv", black)
    whole = analyse_videos([video], tmp_path / "whole", Reader(weights, finder=PlantedFinder()))
    assert whole.videos[0].notes == [INTERLACED]
    stopped = Reader(weights, finder=PlantedFinder(interrupted_after=70))
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([video], tmp_path / "broken", stopped)
    (state,) = (tmp_path / "broken" / "parts").glob("*/00000001.json")
    assert json.loads(state.read_text())["notes"] == [INTERLACED]
    broken = analyse_videos([video], tmp_path / "broken", Reader(weights, finder=PlantedFinder()))
    assert broken.videos == whole.videos
    about = json.loads((tmp_path / "broken" / "study.json").read_text())
    assert about["videos"][0]["notes"] == [INTERLACED]
