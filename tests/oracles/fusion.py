"""Simple fusion blocks number by number, from the formulas, of one step or one window at a time.

Matrices are `matrix[out][in]`, as torch keeps them. A modality that is not known is None.
"""

import math

Vector = list[float]
Matrix = list[Vector]


def linear(matrix: Matrix, bias: Vector | None, x: Vector) -> Vector:
    bias = bias or [0.0] * len(matrix)
    return [
        b + sum(w * value for w, value in zip(row, x, strict=True))
        for row, b in zip(matrix, bias, strict=True)
    ]


def relu(x: Vector) -> Vector:
    return [max(value, 0.0) for value in x]


def softmax(scores: Vector) -> Vector:
    parts = [math.exp(score) for score in scores]
    return [part / sum(parts) for part in parts]


def gated(
    layers: list[tuple[Matrix, Vector]],
    gate: tuple[Matrix, Vector],
    streams: list[Vector | None],
    sizes: list[int],
    competing: bool,
) -> tuple[Vector, Vector]:
    """Features and shares of one step: the sum over known m of z_m tanh(W_m x_m)."""
    seen = [value for x, size in zip(streams, sizes, strict=True) for value in (x or [0.0] * size)]
    scores = linear(*gate, seen + [float(x is not None) for x in streams])
    width = len(scores) // len(streams)
    known = [m for m, x in enumerate(streams) if x is not None]
    features, total = [0.0] * width, [0.0] * len(streams)
    for k in range(width):
        own = [scores[m * width + k] for m in known]
        gates = softmax(own) if competing else [1 / (1 + math.exp(-score)) for score in own]
        for m, z in zip(known, gates, strict=True):
            x = streams[m]
            assert x is not None
            features[k] += z * math.tanh(linear(*layers[m], x)[k])
            total[m] += z
    return features, [part / (sum(total) or 1.0) for part in total]


def channel_weights(scores: Vector, known: list[bool]) -> Vector:
    """Softmax over the channels of known modalities, as many channels each; 0 for the others."""
    channels = len(scores) // len(known)
    there = [known[k // channels] for k in range(len(scores))]
    total = sum(math.exp(score) for score, yes in zip(scores, there, strict=True) if yes)
    return [math.exp(score) / total if yes else 0.0 for score, yes in zip(scores, there, strict=True)]


def cross_attended(
    streams: list[list[Vector | None]], correlation: dict[tuple[int, int], Matrix], root: float
) -> list[list[Vector]]:
    """X_m' of a window, stream by stream and step by step.

    correlation[m, n], for m < n, takes features of m to what is multiplied with those of n.
    """

    def correlated(m: int, i: int, n: int, j: int) -> float:
        if m > n:
            return correlated(n, j, m, i)
        own, other = streams[m][i], streams[n][j]
        assert own is not None
        assert other is not None
        left = linear(correlation[m, n], None, own)
        return sum(a * b for a, b in zip(left, other, strict=True)) / root

    attended = []
    for m, stream in enumerate(streams):
        rows, size = [], len(next(x for x in stream if x is not None))
        for t, x in enumerate(stream):
            if x is None:
                rows.append([0.0] * size)
                continue
            steps = [i for i, there in enumerate(stream) if there is not None]
            others = [n for n in range(len(streams)) if n != m and streams[n][t] is not None]
            read = [0.0] * size
            for n in others:
                for i, weight in zip(steps, softmax([correlated(m, i, n, t) for i in steps]), strict=True):
                    read = [
                        r + weight * value / len(others) for r, value in zip(read, stream[i], strict=True)
                    ]
            rows.append([math.tanh(value + r) for value, r in zip(x, read, strict=True)])
        attended.append(rows)
    return attended
