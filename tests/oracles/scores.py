"""Scores face by face and bin by bin, in plain Python."""

import math

import numpy as np

from oracles.similarity import slow_cosine, slow_pearson


def slow_calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int) -> float:
    total = 0.0
    for b in range(bins):
        sure, right = [], []
        for row, label in zip(probabilities, truth, strict=True):
            if b / bins < row.max() <= (b + 1) / bins:
                sure.append(row.max())
                right.append(float(row.argmax() == label))
        if sure:
            total += len(sure) / len(truth) * abs(sum(sure) / len(sure) - sum(right) / len(right))
    return total


def slow_map_scores(
    attention: np.ndarray, maps: np.ndarray, valid: np.ndarray, label: int
) -> dict[str, float]:
    """One face's scores against class `label`; maps are (class, h, w)."""
    if not valid[label]:
        return dict.fromkeys(("cosine", "centred_cosine", "discriminated", "rank"), math.nan)
    fits = {k: slow_pearson(attention, maps[k]) for k in range(len(maps)) if valid[k]}
    better = sum(fit > fits[label] for fit in fits.values())
    equal = sum(fit == fits[label] for fit in fits.values())
    return {
        "cosine": slow_cosine(attention - min(0.0, attention.min()), maps[label]),
        "centred_cosine": fits[label],
        "discriminated": 1 / equal if better == 0 else 0.0,
        "rank": better + (1 + equal) / 2,
    }
