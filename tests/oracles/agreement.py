"""Agreement of two series in exact arithmetic, from the definitions."""

import math
from fractions import Fraction


def exact_concordance(one: list[float], other: list[float]) -> float:
    """Population variances throughout; 0 where a series is constant."""
    x, y = [Fraction(v) for v in one], [Fraction(v) for v in other]
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    var_x, var_y = sum((v - mean_x) ** 2 for v in x) / n, sum((v - mean_y) ** 2 for v in y) / n
    both = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / n
    return float(2 * both / (var_x + var_y + (mean_x - mean_y) ** 2)) if var_x and var_y else 0.0


def slow_intraclass(table: list[list[float]], form: str) -> float:
    """From the analysis of variance of targets (rows) by raters (columns), cell by cell."""
    n, k = len(table), len(table[0])
    grand = sum(map(sum, table)) / (n * k)
    rows, columns = [sum(row) / k for row in table], [sum(row[j] for row in table) / n for j in range(k)]
    target = k * sum((r - grand) ** 2 for r in rows) / (n - 1)
    rater = n * sum((c - grand) ** 2 for c in columns) / (k - 1)
    within = sum((table[i][j] - rows[i]) ** 2 for i in range(n) for j in range(k)) / (n * (k - 1))
    error = sum((table[i][j] - rows[i] - columns[j] + grand) ** 2 for i in range(n) for j in range(k)) / (
        (n - 1) * (k - 1)
    )
    return {
        "1": lambda: (target - within) / (target + (k - 1) * within),
        "A,1": lambda: (target - error) / (target + (k - 1) * error + k * (rater - error) / n),
        "C,1": lambda: (target - error) / (target + (k - 1) * error),
        "k": lambda: (target - within) / target,
        "A,k": lambda: (target - error) / (target + (rater - error) / n),
        "C,k": lambda: (target - error) / target,
    }[form]()


def slow_set_score(
    samples: list[tuple[set[str], set[str]]],
) -> tuple[float, float]:
    """Precision and recall of (predicted, true) sets, averaged over samples."""
    precision = [len(p & t) / len(p) if p else 0.0 for p, t in samples]
    recall = [len(p & t) / len(t) for p, t in samples]
    return math.fsum(precision) / len(samples), math.fsum(recall) / len(samples)
