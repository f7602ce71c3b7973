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
        names = ("cosine", "centred_cosine", "discriminated", "rank", "auc", "energy", "pointing", "iou")
        return dict.fromkeys(names, math.nan)
    fits = {k: slow_pearson(attention, maps[k]) for k in range(len(maps)) if valid[k]}
    better = sum(fit > fits[label] for fit in fits.values())
    equal = sum(fit == fits[label] for fit in fits.values())
    shifted = attention - min(0.0, attention.min())
    region = maps[label] >= maps[label].max() / 2
    return slow_localisation(shifted, region) | {
        "cosine": slow_cosine(shifted, maps[label]),
        "centred_cosine": fits[label],
        "discriminated": 1 / equal if better == 0 else 0.0,
        "rank": better + (1 + equal) / 2,
    }


def slow_localisation(attention: np.ndarray, region: np.ndarray) -> dict[str, float]:
    """One non-negative map against one region, place by place; ties are averaged over their orders."""
    values = [(float(a), bool(r)) for a, r in zip(attention.flat, region.flat, strict=True)]
    inside, outside = [a for a, r in values if r], [a for a, r in values if not r]
    wins = sum((a > b) + (a == b) / 2 for a in inside for b in outside)
    best = [r for a, r in values if a == max(attention.flat)]
    ranked = sorted(values, key=lambda pair: -pair[0])
    last = ranked[len(inside) - 1][0]
    sure, tied = [r for a, r in values if a > last], [r for a, r in values if a == last]
    both = sum(sure) + (len(inside) - len(sure)) * sum(tied) / len(tied)
    return {
        "auc": wins / (len(inside) * len(outside)) if inside and outside else math.nan,
        "energy": sum(inside) / (sum(inside) + sum(outside)),
        "pointing": sum(best) / len(best),
        "iou": both / (2 * len(inside) - both),
    }
