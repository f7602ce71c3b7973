"""A stretch of speech as numbers, against hand values, sums from the formula, and sounds that are odd."""

import math

import numpy as np
import pytest
import torch

from facsight.core.errors import BadTable
from facsight.functional.sound import log_mel, prosody
from facsight.functional.voice import COMPONENTS, COURSES, describe, distribution, modulation, parts

RATE = 16_000


def measured(samples):
    """Log-mel and prosody as arrays."""
    return log_mel(samples, RATE)[1].numpy(), prosody(samples, RATE)[1].numpy()


def tone(frequency, seconds=1.0, amplitude=0.3):
    """Samples of a tone; `frequency` in Hz may change from sample to sample."""
    frequency = torch.as_tensor(frequency, dtype=torch.float64).expand(round(seconds * RATE))
    return (amplitude * torch.sin(2 * math.pi * frequency.cumsum(0) / RATE)).float()


def frames(count, generator=None):
    """Noise in 64 bands and a voice at 110 Hz and -20 dB."""
    generator = np.random.default_rng(0) if generator is None else generator
    voice = np.tile([-20.0, 1.0, 1.0, 10.0, 0.0], (count, 1))
    return generator.normal(size=(count, 64)), voice


def test_a_distribution_by_hand():
    told = distribution(np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [99.0]]), np.arange(6) < 5)
    np.testing.assert_allclose(told[:, 0], [2, math.sqrt(2), 0.2, 1, 2, 3, 3.8, 2])


def test_a_distribution_of_nothing_is_that_of_all():
    np.testing.assert_allclose(distribution(np.array([[1.0], [3.0]]), np.zeros(2, bool))[0], [2.0])


def test_cepstra_are_sums_of_cosines():
    mel, voice = frames(30)
    bands = np.arange(64)
    slow = [
        [
            (np.sqrt(1 / 64) if k == 0 else np.sqrt(2 / 64))
            * sum(row[b] * math.cos(math.pi * k * (2 * b + 1) / 128) for b in bands)
            for k in range(20)
        ]
        for row in mel
    ]
    np.testing.assert_allclose(parts(mel, voice)["cepstra"][0], np.mean(slow, axis=0), atol=1e-9)
    np.testing.assert_allclose(parts(mel, voice)["cepstra"][1], np.std(slow, axis=0), atol=1e-9)


def test_a_change_is_in_the_band_of_its_rate():
    """A sine of 6 Hz in the first column and of 3 Hz in the second: octaves 4 to 8 and 2 to 4."""
    time = np.arange(256) / 100
    rows = np.stack([np.sin(2 * math.pi * 6 * time), np.sin(2 * math.pi * 3 * time)], axis=1)
    assert modulation(rows).argmax(axis=0).tolist() == [3, 2]


def test_modulation_is_its_formula():
    """The power of the slowest band, 0.5 to 1 Hz, from sums: bins 2 of 100 / 256 Hz."""
    values = np.random.default_rng(1).normal(size=200)
    centred = values - values.mean()
    turn = np.exp(-2j * math.pi * 2 * np.arange(200) / 256)
    wanted = math.log(abs((centred * turn).sum()) ** 2 / 200 + 1e-6)
    assert modulation(values[:, None])[0, 0] == pytest.approx(wanted)


def test_a_rising_pitch_rises():
    """From 110 to 220 Hz, one octave a second in octaves: slope 1 (of a stretch), no bend."""
    glide = tone(110 * 2 ** (torch.arange(RATE, dtype=torch.float64) / RATE))
    told = parts(*measured(glide))
    bend, slope, start = told["parabolas"][0]
    assert bend == pytest.approx(0, abs=0.05)
    assert slope == pytest.approx(
        0.96, abs=0.05
    )  # the middles of the first and last of 97 frames are apart so
    assert start == pytest.approx(1.02, abs=0.05)
    assert np.all(np.diff(told["quarters"][:, 0]) > 0.2)
    assert told["rates"][0] == 1  # voiced throughout


def test_rates_by_hand():
    """Ten frames of voice, ten without, ten of voice: two thirds voiced, two changes in 0.3 s."""
    mel, voice = frames(30)
    voice[10:20, 1:3] = 0
    told = parts(mel, voice)["rates"]
    np.testing.assert_allclose(told, [2 / 3, 1, 0.3, 2 / 0.3, 0, 0, 0])


def test_silence_before_and_after_changes_nothing():
    mel, voice = frames(30)
    quiet = np.tile([-90.0, 0.0, 0.0, -40.0, 0.0], (20, 1))
    longer = np.concatenate([np.full((20, 64), -23.0), mel, np.full((20, 64), -23.0)])
    told = describe(longer, np.concatenate([quiet, voice, quiet]))
    np.testing.assert_array_equal(told, describe(mel, voice))


def test_how_loud_a_sound_is_moves_what_tells_loudness_only():
    """Twice the amplitude: log-mel goes up by log 4, and the first coefficient by sqrt(64) times it."""
    samples = 0.1 * torch.randn(RATE, generator=torch.Generator().manual_seed(0))
    soft, loud = (parts(*measured(samples * gain)) for gain in (1.0, 2.0))
    np.testing.assert_allclose(loud["cepstra"][0, 0] - soft["cepstra"][0, 0], 8 * math.log(4), rtol=1e-3)
    np.testing.assert_allclose(loud["cepstra"][0, 1:], soft["cepstra"][0, 1:], atol=1e-3)
    for name in ("slopes", "timbre", "rates", "courses", "modulation"):
        np.testing.assert_allclose(loud[name], soft[name], atol=1e-3, err_msg=name)


def test_courses_have_no_mean_and_their_slowest_components():
    """A coefficient that goes once up and down is in the second component: a whole period of a cosine."""
    mel, voice = frames(200)
    basis = np.cos(math.pi * (2 * np.arange(64) + 1) / 128) * math.sqrt(2 / 64)  # the second coefficient
    mel = np.cos(2 * math.pi * np.arange(200) / 199)[:, None] * basis
    course = parts(mel, voice)["courses"]
    assert course.shape == (COMPONENTS, COURSES)
    assert abs(course[:, 1]).argmax() == 1
    np.testing.assert_allclose(course[:, 2:], 0, atol=1e-9)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(torch.zeros(RATE), id="silence"),
        pytest.param(tone(200.0).mul(20).clamp(-1, 1), id="clipped"),
        pytest.param(tone(200.0, seconds=0.04), id="one frame"),
        pytest.param(torch.ones(RATE), id="no sound but a constant"),
        pytest.param(0.1 * torch.randn(RATE, generator=torch.Generator().manual_seed(0)), id="noise"),
    ],
)
def test_odd_sounds_are_finite(samples):
    told = describe(*measured(samples))
    assert told.shape == (771,)
    assert np.isfinite(told).all()


def test_a_telephone_has_fewer_bands_but_the_same_numbers():
    """8 kHz: bands end at 4 kHz, so numbers are not those of 16 kHz; there are as many."""
    samples = tone(200.0)[::2].contiguous()
    mel, voice = log_mel(samples, 8000)[1].numpy(), prosody(samples, 8000)[1].numpy()
    assert describe(mel, voice).shape == (771,)


def test_no_frame_at_all():
    with pytest.raises(BadTable, match="shorter than 40 ms"):
        describe(*measured(torch.zeros(100)))


@pytest.mark.parametrize("place", [0, 1])
def test_nan(place):
    measures = list(frames(10))
    measures[place] = measures[place].copy()
    measures[place][3, 0] = np.nan
    with pytest.raises(BadTable, match="finite"):
        describe(*measures)
