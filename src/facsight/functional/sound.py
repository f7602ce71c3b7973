"""What can be measured of sound in short frames: mel spectra, loudness, pitch, and how clear the voice is.

Frame k holds the samples from k * hop on, `window` of them; its time is that of its middle, in seconds from
the first sample. There is no padding: a frame that does not fit is none.
"""

import math
from functools import cache

import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor

#: Seconds of a frame of a spectrum, of a frame for pitch (twice the longest period), and between frames.
WINDOW, PITCH_WINDOW, HOP = 0.025, 0.04, 0.01
#: Bands between these frequencies (Hz), and the least power that is told from none: -100 dB of full scale.
BANDS, LOWEST, HIGHEST, LEAST = 64, 60.0, 7600.0, 1e-10
#: Voices are looked for between these pitches (Hz).
LOW_VOICE, HIGH_VOICE = 60.0, 500.0
#: A frame is voiced where it repeats itself so well; a shorter period wins if it does nearly as well.
VOICED, NEARLY = 0.5, 0.9
#: Columns of `prosody`.
PROSODY = ("loudness", "pitch", "voiced", "clarity", "brightness")


def log_mel(
    samples: Float32[Tensor, "sample"], rate: int, *, bands: int = BANDS
) -> tuple[Float64[Tensor, "frame"], Float32[Tensor, "frame band"]]:
    """The natural logarithm of the power in bands that are equally wide to the ear, 100 times a second.

    Power is |FFT of the frame times Hann|^2 / sum of Hann^2; bands are triangles whose centres are equally
    far apart in mel = 2595 log10(1 + f / 700), with peaks of 1; the logarithm is of at least 1e-10.

    >>> time, values = log_mel(torch.zeros(16_000), 16_000)
    >>> tuple(values.shape), round(float(time[0]), 4)
    ((98, 64), 0.0125)
    """
    frames, time = _frames(samples, rate, WINDOW)
    if not len(frames):
        return time, samples.new_zeros(0, bands)
    hann = torch.hann_window(frames.shape[1])
    power = _power(torch.fft.rfft(frames * hann)) / hann.square().sum()
    return time, (power @ _mel_bands(frames.shape[1], rate, bands)).clamp(min=LEAST).log()


def prosody(
    samples: Float32[Tensor, "sample"], rate: int
) -> tuple[Float64[Tensor, "frame"], Float32[Tensor, "frame 5"]]:
    """How a voice sounds, 100 times a second: the columns `PROSODY`.

    - loudness: 20 log10 of the root mean square, at least -100 dB of full scale
    - pitch: octaves above 55 Hz, log2(f / 55); 0 where the frame is not voiced
    - voiced: 1 or 0
    - clarity: harmonics to noise, 10 log10(r / (1 - r)) dB of the repetition r, within +-40 (Boersma 1993)
    - brightness: the centroid of the power spectrum as log2(f / 1000)

    r at a lag t is the normalised square difference of McLeod and Wyvill (2005), 2 sum x_i x_(i+t) over
    sum (x_i^2 + x_(i+t)^2); the pitch is at the shortest lag whose peak is nearly the highest, refined by a
    parabola.
    """
    frames, time = _frames(samples, rate, PITCH_WINDOW)
    if not len(frames):
        return time, samples.new_zeros(0, len(PROSODY))
    power = frames.square().mean(dim=1)
    frames = frames - frames.mean(dim=1, keepdim=True)
    lag, repeats = _period(frames, rate)
    voiced = ((repeats > VOICED) & (power > LEAST)).float()
    r = repeats.clamp(1e-4, 1 - 1e-4)
    spectrum = _power(torch.fft.rfft(frames * torch.hann_window(frames.shape[1])))
    frequency = torch.linspace(0, rate / 2, spectrum.shape[1])
    centroid = (spectrum @ frequency) / spectrum.sum(dim=1).clamp(min=LEAST)
    columns = (
        10 * power.clamp(min=LEAST).log10(),
        voiced * (rate / lag / 55).log2(),
        voiced,
        10 * (r / (1 - r)).log10(),
        (centroid.clamp(min=1.0) / 1000).log2(),
    )
    return time, torch.stack(columns, dim=1).float()


def _frames(samples: Tensor, rate: int, seconds: float) -> tuple[Float[Tensor, "frame sample"], Tensor]:
    window, hop = round(seconds * rate), round(HOP * rate)
    if len(samples) < window:
        return samples.new_zeros(0, window), torch.zeros(0, dtype=torch.float64)
    frames = samples.unfold(0, window, hop)
    return frames, (torch.arange(len(frames), dtype=torch.float64) * hop + window / 2) / rate


@cache
def _mel_bands(window: int, rate: int, bands: int) -> Float32[Tensor, "frequency band"]:
    frequency = torch.linspace(0, rate / 2, window // 2 + 1, dtype=torch.float64)
    low, high = (2595 * math.log10(1 + edge / 700) for edge in (LOWEST, min(HIGHEST, rate / 2)))
    edges = 700 * (10 ** (torch.linspace(low, high, bands + 2, dtype=torch.float64) / 2595) - 1)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rises = (frequency[:, None] - left) / (middle - left)
    falls = (right - frequency[:, None]) / (right - middle)
    return torch.minimum(rises, falls).clamp(min=0).float()


def _period(frames: Float[Tensor, "frame sample"], rate: int) -> tuple[Tensor, Tensor]:
    """The lag at which each frame repeats itself, in samples and parts of them, and how well."""
    size = frames.shape[1]
    shortest, longest = int(rate / HIGH_VOICE), min(math.ceil(rate / LOW_VOICE), size - 2)
    lags = torch.arange(shortest - 1, longest + 2)
    room = 2 ** math.ceil(
        math.log2(size + longest + 2)
    )  # lags beyond those that are looked at may wrap round
    product = torch.fft.irfft(_power(torch.fft.rfft(frames, room)).to(torch.complex64))[
        :, lags[0] : lags[-1] + 1
    ]
    energy = torch.nn.functional.pad(frames.square().cumsum(dim=1), (1, 0))
    both = energy[:, size - lags] + energy[:, -1:] - energy[:, lags]
    repeats = 2 * product / both.clamp(min=LEAST)
    before, here, after = repeats[:, :-2], repeats[:, 1:-1], repeats[:, 2:]
    height = torch.where((here >= before) & (here > after), here, 0.0)
    best = height.max(dim=1, keepdim=True).values
    first = (height >= (NEARLY * best).clamp(min=LEAST)).to(torch.uint8).argmax(dim=1, keepdim=True)
    a, b, c = (part.gather(1, first).squeeze(1) for part in (before, here, after))
    bend = (a - 2 * b + c).clamp(max=-1e-9)
    shift = (0.5 * (a - c) / bend).clamp(-1, 1)
    return first.squeeze(1) + shortest + shift, height.gather(1, first).squeeze(1)


def _power(spectrum: Tensor) -> Tensor:
    """Squared absolute values, without the root that `abs` draws."""
    return (spectrum * spectrum.conj()).real
