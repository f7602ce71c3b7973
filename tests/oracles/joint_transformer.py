"""The joint multimodal transformer number by number, from the formulas; X[t][i] is feature i at step t."""

import math
from collections.abc import Mapping

from oracles.joint_attention import Matrix, affine_map

Layer = tuple[Matrix, list[float]]


def attention(queries: Matrix, keys: Matrix, values: Matrix, known: list[bool], heads: int) -> Matrix:
    """softmax over known steps of q . k / sqrt(size of a head), head by head."""
    part = len(queries[0]) // heads
    result = []
    for q in queries:
        row = []
        for h in range(heads):
            weights = attention_weights(q, keys, known, range(h * part, (h + 1) * part))
            row += [
                sum(w * v[i] for w, v in zip(weights, values, strict=True))
                for i in range(h * part, (h + 1) * part)
            ]
        result.append(row)
    return result


def attention_weights(query: list[float], keys: Matrix, known: list[bool], features: range) -> list[float]:
    scores = [sum(query[i] * key[i] for i in features) / math.sqrt(len(features)) for key in keys]
    powers = [math.exp(s) if k else 0.0 for s, k in zip(scores, known, strict=True)]
    return [p / sum(powers) for p in powers]


def normalised(row: list[float], gain: list[float], shift: list[float], eps: float) -> list[float]:
    mean = sum(row) / len(row)
    variance = sum((v - mean) ** 2 for v in row) / len(row)
    return [(v - mean) / math.sqrt(variance + eps) * g + s for v, g, s in zip(row, gain, shift, strict=True)]


def encoded(x: Matrix, known: list[bool], parts: Mapping[str, Layer], heads: int, eps: float) -> Matrix:
    """Attention, sum, norm; two layers with ReLU between, sum, norm."""
    q, k, v = ([affine_map(row, *parts[name]) for row in x] for name in ("query", "key", "value"))
    out = [affine_map(row, *parts["outward"]) for row in attention(q, k, v, known, heads)]
    result = []
    for row, added in zip(x, out, strict=True):
        first = normalised([a + b for a, b in zip(row, added, strict=True)], *parts["first"], eps)
        wide = [max(0.0, value) for value in affine_map(first, *parts["widen"])]
        narrow = affine_map(wide, *parts["narrow"])
        result.append(normalised([a + b for a, b in zip(first, narrow, strict=True)], *parts["second"], eps))
    return result
