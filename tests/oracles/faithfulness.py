"""Faithfulness one face, one step and one pixel at a time."""

import numpy as np


def slow_neighbour_fill(picture: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Write down every missing pixel's equation and solve them all."""
    height, width = picture.shape
    unknown = [tuple(place) for place in np.argwhere(missing)]
    number = {place: i for i, place in enumerate(unknown)}
    matrix, right = np.eye(len(unknown)), np.zeros(len(unknown))
    for (y, x), i in number.items():
        around = {
            (y + dy, x + dx): 1 / 6 if dy == 0 or dx == 0 else 1 / 12
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            if (dy or dx) and 0 <= y + dy < height and 0 <= x + dx < width
        }
        for place, weight in around.items():
            share = weight / sum(around.values())
            if place in number:
                matrix[i, number[place]] -= share
            else:
                right[i] += share * picture[place]
    filled = picture.copy()
    for place, value in zip(unknown, np.linalg.solve(matrix, right), strict=True):
        filled[place] = value
    return filled


def pixels_in_order(values: np.ndarray) -> list[tuple[int, int]]:
    """Places from the largest value to the smallest; values all differ."""
    places = [(y, x) for y in range(values.shape[0]) for x in range(values.shape[1])]
    return sorted(places, key=lambda place: -values[place])


def slow_curve(
    probability, picture: np.ndarray, other: np.ndarray, values: np.ndarray, counts: list[int]
) -> list[float]:
    """The probability of a picture (channel, h, w) with its first pixels from `other`, for each count."""
    curve = []
    for count in counts:
        mixed = picture.copy()
        for y, x in pixels_in_order(values)[:count]:
            mixed[:, y, x] = other[:, y, x]
        curve.append(probability(mixed))
    return curve


def trapezoid(shares: list[float], values: list[float]) -> float:
    pairs = zip(shares, shares[1:], values, values[1:], strict=False)
    return sum((right - left) * (one + two) / 2 for left, right, one, two in pairs) / (shares[-1] - shares[0])
