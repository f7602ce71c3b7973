"""Pixel and attention explainers as their papers write them: one picture, one patch, one token at a time."""

from collections.abc import Callable

import numpy as np

Score = Callable[[np.ndarray], float]


def slow_occlusion(score: Score, face: np.ndarray, side: int, step: int, cover: float) -> np.ndarray:
    """The mean drop over the patches that cover each place; patches that would stick out are moved inside."""
    height, width = face.shape[1:]
    total, count = np.zeros((height, width)), np.zeros((height, width))
    tops = sorted({min(top, height - side) for top in range(0, height, step)})
    lefts = sorted({min(left, width - side) for left in range(0, width, step)})
    for top in tops:
        for left in lefts:
            covered = face.copy()
            for y in range(top, top + side):
                for x in range(left, left + side):
                    covered[:, y, x] = cover
            drop = score(face) - score(covered)
            for y in range(top, top + side):
                for x in range(left, left + side):
                    total[y, x] += drop
                    count[y, x] += 1
    return total / count


def slow_slope(score: Score, face: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences, pixel by pixel."""
    slope = np.zeros_like(face)
    for place in np.ndindex(face.shape):
        more, less = face.copy(), face.copy()
        more[place] += step
        less[place] -= step
        slope[place] = (score(more) - score(less)) / (2 * step)
    return slope


def slow_integrated_gradients(score: Score, face: np.ndarray, start: np.ndarray, steps: int) -> np.ndarray:
    """A Riemann sum at the middles of equal steps, gradients by differences."""
    total = np.zeros_like(face)
    for step in range(steps):
        total += slow_slope(score, start + (step + 0.5) / steps * (face - start))
    return ((face - start) * total / steps).sum(axis=0)


def slow_product(one: list[list[float]], other: list[list[float]]) -> list[list[float]]:
    return [
        [sum(one[i][k] * other[k][j] for k in range(len(other))) for j in range(len(other[0]))]
        for i in range(len(one))
    ]


def slow_rollout(blocks: list[np.ndarray]) -> list[list[float]]:
    """Blocks `(head, token, token)` of one picture, multiplied up from the first."""
    tokens = blocks[0].shape[-1]
    flow = [[float(i == j) for j in range(tokens)] for i in range(tokens)]
    for heads in blocks:
        step = [
            [sum(float(h[i, j]) for h in heads) / len(heads) / 2 + (i == j) / 2 for j in range(tokens)]
            for i in range(tokens)
        ]
        flow = slow_product(step, flow)
    return flow


def slow_relevance(blocks: list[np.ndarray], slopes: list[np.ndarray]) -> list[list[float]]:
    """From weights and gradients `(head, token, token)` of the blocks: `R <- R + A R`, first the identity."""
    tokens = blocks[0].shape[-1]
    relevance = [[float(i == j) for j in range(tokens)] for i in range(tokens)]
    for heads, slope in zip(blocks, slopes, strict=True):
        spoken = [
            [
                sum(max(0.0, float(h[i, j]) * float(s[i, j])) for h, s in zip(heads, slope, strict=True))
                / len(heads)
                for j in range(tokens)
            ]
            for i in range(tokens)
        ]
        added = slow_product(spoken, relevance)
        relevance = [[relevance[i][j] + added[i][j] for j in range(tokens)] for i in range(tokens)]
    return relevance
