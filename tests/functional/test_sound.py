import math

import numpy as np
import pytest
import torch

from facsight.functional.sound import BANDS, HIGHEST, LOWEST, log_mel, prosody

RATE = 16_000


def sine(frequency, seconds=0.5, amplitude=0.5, rate=RATE):
    time = torch.arange(round(seconds * rate), dtype=torch.float64) / rate
    return (amplitude * torch.sin(2 * math.pi * frequency * time)).float()


def slow_log_mel(samples, rate):
    """From the formula, a frame and a band at a time."""
    window, hop = round(0.025 * rate), round(0.01 * rate)
    hann = np.array([0.5 - 0.5 * math.cos(2 * math.pi * n / window) for n in range(window)])
    mel = [2595 * math.log10(1 + f / 700) for f in (LOWEST, HIGHEST)]
    edges = [
        700 * (10 ** ((mel[0] + (mel[1] - mel[0]) * k / (BANDS + 1)) / 2595) - 1) for k in range(BANDS + 2)
    ]
    rows = []
    for start in range(0, len(samples) - window + 1, hop):
        power = np.abs(np.fft.rfft(samples[start : start + window] * hann)) ** 2 / (hann**2).sum()
        row = []
        for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
            total = 0.0
            for k, part in enumerate(power):
                f = k * rate / window
                if left < f <= middle:
                    total += part * (f - left) / (middle - left)
                elif middle < f < right:
                    total += part * (right - f) / (right - middle)
            row.append(math.log(max(total, 1e-10)))
        rows.append(row)
    return np.array(rows)


def test_log_mel_is_its_formula(generator):
    samples = 0.1 * torch.randn(1600, generator=generator)
    time, values = log_mel(samples, RATE)
    np.testing.assert_allclose(values, slow_log_mel(samples.double().numpy(), RATE), atol=1e-4)
    np.testing.assert_allclose(time, 0.0125 + 0.01 * np.arange(8))


def test_a_sine_is_in_its_band():
    _, values = log_mel(sine(1000.0), RATE)
    mel = [2595 * math.log10(1 + f / 700) for f in (LOWEST, 1000.0, HIGHEST)]
    band = round((mel[1] - mel[0]) / (mel[2] - mel[0]) * (BANDS + 1)) - 1
    assert (values.argmax(dim=1) == band).all()


@pytest.mark.parametrize("pitch", [80.0, 123.4, 220.0, 440.0])
def test_the_pitch_of_a_voice_is_found(pitch):
    voice = sum(sine(k * pitch, amplitude=0.3 / k) for k in range(1, 6))
    _, values = prosody(voice, RATE)
    assert (values[:, 2] == 1).all()
    np.testing.assert_allclose(55 * 2 ** values[:, 1], pitch, rtol=0.01)
    assert values[:, 3].min() > 15


def test_loudness_is_that_of_a_sine():
    _, values = prosody(sine(200.0, amplitude=0.5), RATE)
    np.testing.assert_allclose(values[:, 0], 20 * math.log10(0.5 / math.sqrt(2)), atol=0.05)


def test_noise_and_silence_are_not_voiced(generator):
    _, values = prosody(0.1 * torch.randn(RATE, generator=generator), RATE)
    assert values[:, 2].mean() < 0.05
    _, values = prosody(torch.zeros(RATE), RATE)
    assert values.isfinite().all()
    assert (values[:, [1, 2]] == 0).all()
    assert (values[:, 0] == -100).all()


@pytest.mark.parametrize("measure", [log_mel, prosody])
def test_what_comes_later_changes_no_frame(measure, generator):
    samples = 0.1 * torch.randn(3200, generator=generator)
    _, whole = measure(samples, RATE)
    _, part = measure(samples[:1600], RATE)
    torch.testing.assert_close(whole[: len(part)], part)


@pytest.mark.parametrize("measure", [log_mel, prosody])
def test_a_sound_shorter_than_a_frame_has_none(measure):
    time, values = measure(torch.zeros(100), RATE)
    assert len(time) == len(values) == 0
