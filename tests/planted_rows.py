"""Rows of videos with known readings, and faces over time with known expressions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from facsight.analysis.time_columns import series_names

CLASSES = ("neutral", "happiness", "surprise", "sadness")


def video_rows(
    time: Sequence[float],
    probabilities: np.ndarray,
    *,
    classes: Sequence[str] = CLASSES,
    units: Mapping[int, Sequence[float | None]] | None = None,
    track: int = 1,
    shot: int = 1,
    file: str = "a.mp4",
) -> pl.DataFrame:
    """Rows of one person: a row of probabilities (n, class) for each time; NaN: no face in this frame."""
    values = np.asarray(probabilities, dtype=float)
    seen = np.isfinite(values).all(axis=1)
    labels = [classes[row.argmax()] if known else None for row, known in zip(values, seen, strict=True)]
    return pl.DataFrame(
        {
            "file": [file] * len(values),
            "frame": pl.Series(range(len(values)), dtype=pl.Int32),
            "time": pl.Series(list(time), dtype=pl.Float64),
            "shot": pl.Series([shot] * len(values), dtype=pl.Int32),
            "track": pl.Series([track if known else None for known in seen], dtype=pl.Int32),
            "status": ["ok" if known else "no_face" for known in seen],
            **{
                name: pl.Series(values[:, place], nan_to_null=True)
                for place, name in enumerate(series_names("expression", classes))
            },
            "label": pl.Series(labels, dtype=pl.String),
            **{
                f"evidence_AU{unit:02d}": pl.Series(list(shares), dtype=pl.Float64)
                for unit, shares in (units or {}).items()
            },
        }
    )


def interleaved(*people: pl.DataFrame) -> pl.DataFrame:
    """Rows of several people in one video, in order of time."""
    return pl.concat(people).sort("time", maintain_order=True)


def smiling(happiness: Sequence[float]) -> np.ndarray:
    """Probabilities of CLASSES (n, 4) with so much happiness; the rest is neutral."""
    values = np.zeros((len(happiness), len(CLASSES)))
    values[:, 1] = happiness
    values[:, 0] = 1 - values[:, 1]
    return values


@dataclass(frozen=True)
class Shown:
    """An expression that a face was made to show, and when its probability crosses the thresholds."""

    name: str
    onset: float
    apex: float
    offset: float


def acted(seed: int, *, noise: float, seconds: float = 60.0) -> tuple[pl.DataFrame, list[Shown]]:
    """Rows of a face that shows an expression every few seconds, read with noise, and the truth.

    Each expression swells and fades as a raised cosine in the scores (log-odds), with its own rise, fall and
    strength; frames come at irregular times, 20 to 40 a second. `noise` is the standard deviation of what is
    added to every score of every frame. Onset and offset are when the probability without noise crosses 0.5
    upwards and 0.35 downwards.
    """
    generator = np.random.default_rng(seed)
    plan, start = [], 1.0
    while start < seconds - 5:
        rise, fall = generator.uniform(0.6, 1.5, 2)
        place, strength = generator.integers(1, len(CLASSES)), generator.uniform(6, 8)
        plan.append((int(place), start, start + rise, start + rise + fall, strength))
        start += rise + fall + generator.uniform(0.8, 3)
    time = np.cumsum(generator.uniform(1 / 40, 1 / 20, int(seconds * 27)))
    read = _softmax(_scores(time, plan) + generator.normal(0, noise, (len(time), len(CLASSES))))
    fine = np.arange(0, seconds, 0.001)
    truth = _softmax(_scores(fine, plan))
    return video_rows(time.tolist(), read), [_shown(fine, truth, one) for one in plan]


def _scores(time: np.ndarray, plan: Sequence[tuple[int, float, float, float, float]]) -> np.ndarray:
    scores = np.zeros((len(time), len(CLASSES)))
    scores[:, 0] = 3.0
    for place, start, apex, end, strength in plan:
        phase = np.interp(time, [start, apex, end], [-1.0, 0.0, 1.0], left=-1.0, right=1.0)
        scores[:, place] += strength * (1 + np.cos(np.pi * phase)) / 2
    return scores


def _softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _shown(time: np.ndarray, truth: np.ndarray, one: tuple[int, float, float, float, float]) -> Shown:
    place, start, apex, end, _ = one
    during = (time >= start) & (time <= end)
    onset = time[during & (time <= apex) & (truth[:, place] > 0.5)][0]
    offset = time[during & (time >= apex) & (truth[:, place] > 0.35)][-1]
    return Shown(CLASSES[place], float(onset), apex, float(offset))
