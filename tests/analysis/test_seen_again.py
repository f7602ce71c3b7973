"""Frames of a video that was read before are found again, by their numbers and times."""

import numpy as np
import polars as pl
import pytest

from facsight.analysis import seen_again
from facsight.analysis.seen_again import frames_again
from facsight.core.errors import BadMedia
from facsight.media.video import open_video
from planted import photo_with
from planted_video import saved_video
from written_video import moving, saved, spoil

SIZE = (200, 320)
FACES = [1, 2] * 20


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return saved_video(tmp_path_factory.mktemp("again") / "a.mkv", FACES)


def frames_of(numbers):
    return pl.DataFrame({"frame": list(numbers), "time": [n / 25 for n in numbers]})


@pytest.mark.parametrize("near", [0, 3, 250])
@pytest.mark.parametrize("every", [1, 3])
def test_frames_are_those_of_their_numbers_also_where_the_table_has_every_third(
    video, every, near, monkeypatch
):
    monkeypatch.setattr(seen_again, "_NEAR", near)
    wanted = [0, 9, 12, 39]
    found = dict(frames_again(video, frames_of(range(0, 40, every)), [*wanted, 9]))
    assert list(found) == wanted
    for number, pixels in found.items():
        np.testing.assert_array_equal(pixels, photo_with(FACES[number], size=SIZE))


def test_a_frame_at_another_time_is_not_it(video):
    frames = frames_of(range(40)).with_columns(pl.when(frame=7).then(0.283).otherwise("time").alias("time"))
    assert [number for number, _ in frames_again(video, frames, [6, 7, 8])] == [6, 8]


def test_a_damaged_video_gives_what_it_gave_before(tmp_path):
    video = saved(tmp_path / "a.mkv", [moving(n) for n in range(30)], gop=5)
    spoil(video, 12)
    with open_video(video) as opened:
        before = {frame.at: frame.pixels for frame in opened.frames()}
    frames = pl.DataFrame({"frame": [at.number for at in before], "time": [at.time for at in before]})
    after = dict(frames_again(video, frames, frames["frame"].to_list()))
    assert list(after) == frames["frame"].to_list()
    for at, pixels in before.items():
        np.testing.assert_array_equal(after[at.number], pixels)


def test_what_is_wanted_beyond_the_end_is_left_out(video):
    assert [number for number, _ in frames_again(video, frames_of(range(80)), [38, 70, 75])] == [38]


def test_a_video_that_is_gone_is_told(tmp_path):
    with pytest.raises(BadMedia):
        list(frames_again(tmp_path / "gone.mkv", frames_of(range(3)), [1]))
