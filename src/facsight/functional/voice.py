"""A stretch of speech as one row of numbers: how it sounds on the whole, and how that moves.

Made of what is measured frame by frame (`functional.sound`), 100 times a second. The idea is that of acoustic
parameter sets: Eyben et al., "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and
affective computing", IEEE Transactions on Affective Computing 2016, https://doi.org/10.1109/TAFFC.2015.2457417;
the numbers are our own.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float
from scipy.fft import dct

from facsight.core.errors import BadTable
from facsight.functional.sound import HOP, PROSODY

#: Speech is between the first and the last frame so near to the loudest (dB), and loud where it is so near.
HEARD, LOUD = 35.0, 30.0
#: Cepstral coefficients whose distribution is told, and those whose course is.
COEFFICIENTS, COURSES = 20, 16
#: Samples of a course, and its slowest components that are kept, from half a period on.
SAMPLES, COMPONENTS = 64, 8
#: Edges of bands of modulation, Hz, and frames of their spectrum.
MODULATION, SPECTRUM = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 50.0), 256
#: The least power of modulation that is told from none.
LEAST = 1e-6
#: How many numbers `describe` gives for 64 bands.
NUMBERS = 771
QUANTILES = (5, 25, 50, 75, 95)
LOUDNESS, PITCH, VOICED = (PROSODY.index(name) for name in ("loudness", "pitch", "voiced"))
#: Columns of prosody that are told of voiced frames, and of loud ones.
OF_VOICED, OF_LOUD = (
    [PROSODY.index(name) for name in names]
    for names in (("pitch", "clarity", "brightness", "loudness"), ("loudness", "clarity", "brightness"))
)

Rows = Float[np.ndarray, "frame column"]
Chosen = Bool[np.ndarray, "frame"]
Series = Float[np.ndarray, "frame"]
Numbers = Float[np.ndarray, "number"]


def describe(log_mel: Float[np.ndarray, "frame band"], prosody: Float[np.ndarray, "moment 5"]) -> Numbers:
    """All numbers of `parts`, one after the other, in single precision; finite for any sound, silence too.

    `log_mel` and `prosody` are those of `functional.sound`, whose first frames begin together; the longer is
    cut. `BadTable` where there is no frame, or one that is not finite.

    >>> describe(np.zeros((50, 64)), np.zeros((50, 5))).shape
    (771,)
    """
    return np.concatenate([part.ravel() for part in parts(log_mel, prosody).values()]).astype(np.float32)


def parts(
    log_mel: Float[np.ndarray, "frame band"], prosody: Float[np.ndarray, "moment 5"]
) -> Mapping[str, np.ndarray]:
    """What `describe` tells, by name.

    Distributions (`distribution`) of cepstral coefficients, of their slopes, and of prosody; mean and spread
    of the timbre, which is the log-mel spectrum less its own mean; courses of loudness and pitch over a
    stretch (parabolas, and means of its quarters); rates; the slowest components and the modulation
    (`modulation`) of cepstral coefficients. Cepstral coefficients are the orthonormal DCT of the log-mel
    spectrum.
    """
    mel, voice = _heard(log_mel, prosody)
    loudness, pitch, voiced = voice[:, LOUDNESS], voice[:, PITCH], voice[:, VOICED] > 0
    loud = loudness > loudness.max() - LOUD
    cepstra = np.asarray(dct(mel, axis=1, norm="ortho"))[:, :COEFFICIENTS]
    timbre = mel - mel.mean(axis=1, keepdims=True)
    contour = _filled(pitch, voiced)
    return {
        "cepstra": distribution(cepstra, loud),
        "slopes": distribution(_slopes(cepstra), loud),
        "timbre": np.stack([_chosen(timbre, voiced).mean(axis=0), _chosen(timbre, loud).std(axis=0)]),
        "voiced": distribution(voice[:, OF_VOICED], voiced),
        "loud": distribution(voice[:, OF_LOUD], loud),
        "parabolas": np.stack([_parabola(pitch, voiced), _parabola(loudness, loud)]),
        "rates": _rates(pitch, voiced, loud),
        "quarters": _quarters(contour, loudness, voiced),
        "spread": np.array([mel.std(), np.median(np.abs(np.diff(mel, axis=0, prepend=mel[:1])))]),
        "courses": _slowest(cepstra[:, :COURSES]),
        "modulation": modulation(cepstra[:, :COURSES]),
        "contours": _slowest(np.stack([contour, loudness], axis=1)),
    }


def distribution(rows: Rows, chosen: Chosen) -> Float[np.ndarray, "8 column"]:
    """Mean, deviation, the 5, 25, 50, 75 and 95 % quantiles and the interquartile range of the chosen rows.

    Of all rows, where none is chosen.

    >>> distribution(np.array([[1.0], [3.0], [9.0]]), np.array([True, True, False]))[:2].tolist()
    [[2.0], [1.0]]
    """
    rows = _chosen(rows, chosen)
    quantiles = np.percentile(rows, QUANTILES, axis=0)
    return np.stack([rows.mean(axis=0), rows.std(axis=0), *quantiles, quantiles[3] - quantiles[1]])


def modulation(rows: Rows) -> Float[np.ndarray, "band column"]:
    """The logarithm of the power of each column's changes in octaves of their rate, `MODULATION`.

    Power is |FFT|^2 of the column less its mean, by the number of frames; means over the band's bins.
    """
    centred = rows - rows.mean(axis=0)
    size = max(SPECTRUM, 2 ** int(np.ceil(np.log2(len(rows)))))
    power = np.abs(np.fft.rfft(centred, size, axis=0)) ** 2 / len(rows)
    rate = np.fft.rfftfreq(size, HOP)
    bands = [(rate >= low) & (rate < high) for low, high in pairwise(MODULATION)]
    return np.log(np.stack([power[band].mean(axis=0) for band in bands]) + LEAST)


def _heard(
    log_mel: Float[np.ndarray, "frame band"], prosody: Float[np.ndarray, "moment 5"]
) -> tuple[Float[np.ndarray, "heard band"], Float[np.ndarray, "heard 5"]]:
    """Both in double precision, from the first frame that is heard to the last."""
    count = min(len(log_mel), len(prosody))
    mel, voice = log_mel[:count].astype(np.float64), prosody[:count].astype(np.float64)
    if not count:
        raise BadTable("expected a sound of at least one frame, found none: it is shorter than 40 ms")
    if not (np.isfinite(mel).all() and np.isfinite(voice).all()):
        raise BadTable("expected finite frames of sound, found NaN or infinite ones: fill gaps with silence")
    loudness = voice[:, LOUDNESS]
    heard = np.flatnonzero(loudness > loudness.max() - HEARD)
    stretch = slice(heard[0], heard[-1] + 1)
    return mel[stretch], voice[stretch]


def _chosen(rows: Rows, chosen: Chosen) -> Float[np.ndarray, "chosen column"]:
    return rows[chosen] if chosen.any() else rows


def _slopes(rows: Rows) -> Rows:
    """Central differences, a frame."""
    return np.gradient(rows, axis=0) if len(rows) > 1 else np.zeros_like(rows)


def _filled(values: Series, chosen: Chosen) -> Series:
    """The values, straight lines where they are not chosen; 0 where none is."""
    if not chosen.any():
        return np.zeros_like(values)
    places = np.arange(len(values))
    return np.interp(places, places[chosen], values[chosen])


def _parabola(values: Series, chosen: Chosen) -> Float[np.ndarray, "3"]:
    """Bend, slope and start of the parabola nearest to the chosen values, time from 0 to 1; 0 for too few."""
    if chosen.sum() < 6:
        return np.zeros(3)
    place = np.arange(len(values)) / len(values)
    return np.polyfit(place[chosen], values[chosen], 2)


def _rates(pitch: Series, voiced: Chosen, loud: Chosen) -> Numbers:
    """Shares voiced and loud, seconds, changes of both a second, and by how much the pitch jumps."""
    seconds = len(voiced) * HOP
    jumps = np.diff(pitch)[voiced[1:] & voiced[:-1]]
    jumps = jumps if len(jumps) else np.zeros(1)
    changes = [np.abs(np.diff(flags.astype(int))).sum() / seconds for flags in (voiced, loud)]
    return np.array([voiced.mean(), loud.mean(), seconds, *changes, np.abs(jumps).mean(), jumps.std()])


def _quarters(contour: Series, loudness: Series, voiced: Chosen) -> Float[np.ndarray, "4 3"]:
    """Means of pitch, loudness and voicing in each quarter."""
    rows = np.stack([contour, loudness, voiced.astype(np.float64)], axis=1)
    edges = [quarter * len(rows) // 4 for quarter in range(4)]
    ends = [max(start + 1, (quarter + 1) * len(rows) // 4) for quarter, start in enumerate(edges)]
    return np.stack([rows[start:end].mean(axis=0) for start, end in zip(edges, ends, strict=True)])


def _slowest(rows: Rows) -> Float[np.ndarray, "component column"]:
    """The slowest components of each column, the orthonormal DCT of its course in so many samples."""
    places = np.linspace(0, len(rows) - 1, SAMPLES)
    courses = np.stack([np.interp(places, np.arange(len(rows)), column) for column in rows.T], axis=1)
    return np.asarray(dct(courses, axis=0, norm="ortho"))[1 : COMPONENTS + 1]
