"""Plain loops over places, one map at a time."""

import math

import numpy as np


def slow_cosine(one: np.ndarray, other: np.ndarray) -> float:
    dot = square = other_square = 0.0
    for a, b in zip(one.flat, other.flat, strict=True):
        dot += float(a) * float(b)
        square += float(a) ** 2
        other_square += float(b) ** 2
    length = math.sqrt(square) * math.sqrt(other_square)
    return dot / length if length else math.nan


def slow_pearson(one: np.ndarray, other: np.ndarray) -> float:
    return slow_cosine(one - sum(one.flat) / one.size, other - sum(other.flat) / other.size)
