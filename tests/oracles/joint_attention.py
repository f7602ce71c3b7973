"""Joint cross-attention and co-attention number by number, from the formulas; X[t][i] is feature i at step t.

Matrices are written as the formulas have them: rows are what comes in, columns what goes out.
"""

import math

Matrix = list[list[float]]


def correlation_over_steps(x: Matrix, joint: Matrix, affine: Matrix) -> Matrix:
    """C[i][j] = tanh(sum over steps s, t of X[s][i] W[s][t] J[t][j] / sqrt(d))."""
    steps, d = len(x), len(joint[0])
    return [
        [
            math.tanh(
                sum(x[s][i] * affine[s][t] * joint[t][j] for s in range(steps) for t in range(steps))
                / math.sqrt(d)
            )
            for j in range(d)
        ]
        for i in range(len(x[0]))
    ]


def correlation_over_features(x: Matrix, joint: Matrix, affine: Matrix, known: list[bool]) -> Matrix:
    """C[i][j] = tanh(mean over known steps t of (sum over k of X[t][k] U[k][i]) J[t][j])."""
    size, d, count = len(x[0]), len(joint[0]), max(sum(known), 1)
    return [
        [
            math.tanh(
                sum(
                    x[t][k] * affine[k][i] * joint[t][j]
                    for t in range(len(x))
                    if known[t]
                    for k in range(size)
                )
                / count
            )
            for j in range(d)
        ]
        for i in range(size)
    ]


def attended_over_steps(
    x: Matrix, joint: Matrix, affine: Matrix, own: Matrix, correlated: Matrix, back: Matrix
) -> Matrix:
    """H[i][k] = ReLU(sum_t X[t][i] W[t][k] + sum_j C[i][j] W_c[j][k]).

    X'[t][i] = X[t][i] + sum_k H[i][k] W_h[k][t].
    """
    c = correlation_over_steps(x, joint, affine)
    steps, size, hidden = len(x), len(x[0]), len(back)
    h = [
        [
            max(
                0.0,
                sum(x[t][i] * own[t][k] for t in range(steps))
                + sum(c[i][j] * correlated[j][k] for j in range(len(joint[0]))),
            )
            for k in range(hidden)
        ]
        for i in range(size)
    ]
    return [
        [x[t][i] + sum(h[i][k] * back[k][t] for k in range(hidden)) for i in range(size)]
        for t in range(steps)
    ]


def attended_over_features(
    x: Matrix,
    joint: Matrix,
    affine: Matrix,
    own: Matrix,
    correlated: Matrix,
    back: Matrix,
    known: list[bool],
) -> Matrix:
    """H[t][k] = ReLU(sum_i X[t][i] (W[i][k] + sum_j C[i][j] W_c[j][k])).

    X'[t][i] = X[t][i] + sum_k H[t][k] W_h[k][i]; 0 where not known.
    """
    c = correlation_over_features(x, joint, affine, known)
    size, hidden = len(x[0]), len(back)
    result = []
    for t, row in enumerate(x):
        h = [
            max(
                0.0,
                sum(
                    row[i] * (own[i][k] + sum(c[i][j] * correlated[j][k] for j in range(len(joint[0]))))
                    for i in range(size)
                ),
            )
            for k in range(hidden)
        ]
        attended = [row[i] + sum(h[k] * back[k][i] for k in range(hidden)) for i in range(size)]
        result.append(attended if known[t] else [0.0] * size)
    return result


def affine_map(row: list[float], weight: Matrix, bias: list[float]) -> list[float]:
    """sum_i row[i] W[i][j] + b[j]."""
    return [sum(row[i] * weight[i][j] for i in range(len(row))) + bias[j] for j in range(len(bias))]


def reread(
    x: Matrix,
    similar: Matrix,
    project: tuple[Matrix, list[float]],
    back: tuple[Matrix, list[float]],
    known: list[bool],
) -> Matrix:
    """Y[t][j] = ReLU(tanh(sum_i (V X)[t][i] S[i][j])), X' = X + ReLU(U Y); 0 where not known."""
    result = []
    for t, row in enumerate(x):
        p = affine_map(row, *project)
        y = [
            max(0.0, math.tanh(sum(p[i] * similar[i][j] for i in range(len(p)))))
            for j in range(len(similar[0]))
        ]
        added = [max(0.0, v) for v in affine_map(y, *back)]
        result.append([a + b for a, b in zip(row, added, strict=True)] if known[t] else [0.0] * len(row))
    return result
