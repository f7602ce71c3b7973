"""Sound beside the pictures, and instead of them."""

import pytest

from facsight.core.errors import BadMedia
from facsight.media.video import open_video
from written_video import GREYS, renamed_sound, saved, saved_sound, shown


def test_sound_is_told(tmp_path):
    video = open_video(saved(tmp_path / "video.mkv", GREYS, sound="pcm_s16le"))
    (track,) = video.audio
    assert (track.index, track.codec, track.rate, track.channels) == (1, "pcm_s16le", 8000, 1)
    assert track.duration == pytest.approx(1, abs=0.01)
    assert [shown(frame) for frame in video.frames()] == list(range(30))
    assert video.damage == []


def test_sound_of_an_unknown_kind_costs_no_frame(tmp_path):
    path = renamed_sound(saved(tmp_path / "video.mp4", GREYS, kind="mp4", sound="aac"))
    video = open_video(path)
    (track,) = video.audio
    assert (track.index, track.codec, track.rate, track.channels) == (1, None, None, None)
    assert track.duration == pytest.approx(1, abs=0.01)
    assert [shown(frame) for frame in video.frames()] == list(range(30))
    with pytest.raises(BadMedia, match=r"sound only \(of an unknown kind\)"):
        open_video(renamed_sound(saved_sound(tmp_path / "sound.mp4")))


def test_sound_is_no_video(tmp_path):
    with pytest.raises(BadMedia, match=r"sound only \(aac\), expected a video"):
        open_video(saved_sound(tmp_path / "sound.mp4"))
    with pytest.raises(BadMedia, match=r"sound only \(aac\) and a cover picture"):
        open_video(saved_sound(tmp_path / "covered.mp4", cover=True))
