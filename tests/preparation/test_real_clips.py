"""Clips of real people, by the finder and the reader that ship: face and voice on one clock."""

import numpy as np
import polars as pl
import pytest

from facsight.data.recordings import read_cards, read_stream, stream_file
from facsight.hub import bundled_weights
from facsight.media.video import open_video
from facsight.preparation import face_features
from facsight.preparation.run import prepare

FEATURES = ("face:facsight", "face:crop", "audio:logmel", "audio:prosody")
#: A file of each corpus, and what share of its frames shows the main face at least.
CLIPS = {"video_av/grid_bbaf2n.mpg": 0.95, "video_av/mexca_test_video_audio_5_seconds.mp4": 0.5}


@pytest.mark.parametrize("clip", CLIPS)
def test_face_and_voice_of_a_clip(shared_data, tmp_path, monkeypatch, clip):
    monkeypatch.setattr(face_features, "bundled_weights", bundled_weights)
    path = shared_data / "samples" / clip
    done = prepare(path, tmp_path, features=FEATURES, rate=10.0)
    assert (done.samples, done.failed, done.without) == (1, (), ())
    found = {name: read_stream(stream_file(tmp_path, path.name, name))[0] for name in FEATURES}
    assert set(read_cards(tmp_path)) == set(FEATURES)
    face = found["face:facsight"]
    known = np.isfinite(face.values).all(axis=1)
    assert known.mean() >= CLIPS[clip]
    np.testing.assert_allclose(face.values[known][:, -8:].sum(axis=1), 1, atol=1e-4)
    np.testing.assert_array_equal(found["face:crop"].time, face.time[known])
    video = open_video(path)
    assert video.duration is not None
    (track,) = video.audio
    assert np.diff(face.time) == pytest.approx(0.1, abs=0.021)  # at most 10 of 25 frames a second
    for name, window in (("audio:logmel", 0.025), ("audio:prosody", 0.04)):
        voice = found[name]
        assert voice.time[0] == pytest.approx((track.start or 0.0) + window / 2, abs=1e-3)
        assert voice.time[-1] == pytest.approx(video.duration, abs=0.1)
        np.testing.assert_allclose(np.diff(voice.time), 0.01)
        assert np.isfinite(voice.values).all()
    voiced = found["audio:prosody"].values[:, 2]
    assert 0.1 < voiced.mean() < 0.9  # somebody speaks, with pauses
    pitch = 55 * 2 ** found["audio:prosody"].values[voiced == 1, 1]
    assert 75 < np.median(pitch) < 350
    assert pl.read_parquet(tmp_path / "manifest.parquet")["sample"].to_list() == [path.name]


def test_a_sound_that_begins_late_begins_late(shared_data, tmp_path):
    """The container of this film says that its sound begins 2.43 s after its pictures."""
    path = shared_data / "samples" / "video" / "pyfeat_face_noface.mov"
    prepare(path, tmp_path, features=["audio:logmel"])
    stream, _ = read_stream(stream_file(tmp_path, path.name, "audio:logmel"))
    (track,) = open_video(path).audio
    assert track.start == pytest.approx(2.43, abs=0.01)
    assert stream.time[0] == pytest.approx(track.start + 0.0125, abs=1e-3)
