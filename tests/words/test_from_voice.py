"""Cues of voices from tones whose loudness, pitch and pauses are known."""

import numpy as np
import pytest

from facsight.media.samples import Sound
from facsight.words.from_voice import RATE, measure_voice, voice_cues
from written_sound import tone


def sound(*parts, start=0.0):
    return Sound(np.concatenate(parts), RATE, start)


def a_tone(seconds, frequency, amplitude):
    return tone(seconds, rate=RATE, frequency=frequency, amplitude=amplitude)[0]


SILENCE = np.zeros(RATE // 2, np.float32)


def test_louder_higher_and_a_pause_by_hand():
    low, high = a_tone(3.0, 150.0, 0.1), a_tone(1.0, 300.0, 0.2)
    voice = measure_voice(sound(low, SILENCE, high, start=2.0))
    assert voice is not None
    (usual,) = voice_cues(voice, 2.0, 4.9)
    assert usual.kind == "voice"
    assert usual.values["loudness"] == pytest.approx(0.0, abs=0.2)
    assert usual.values["pitch"] == pytest.approx(0.0, abs=0.1)
    assert usual.values["voiced"] == 1.0
    (told,) = voice_cues(voice, 5.1, 6.5)
    # twice the amplitude is 6.02 dB, twice the frequency an octave; 0.4 s of silence
    assert told.values["loudness"] == pytest.approx(20 * np.log10(2), abs=0.3)
    assert told.values["pitch"] == pytest.approx(12.0, abs=0.2)
    assert told.values["hertz"] == pytest.approx(300.0, rel=0.02)
    assert told.values["pause"] == pytest.approx(0.4, abs=0.06)
    assert told.values["onsets"] == pytest.approx(1 / 1.4, rel=0.05)
    assert told.values["usual_onsets"] == pytest.approx(2 / 4.5, rel=0.05)


def test_long_sounds_are_measured_in_pieces_that_fit_together():
    whole = a_tone(61.0, 200.0, 0.2)
    voice = measure_voice(sound(whole))
    assert voice is not None
    assert voice.time == pytest.approx(0.02 + 0.01 * np.arange(len(voice.time)), abs=1e-6)
    assert len(voice.time) == (len(whole) - 640) // 160 + 1
    assert voice.heard.all()


def test_silence_and_what_is_too_short():
    assert measure_voice(sound(SILENCE)) is None
    assert measure_voice(Sound(np.zeros(10, np.float32), RATE, 0.0)) is None
    voice = measure_voice(sound(a_tone(1.0, 200.0, 0.2), SILENCE, SILENCE))
    assert voice is not None
    assert [cue.kind for cue in voice_cues(voice, 1.1, 1.9)] == ["silence"]
    assert voice_cues(voice, 5.0, 6.0) == []
