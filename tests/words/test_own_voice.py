"""A voice against what is usual of its speaker: by hand, and only the speaker counts."""

import numpy as np
import pytest

from facsight.words.from_voice import own_voice_cues, usual_voice


def voice(loudness, pitch, voiced="1" * 50):
    """Prosody of frames 10 ms apart: these are voiced where the string has 1, else far below."""
    there = np.array([mark == "1" for mark in voiced])
    rows = np.zeros((len(there), 5))
    rows[:, 0], rows[:, 1], rows[:, 2] = np.where(there, loudness, -90.0), np.where(there, pitch, 0), there
    return (np.arange(len(there)) + 0.5) / 100, rows


def test_the_usual_is_the_median_over_recordings_and_of_their_rhythms():
    quiet, loud = voice(-40, 1.0)[1], voice(-30, 1.5, "1" * 60 + "0" * 20 + "1" * 20)[1]
    usual = usual_voice([quiet, loud])
    # 50 frames at -40 dB, 80 at -30 dB
    assert (usual.loudness, usual.pitch) == (-30.0, 1.5)
    assert usual.spoken == pytest.approx((0.5 + 1.0) / 2)
    assert usual.voiced == pytest.approx((1.0 + 0.8) / 2)
    assert usual.onsets == pytest.approx((1 / 0.5 + 2 / 1.0) / 2)
    assert usual.pause == pytest.approx((0.0 + 0.2) / 2)


def test_a_stretch_against_the_usual_by_hand():
    usual = usual_voice([voice(-40, 1.0)[1]])
    time, rows = voice(-34, 1.25, "0" * 30 + "1" * 20 + "0" * 10 + "1" * 20 + "0" * 40)
    (cue,) = own_voice_cues(time, rows, usual, 0.0, 2.0)
    assert cue.kind == "own_voice"
    assert cue.values["loudness"] == pytest.approx(6.0)
    assert cue.values["pitch"] == pytest.approx(3.0)  # a quarter of an octave
    # silence before the first sound and after the last is no pause, and not of the voice's time
    assert cue.values["spoken"] == pytest.approx(0.5)
    assert cue.values["voiced"] == pytest.approx(0.8)
    assert cue.values["onsets"] == pytest.approx(4.0)
    assert cue.values["pause"] == pytest.approx(0.1)
    assert cue.values["usual_pause"] == 0.0


def test_nothing_is_heard_or_there_is_no_sound():
    silent = voice(-30, 1.0, "0" * 50)
    assert usual_voice([silent[1], np.zeros((0, 5))]) is None
    (cue,) = own_voice_cues(*silent, None, 0.0, 1.0)
    assert cue.kind == "silence"
    assert own_voice_cues(*voice(-30, 1.0), None, 7.0, 8.0) == []
